"""RunPod's template and start script: what they name exists, and the processes start where the volume is."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.docker.test_files import DOCKERFILE, ROOT, SETTINGS
from worker.engines.spec import ModelSpec

TEMPLATE = json.loads((ROOT / "docker/runpod/template.json").read_text())
START = ROOT / "docker/runpod/start.sh"
TOLD = '#!/bin/sh\necho "$(basename "$0") $*" >> "$LOG"\nenv | grep -E "^(BM3|HF)_" >> "$LOG"\nexit "${CHECK:-0}"\n'


def test_the_template_names_settings_a_port_and_a_command_that_exist() -> None:
    known = {f"{kind.model_config['env_prefix']}{name}".upper() for kind in SETTINGS for name in kind.model_fields}
    assert set(TEMPLATE["env"]) <= known
    assert ModelSpec.parse(TEMPLATE["env"]["BM3_WORKER_MODELS"]).engine == "pytorch"
    assert TEMPLATE["ports"] == ["8080/http"]
    assert TEMPLATE["dockerStartCmd"][0] in DOCKERFILE.split("AS runpod")[1]
    assert "EXPOSE 8080" in DOCKERFILE


def start(folder: Path, **variables: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run the start script with programs that note what they are told."""
    (folder / "bin").mkdir()
    for name in ("python", "honcho"):
        (folder / "bin" / name).write_text(TOLD)
        (folder / "bin" / name).chmod(0o755)
    log = folder / "log"
    env = {"PATH": f"{folder}/bin:{os.environ['PATH']}", "LOG": str(log), "BM3_VOLUME": str(folder / "volume")}
    ran = subprocess.run(["bash", str(START)], env={**env, **variables}, capture_output=True, text=True, timeout=60)
    return ran, log.read_text()


def test_what_has_to_last_lies_on_the_volume_and_the_address_is_the_proxy_s(tmp_path: Path) -> None:
    ran, told = start(tmp_path, RUNPOD_POD_ID="abc")
    assert ran.returncode == 0, ran.stderr
    assert f"BM3_DATA_DIR={tmp_path}/volume/bm3" in told
    assert f"HF_HOME={tmp_path}/volume/huggingface" in told
    assert "BM3_API_PUBLIC_URL=https://abc-8080.proxy.runpod.net" in told
    assert told.index("python -m worker check") < told.index("honcho --procfile /app/Procfile")


def test_a_model_that_cannot_be_used_yet_does_not_keep_the_service_down(tmp_path: Path) -> None:
    ran, told = start(tmp_path, CHECK="1")
    assert "starting all the same" in ran.stderr
    assert "honcho " in told
