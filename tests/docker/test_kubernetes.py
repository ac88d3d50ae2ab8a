"""`kubernetes/`: rendered by kubectl, held against the API's schemas, and what it names against the code."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from functools import cache
from typing import Any

import kubernetes_validate
import pytest
import yaml
from sqlalchemy import insert, text

from db.schema.tables import Job, State
from db.schema.tables_access import Tenant
from db.session import Database
from tests.docker.test_files import PROCFILE, ROOT, SETTINGS, TOOLS
from worker.supervisor.process import EXIT_S

OVERLAYS = ("base", "keda", "pvc")
NOW = datetime.now(UTC)
OF_KEDA = {"ScaledObject", "TriggerAuthentication"}


@cache
def rendered(overlay: str) -> tuple[dict[str, Any], ...]:
    command = ["kubectl", "kustomize", f"kubernetes/{overlay}"]
    out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=TOOLS, check=True, timeout=60).stdout
    return tuple(yaml.safe_load_all(out))


def of_kind(kind: str, overlay: str = "base") -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in rendered(overlay) if one["kind"] == kind}


def pod(one: dict[str, Any]) -> dict[str, Any]:
    return dict(one["spec"]["template"]["spec"])


OURS = ("api", "dispatcher", "light", "cpu", "gpu")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_object_is_what_the_api_knows(overlay: str) -> None:
    objects = [one for one in rendered(overlay) if one["kind"] not in OF_KEDA]
    assert len(objects) > 20
    for one in objects:
        kubernetes_validate.validate(one, "1.34", strict=True)


def test_each_process_runs_a_command_of_the_procfile_in_the_image_that_can() -> None:
    images = {name: pod(one)["containers"][0]["image"] for name, one in of_kind("Deployment").items()}
    version = yaml.safe_load((ROOT / "kubernetes/base/kustomization.yaml").read_text())["images"][0]["newTag"]
    project = (ROOT / "pyproject.toml").read_text()
    assert f'\nversion = "{version}"\n' in project
    wanted = {"api": "base", "dispatcher": "base", "light": "base", "cpu": "cpu", "gpu": "gpu"}
    assert {name: images[name] for name in wanted} == {k: f"bm3-vl/{v}:{version}" for k, v in wanted.items()}
    ran = {
        " ".join(pod(one)["containers"][0]["command"]) for name, one in of_kind("Deployment").items() if name in OURS
    }
    assert {one for one in PROCFILE if one != "python -m db redis"} == ran


def test_every_setting_is_one_and_the_ports_fit() -> None:
    given = {key: value for one in of_kind("ConfigMap").values() for key, value in one["data"].items()}
    known = {f"{kind.model_config['env_prefix']}{name}".upper() for kind in SETTINGS for name in kind.model_fields}
    ours = {key for key in given if key.startswith("BM3_")}
    assert ours - known == {"BM3_SECRETS_DIR"}
    ports = {
        name: pod(one)["containers"][0]["ports"][0]["containerPort"] for name, one in of_kind("Deployment").items()
    }
    assert str(ports["api"]) == given["BM3_API_PORT"]
    assert {str(ports[name]) for name in OURS if name != "api"} == {given["BM3_WORKER_METRICS_PORT"]}


def test_pods_run_with_least_rights_limits_and_probes() -> None:
    for name, one in of_kind("Deployment").items():
        (container,) = pod(one)["containers"]
        rights = container["securityContext"]
        assert rights["readOnlyRootFilesystem"], name
        assert rights["capabilities"] == {"drop": ["ALL"]}, name
        assert pod(one)["securityContext"]["runAsNonRoot"], name
        assert container["resources"]["limits"]["memory"], name
        assert {"readinessProbe", "livenessProbe"} <= set(container), name


def test_selectors_find_pods_and_every_process_may_be_moved_without_a_gap() -> None:
    labels = {name: one["spec"]["template"]["metadata"]["labels"]["app"] for name, one in of_kind("Deployment").items()}
    budgets = {one["spec"]["selector"]["matchLabels"]["app"] for one in of_kind("PodDisruptionBudget").values()}
    assert budgets == set(OURS) <= set(labels.values())
    services = {one["spec"]["selector"]["app"] for one in of_kind("Service").values()}
    assert services == {"api", "redis"}
    policies = of_kind("NetworkPolicy")
    assert policies["nobody"]["spec"]["podSelector"] == {}
    heard = policies["redis"]["spec"]["ingress"][0]["from"][0]["podSelector"]["matchExpressions"][0]["values"]
    assert set(heard) == set(OURS)


def test_a_worker_gets_the_time_it_needs_to_leave() -> None:
    for name in ("cpu", "gpu"):
        assert pod(of_kind("Deployment")[name])["terminationGracePeriodSeconds"] > EXIT_S


def test_scaling_aims_at_the_workers_and_counts_in_their_slots() -> None:
    scaled = of_kind("ScaledObject", "keda")
    deployments = of_kind("Deployment", "keda")
    assert set(scaled) == {"gpu", "cpu"}
    for name, one in scaled.items():
        assert one["spec"]["scaleTargetRef"]["name"] == name
        assert "replicas" not in deployments[name]["spec"]
        slots = of_kind("ConfigMap", "keda")
        given = next(data["data"] for key, data in slots.items() if key.startswith("settings"))
        assert one["spec"]["triggers"][0]["metadata"]["targetQueryValue"] == given["BM3_WORKER_SLOTS"]
    (access,) = of_kind("TriggerAuthentication", "keda").values()
    assert access["spec"]["secretTargetRef"][0]["key"] == "bm3_database_url"


def test_the_query_that_scales_counts_what_waits_and_what_runs(each_database: Database) -> None:
    query = of_kind("ScaledObject", "keda")["gpu"]["spec"]["triggers"][0]["metadata"]["query"]
    with each_database.write() as session:
        tenant = Tenant(name="one", created_at=NOW)
        session.add(tenant)
        session.flush()
        for queue, state in [
            ("gpu", State.QUEUED),
            ("gpu", State.RUNNING),
            ("gpu", State.SUCCEEDED),
            ("gpu", State.RETRY_WAIT),
            ("cpu", State.QUEUED),
        ]:
            new = {"tenant_id": tenant.id, "kind": "video.caption", "queue": queue, "state": state, "params": {}}
            session.execute(insert(Job), [{**new, "created_at": NOW}])
    with each_database.read() as session:
        assert session.execute(text(query)).scalar_one() == 2


def test_without_s3_every_process_mounts_the_same_volume() -> None:
    for name, one in of_kind("Deployment", "pvc").items():
        claims = {v["name"]: v.get("persistentVolumeClaim", {}).get("claimName") for v in pod(one)["volumes"]}
        if name in OURS:
            assert claims["data"] == "store", name
    settings = next(v["data"] for k, v in of_kind("ConfigMap", "pvc").items() if k.startswith("settings"))
    assert settings["BM3_OBJECT_STORE"] == "local"
