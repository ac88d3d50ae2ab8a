"""A fresh clone as a user has it: this tree in a folder of its own, its `.venv` ready, and an environment without ours."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
BARE_PATH = "/usr/local/bin:/usr/bin:/bin"


def checkout(folder: Path) -> Path:
    """Clone the repository into `folder`, with what is not committed yet, and give it the packages of this interpreter."""
    tree = folder / "bm3-vl"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(tree)], check=True)
    for name in _listed("--modified", "--others", "--exclude-standard"):
        if (ROOT / name).exists():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
        else:
            (tree / name).unlink()
    _lend_packages(tree / ".venv")
    return tree


def bare(home: Path, **settings: str) -> dict[str, str]:
    """The environment of somebody who has just logged in: no virtual environment, none of our variables."""
    return {"PATH": BARE_PATH, "HOME": str(home), "LANG": "C.UTF-8", **settings}


def hear_ctrl_c() -> None:
    """For `preexec_fn`: a test run that a shell has put into the background passes on that SIGINT is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _listed(*what: str) -> list[str]:
    found = subprocess.run(["git", "ls-files", "-z", *what], cwd=ROOT, check=True, capture_output=True, text=True)
    return [name for name in found.stdout.split("\0") if name]


def _lend_packages(venv: Path) -> None:
    """A virtual environment that `make` takes as set up: our packages by links, scripts that start the interpreter there."""
    ours = Path(sys.prefix)
    (venv / "bin").mkdir(parents=True)
    for name in ("lib", "lib64", "include", "share", "pyvenv.cfg"):
        if (ours / name).exists():
            (venv / name).symlink_to(ours / name)
    for file in (ours / "bin").iterdir():
        _lend_script(file, venv / "bin" / file.name, f"#!{ours}/bin/", f"#!{venv}/bin/")
    (venv / ".ready").touch()


def _lend_script(file: Path, there: Path, old: str, new: str) -> None:
    if file.is_symlink() or not file.read_bytes().startswith(old.encode()):
        there.symlink_to(file)
        return
    there.write_text(file.read_text().replace(old, new, 1))
    there.chmod(0o755)
