"""The service as a whole: health, metrics, errors, documentation, and what it may import."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from db.documents.kinds.registry import KINDS
from tests.api.running_app import RunningApp, TenantClient, running_app

ROOT = Path(__file__).parent.parent.parent
FORM = "application/x-www-form-urlencoded"


def test_importing_the_api_loads_neither_torch_nor_the_worker() -> None:
    heavy = "('torch', 'worker', 'numpy')"
    script = f"import sys, api.__main__; print([name for name in sys.modules if name.split('.')[0] in {heavy}])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_readiness_names_the_part_that_is_away(here: RunningApp, tmp_path: Path, redis_url: str) -> None:
    assert here.client.get("/healthz").json() == {"status": "ok"}
    degraded = here.client.get("/readyz")
    assert (degraded.status_code, degraded.json()["status"]) == (200, "degraded")
    assert degraded.json()["parts"]["redis"] != "ok"
    with running_app(tmp_path / "other", redis_url=redis_url) as whole:
        assert whole.client.get("/readyz").json()["status"] == "ok"
        whole.services.database.engine.dispose()
        (tmp_path / "other" / "bm3.sqlite3").rename(tmp_path / "away")
        (tmp_path / "other" / "bm3.sqlite3").mkdir()
        down = whole.client.get("/readyz")
        assert (down.status_code, down.json()["status"]) == (503, "down")
        token = f"bm3_0_0_{zlib.crc32(b'bm3_0_0'):08x}"
        refused = whole.client.get("/v1/jobs", headers={"Authorization": f"Bearer {token}"})
        assert (refused.status_code, refused.json()["code"]) == (503, "database_unavailable")


def test_metrics_have_no_ids_and_count_what_happens(here: RunningApp, ann: TenantClient) -> None:
    job = ann.submit()["id"]
    ann.get(f"/v1/jobs/{job}")
    text = here.client.get("/metrics").text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert job not in text
    (queued,) = families["bm3_jobs"].samples
    assert (queued.labels, queued.value) == ({"queue": "gpu", "kind": "video.caption", "state": "queued"}, 1.0)
    routes = {sample.labels["route"] for sample in families["bm3_http_requests"].samples}
    assert "/v1/jobs/{job_id}" in routes


def test_every_error_is_a_problem(here: RunningApp, ann: TenantClient) -> None:
    answers = {
        "unknown route": (here.client.get("/nope"), 404),
        "wrong method": (here.client.put("/v1/jobs"), 405),
        "no key": (here.client.get("/v1/jobs"), 401),
        "bad json": (ann.call("POST", "/v1/jobs", content=b"{", headers={"Content-Type": "application/json"}), 422),
        "json as a form": (ann.call("POST", "/v1/jobs", content=b"{}", headers={"Content-Type": FORM}), 415),
        "json of no type": (ann.call("POST", "/v1/jobs", content=b"{}"), 415),
        "bad uuid": (ann.get("/v1/jobs/1"), 422),
        "too large": (ann.call("POST", "/v1/jobs", content=b"x" * (33 << 20)), 413),
        "null byte": (
            ann.post("/v1/jobs", {"kind": "video.caption", "params": {"video": {"url": "http://a/\x00"}}}),
            422,
        ),
    }
    for name, (answer, status) in answers.items():
        assert answer.status_code == status, (name, answer.text)
        assert answer.headers["content-type"] == "application/problem+json", name
        document = answer.json()
        assert {"type", "title", "status", "code", "request_id"} <= document.keys(), name
        assert document["request_id"] == answer.headers["x-request-id"], name


def test_a_mistake_of_ours_tells_nothing(here: RunningApp, ann: TenantClient) -> None:
    def broken() -> None:
        raise RuntimeError("the password is swordfish")

    here.app.router.add_api_route("/broken", broken)
    answer = here.client.get("/broken")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "swordfish" not in answer.text


def test_the_documentation_is_whole(here: RunningApp) -> None:
    document = here.client.get("/openapi.json").json()
    names = {ref.rsplit("/", 1)[1] for ref in _references(document)}
    assert names <= document["components"]["schemas"].keys()
    examples = document["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    assert examples.keys() == KINDS.keys()
    for name, kind in KINDS.items():
        kind.params.model_validate(examples[name]["value"]["params"])
    operations = [one for path in document["paths"].values() for one in path.values()]
    assert all(one.get("description") for one in operations)
    assert len({one["operationId"] for one in operations}) == len(operations)


def test_models_workers_and_queues_are_shown(here: RunningApp, ann: TenantClient) -> None:
    here.worker()
    ann.submit()
    (model,) = ann.get("/v1/models").json()
    assert (model["name"], model["slots"]) == ("nano", 2)
    queues = {queue["name"]: queue for queue in ann.get("/v1/queues").json()}
    assert (queues["gpu"]["states"], queues["gpu"]["slots"]) == ({"queued": 1}, 2)
    admin = here.admin()
    assert admin.get("/v1/workers").json()[0]["alive"] is True
    assert admin.post("/v1/workers/w1/drain").json()["draining"] is True
    assert admin.post("/v1/workers/w9/drain").status_code == 404


def _references(value: object) -> list[str]:
    return [part.split('"')[0] for part in json.dumps(value).split('"$ref": "')[1:]]
