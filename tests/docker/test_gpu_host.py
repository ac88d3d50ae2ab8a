"""`scripts/setup_gpu_host.sh` on machines that are made up: their system, cards, drivers and packages."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.docker.test_files import ROOT

SCRIPT = ROOT / "scripts/setup_gpu_host.sh"
CARD = "01:00.0 3D controller: NVIDIA Corporation GH100"
NOTED = ("apt-get", "ubuntu-drivers", "make", "systemctl", "nvidia-ctk", "useradd", "install", "runuser", "gpg", "curl")
PROBES = {
    "lspci": '#!/bin/sh\n[ -z "$CARD" ] || echo "$CARD"\n',
    "nvidia-smi": '#!/bin/sh\n[ -n "$DRIVER" ] || exit 9\ncase "$*" in *driver_version*) echo "$DRIVER" ;; '
    '-L) echo "GPU 0" ;; *) echo "| CUDA Version: $CUDA |" ;; esac\n',
    "dpkg-query": '#!/bin/sh\nfor last; do :; done\ncase " $INSTALLED " in *" $last "*) echo "install ok installed" ;; '
    "*) exit 1 ;; esac\n",
    "id": "#!/bin/sh\necho 0\n",
    "getent": '#!/bin/sh\n[ -n "$KNOWN" ]\n',
    "apt-cache": "#!/bin/sh\nexit 0\n",
}
ALL = "pciutils python3 python3-venv make git nvidia-container-toolkit docker.io docker-compose-v2"


class Machine:
    """A root folder and a PATH whose programs note what they were told."""

    def __init__(self, folder: Path, system: str, version: str) -> None:
        self.root, self._bin, self._log = folder / "root", folder / "bin", folder / "log"
        (self.root / "etc/apt/sources.list.d").mkdir(parents=True)
        (self.root / "etc/os-release").write_text(f"ID={system}\nVERSION_ID={version}\nVERSION_CODENAME=name\n")
        self._bin.mkdir()
        for name, text in PROBES.items():
            (self._bin / name).write_text(text)
        for name in NOTED:
            (self._bin / name).write_text(f'#!/bin/sh\necho "{name} $*" >> "$LOG"\n')
        for file in self._bin.iterdir():
            file.chmod(0o755)

    def setup(self, *options: str, **facts: str) -> subprocess.CompletedProcess[str]:
        self._log.write_text("")
        env = {"PATH": f"{self._bin}:/usr/bin:/bin", "LOG": str(self._log), "BM3_ROOT": str(self.root), **facts}
        return subprocess.run(["bash", str(SCRIPT), *options], capture_output=True, text=True, env=env, timeout=60)

    @property
    def done(self) -> list[str]:
        return self._log.read_text().splitlines()


@pytest.fixture
def debian(tmp_path: Path) -> Machine:
    return Machine(tmp_path, "debian", "12")


def test_a_bare_machine_gets_its_driver_and_is_to_be_restarted(debian: Machine) -> None:
    ran = debian.setup(CARD=CARD)
    assert ran.returncode == 3, ran.stderr
    assert "restart the machine" in ran.stdout
    assert any("nvidia-driver" in line and "linux-headers-" in line for line in debian.done)
    assert "non-free" in (debian.root / "etc/apt/sources.list.d/bm3-nvidia.list").read_text()
    assert not any(line.startswith("make") for line in debian.done)


def test_ubuntu_chooses_its_own_driver(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "ubuntu", "24.04")
    assert machine.setup(CARD=CARD, INSTALLED="pciutils").returncode == 3
    assert machine.done[-1] == "ubuntu-drivers install --gpgpu"


def test_with_a_driver_the_rest_is_installed_and_checked(debian: Machine) -> None:
    ran = debian.setup("--model", "Qwen/Qwen3-VL-8B-Instruct", CARD=CARD, DRIVER="580.95", CUDA="13.0")
    assert ran.returncode == 0, ran.stderr
    assert "driver: 580.95, left as it is" in ran.stdout
    assert any(line.endswith("setup") for line in debian.done if line.startswith("make"))
    assert any(line.endswith("hf download Qwen/Qwen3-VL-8B-Instruct") for line in debian.done)
    assert debian.done[-1].endswith("-m worker check Qwen3-VL-8B-Instruct=pytorch:Qwen/Qwen3-VL-8B-Instruct")
    assert not any("torch-backend" in line for line in debian.done)
    unit = (debian.root / "etc/systemd/system/bm3-vl.service").read_text()
    assert f"ExecStart={ROOT}/.venv/bin/honcho start" in unit
    assert "BM3_WORKER_MODELS=Qwen3-VL-8B-Instruct=pytorch:Qwen" in (debian.root / "etc/bm3-vl.env").read_text()


def test_an_old_driver_gets_the_pytorch_that_fits(debian: Machine) -> None:
    """Found by its CUDA; said in a dry run, for the program lies in the repository's environment."""
    ran = debian.setup("--dry-run", CARD=CARD, DRIVER="535.2", CUDA="12.2")
    assert "--reinstall --torch-backend auto torch torchvision" in ran.stdout


def test_a_second_run_changes_nothing_that_stands(debian: Machine) -> None:
    facts = {"CARD": CARD, "DRIVER": "580.95", "CUDA": "13.0", "INSTALLED": ALL, "KNOWN": "1"}
    assert debian.setup("--model", "a/b", **facts).returncode == 0
    settings = debian.root / "etc/bm3-vl.env"
    settings.write_text("BM3_WORKER_SLOTS=9\n")
    assert debian.setup("--model", "a/b", **facts).returncode == 0
    assert settings.read_text() == "BM3_WORKER_SLOTS=9\n"
    assert not any(line.startswith(("apt-get", "useradd", "ubuntu-drivers")) for line in debian.done)


def test_docker_with_the_toolkit(debian: Machine) -> None:
    ran = debian.setup(
        "--docker", CARD=CARD, DRIVER="580.95", CUDA="13.0", INSTALLED="pciutils curl gpg ca-certificates"
    )
    assert ran.returncode == 0, ran.stderr
    assert "nvidia-ctk runtime configure --runtime=docker" in debian.done
    assert debian.done[-1] == "systemctl restart docker"
    assert "docker/deploy.sh --gpu" in ran.stdout
    again = debian.setup("--docker", CARD=CARD, DRIVER="580.95", CUDA="13.0", INSTALLED=ALL)
    assert again.returncode == 0
    assert not any("toolkit" in line for line in debian.done)


def test_without_a_card_nothing_of_nvidia_is_touched(debian: Machine) -> None:
    ran = debian.setup()
    assert ran.returncode == 0, ran.stderr
    assert "no NVIDIA GPU" in ran.stdout
    assert not any("nvidia" in line for line in debian.done)


def test_a_dry_run_does_nothing(debian: Machine) -> None:
    before = sorted(debian.root.rglob("*"))
    ran = debian.setup("--dry-run", "--model", "a/b", CARD=CARD)
    assert ran.returncode == 0, ran.stderr
    assert "would run: " in ran.stdout
    assert debian.done == []
    assert sorted(debian.root.rglob("*")) == before


def test_another_system_is_refused(tmp_path: Path) -> None:
    ran = Machine(tmp_path, "fedora", "43").setup()
    assert ran.returncode == 1
    assert "knows Debian 12" in ran.stderr
