"""The deployment files: they parse, and every command and file that they name exists here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY

from api.metrics import PROCESS
from api.settings import ApiSettings
from db.settings import Settings
from worker import metrics as _workers  # noqa: F401  (importing registers them)
from worker.ingest.live.srt_receiver import NAMES
from worker.settings import WorkerSettings

ROOT = Path(__file__).parent.parent.parent
DOCKERFILE = (ROOT / "docker/Dockerfile").read_text()
SETTINGS = (Settings, ApiSettings, WorkerSettings)
TOOLS = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": "/tmp"}
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())
# As a container has it: the interpreter is the one on PATH.
PROCFILE = {
    line.split(": ", 1)[1].replace("exec .venv/bin/python", "python")
    for line in (ROOT / "Procfile").read_text().splitlines()
}
OURS = {name: service for name, service in COMPOSE["services"].items() if "bm3-vl/" in service.get("image", "")}


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_service_of_ours_runs_a_module_that_exists(name: str) -> None:
    command = OURS[name]["command"]
    if name == "smoke":
        assert command[1] == "/smoke.py"
        return
    assert command[:2] == ["python", "-m"]
    assert (ROOT / command[2] / "__main__.py").exists()


@pytest.mark.parametrize("name", sorted(OURS))
def test_services_run_with_least_rights(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]


def test_an_image_is_built_from_one_target() -> None:
    """Two targets under one tag: which of them runs is decided by the order of the builds."""
    targets: dict[str, set[str]] = {}
    for service in OURS.values():
        targets.setdefault(service["image"].split(":")[0], set()).add(service["build"]["target"])
    assert targets == {"bm3-vl/base": {"base"}, "bm3-vl/cpu": {"cpu"}, "bm3-vl/gpu": {"gpu"}}
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, re.MULTILINE))
    assert {target for one in targets.values() for target in one} <= stages


def test_the_gpu_image_has_what_its_model_options_need() -> None:
    """`?quantization=4bit` in BM3_WORKER_MODELS, whose packages stand in an extra of their own."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert _extras("build-gpu") == {"worker", "quantization"} <= set(extras)
    assert _extras("build-cpu") == {"worker"}
    assert "--torch-backend cpu" in _stage("build-cpu")
    assert _extras("build-base") == set()
    assert _extras("build-onnx") == {"cpu"}


def test_workers_have_the_library_of_live_input_and_no_rights() -> None:
    """libsrt is loaded by name: an image without it would refuse every SRT source."""
    packages = set(re.findall(r"\blibsrt[\w.-]+", _stage("worker")))
    assert any(f"{NAMES[0]}".startswith(re.sub(r"(libsrt)([\d.]+)-(\w+)", r"\1-\3.so.\2", one)) for one in packages)
    assert _stage("worker").rstrip().endswith("USER 10001")
    for image in ("cpu", "onnx", "gpu"):
        assert f"FROM worker AS {image}\n" in DOCKERFILE


def _stage(name: str) -> str:
    return DOCKERFILE.split(f"AS {name}\n")[1].split("\nFROM ")[0]


def _extras(stage: str) -> set[str]:
    return {name for found in re.findall(r"\.\[([a-z,]+)\]", _stage(stage)) for name in found.split(",")}


def test_what_the_images_copy_is_not_ignored() -> None:
    """`.dockerignore` keeps everything out but what it names."""
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        word
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for word in [part for part in line.split() if not part.startswith("--")][:-1]
    }
    assert {one for one in copied if not any(one == a or one.startswith(f"{a}/") for a in allowed)} == set()
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_the_dockerfile_follows_the_rules_of_hadolint() -> None:
    ran = subprocess.run(["hadolint", "docker/Dockerfile"], cwd=ROOT, capture_output=True, text=True, env=TOOLS)
    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("profile", ["gpu", "no-gpu"])
def test_compose_takes_the_file(profile: str) -> None:
    """Docker Compose's own reader and schema, with the example's settings."""
    command = ["docker-compose", "--env-file", "docker/example.env", "-f", "docker/compose.yaml"]
    command += ["--profile", profile, "--profile", "smoke", "config", "--quiet"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=TOOLS)
    assert ran.returncode == 0, ran.stderr
    assert "warn" not in ran.stderr.lower(), ran.stderr


def test_every_service_has_a_limit_and_a_bounded_log() -> None:
    for name, service in COMPOSE["services"].items():
        assert service["mem_limit"], name
        assert {"max-size", "max-file"} <= set(service["logging"]["options"]), name


def test_every_service_that_stays_has_a_health_check() -> None:
    staying = {name: one for name, one in COMPOSE["services"].items() if one.get("restart") != "no"}
    assert len(staying) >= 10
    assert [name for name, one in staying.items() if "healthcheck" not in one] == []


def test_secrets_are_files_that_deploy_makes() -> None:
    """None stands in a variable, and each that a service wants is declared and made."""
    script = (ROOT / "docker/deploy.sh").read_text()
    declared = COMPOSE["secrets"]
    wanted = {name for service in COMPOSE["services"].values() for name in service.get("secrets", [])}
    assert wanted == set(declared)
    for secret in declared.values():
        assert secret["file"].removeprefix("./secrets/") in script
    named = {key for one in COMPOSE["services"].values() for key in one.get("environment", {})}
    shown = [key for key in named if re.search("PASSWORD|SECRET|TOKEN|KEY", key)]
    assert [key for key in shown if not re.search("FILE|DIR|PATH", key)] == []


def test_every_variable_of_ours_is_a_setting() -> None:
    given = {key for one in OURS.values() for key in one.get("environment", {}) if key.startswith("BM3_")}
    settings = {f"{kind.model_config['env_prefix']}{name}".upper() for kind in SETTINGS for name in kind.model_fields}
    assert given - settings - {"BM3_SECRETS_DIR", "BM3_API_KEY_FILE"} == set()


def test_the_example_names_what_compose_asks_for() -> None:
    text = (ROOT / "docker/compose.yaml").read_text()
    example = set(re.findall(r"^(\w+)=", (ROOT / "docker/example.env").read_text(), re.MULTILINE))
    assert {name for name in example if name not in text} == set()
    without_default = set(re.findall(r"\$\{(\w+)(?::\?[^}]*)?\}", text))
    assert without_default == set()


def test_every_mounted_file_is_in_the_repository() -> None:
    mounts = [volume for service in COMPOSE["services"].values() for volume in service.get("volumes", [])]
    files = [mount.split(":")[0] for mount in mounts if mount.startswith("./")]
    assert {"./Caddyfile", "./alerts.yml", "./smoke.py"} <= set(files)
    assert [name for name in files if not (ROOT / "docker" / name).exists()] == []


def test_secrets_have_no_default() -> None:
    text = (ROOT / "docker/compose.yaml").read_text()
    assert not re.search(r"\$\{[A-Z_]*(PASSWORD|SECRET)[A-Z_]*", text)


def test_the_procfile_names_modules_that_exist() -> None:
    for command in PROCFILE:
        assert (ROOT / command.split()[2] / "__main__.py").exists()


def test_every_process_of_the_procfile_is_a_service() -> None:
    commands = {" ".join(service["command"][:4]) for service in OURS.values()}
    missing = {command for command in PROCFILE if not any(ran.startswith(command) for ran in commands)}
    assert missing == {"python -m db redis"}  # there it is the valkey service


OF_DATABASE = {"bm3_jobs", "bm3_queue_oldest_age_seconds", "bm3_workers_alive", "bm3_webhook_deliveries_pending"}


def _panels() -> list[str]:
    panels = json.loads((ROOT / "docker/grafana/dashboards/bm3.json").read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    return [target["expr"] for panel in panels for target in panel["targets"]]


def _alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((ROOT / "docker/alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.mark.parametrize("expression", [*_panels(), *(rule["expr"] for rule in _alerts())])
def test_prometheus_is_asked_in_its_language_for_metrics_that_exist(expression: str) -> None:
    promql_parser.parse(expression)
    counted = {name for registry in (REGISTRY, PROCESS) for name in registry._names_to_collectors}
    asked = set(re.findall(r"\bbm3_\w+", expression))
    assert asked or expression.startswith("up{")
    assert asked - counted - OF_DATABASE == set()


def test_alerts_say_how_urgent_they_are_and_what_they_mean() -> None:
    rules = _alerts()
    assert len({rule["alert"] for rule in rules}) == len(rules) >= 12
    assert {rule["labels"]["severity"] for rule in rules} == {"page", "ticket"}
    assert all(rule["annotations"]["summary"] for rule in rules)
    prometheus = yaml.safe_load((ROOT / "docker/prometheus.yml").read_text())
    assert prometheus["rule_files"] == ["alerts.yml"]


def test_every_alert_has_its_line_in_the_runbook() -> None:
    page = (ROOT / "docs/operations.md").read_text()
    assert [rule["alert"] for rule in _alerts() if f"`{rule['alert']}`" not in page] == []
