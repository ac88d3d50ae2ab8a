"""Which models are served, which of them are demonstrations, and which a worker was told to serve and cannot."""

from __future__ import annotations

from tests.api.running_app import RunningApp, TenantClient


def test_a_demonstration_model_says_so(here: RunningApp, ann: TenantClient) -> None:
    here.worker(demo=True)
    (nano,) = ann.get("/v1/models").json()
    assert (nano["demo"], nano["default"]) == (True, True)
    assert "coloured shapes" in nano["notice"]
    here.worker(demo=False)
    (real,) = ann.get("/v1/models").json()
    assert (real["demo"], real["notice"]) == (False, None)


def test_a_model_says_what_it_takes(here: RunningApp, ann: TenantClient) -> None:
    here.worker(parameters=8_767_123_696, memory_bytes=17_534_247_392, dtype="bfloat16", device="cuda:0")
    (model,) = ann.get("/v1/models").json()
    assert (model["parameters"], model["memory_bytes"]) == (8_767_123_696, 17_534_247_392)
    assert (model["dtype"], model["device"], model["problem"]) == ("bfloat16", "cuda:0", None)
    here.worker()
    (model,) = ann.get("/v1/models").json()
    assert (model["parameters"], model["memory_bytes"]) == (None, None), "a worker of an earlier release tells nothing"


def test_models_that_no_worker_can_load_are_listed_when_asked_for(here: RunningApp, ann: TenantClient) -> None:
    here.worker(problem="/models/nano: no such folder")
    (broken,) = ann.get("/v1/models?unserved=true").json()
    assert (broken["name"], broken["workers"], broken["slots"]) == ("nano", 0, 0)
    assert broken["problem"] == "cannot be loaded by a worker", "a folder of the worker is for operators"
    (broken,) = here.admin().get("/v1/models?unserved=true").json()
    assert broken["problem"] == "/models/nano: no such folder"
    here.worker(name="w2")
    (served,) = ann.get("/v1/models?unserved=true").json()
    assert (served["problem"], served["workers"]) == (None, 1), "another worker serves it"


def test_a_model_of_several_workers_is_listed_once(here: RunningApp, ann: TenantClient) -> None:
    here.worker()
    here.worker(name="w2")
    here.worker(name="w3", weights="")
    (nano,) = ann.get("/v1/models").json()
    assert (nano["workers"], nano["weights_sha256"]) == (2, "w" * 64)
    here.worker(name="w3", weights="x" * 64)
    assert len(ann.get("/v1/models").json()) == 2, "other weights are another model"


def test_a_model_that_cannot_be_loaded_is_not_served_and_readyz_names_it(here: RunningApp, ann: TenantClient) -> None:
    here.worker(problem="/models/nano: no such folder")
    assert ann.get("/v1/models").json() == []
    ready = ann.get("/readyz")
    assert ready.json()["parts"]["models"] == "cannot be loaded by a worker: nano"
    assert ready.json()["status"] == "degraded"
    assert "no such folder" not in ready.text, "anybody may read it"
    params = {"video": {"url": "https://example.com/a.mp4"}, "model": "nano"}
    assert ann.post("/v1/jobs", {"kind": "video.caption", "params": params}).json()["code"] == "unknown_model"
    here.worker()
    assert ann.get("/readyz").json()["parts"]["models"] == "ok"


def test_the_nodes_of_a_split_model_are_told_to_operators(here: RunningApp) -> None:
    node = {"rank": 1, "role": "finisher", "layers": [2, 5], "bytes": 3 << 20, "joined": False, "round_trip_ms": None}
    here.worker(nodes=[node])
    (worker,) = here.admin().get("/v1/workers").json()
    assert worker["data"]["models"][0]["nodes"] == [node]


def test_jobs_wait_for_the_nodes_of_a_split_model_that_are_away(here: RunningApp, ann: TenantClient) -> None:
    node = {"rank": 1, "role": "finisher", "layers": [2, 5], "bytes": 3 << 20, "joined": False, "round_trip_ms": None}
    here.worker(nodes=[node], problem="node 1 (finisher) of 2 nodes has not joined")
    params = {"video": {"url": "https://example.com/a.mp4"}, "model": "nano"}
    taken = ann.post("/v1/jobs", {"kind": "video.caption", "params": params})
    assert (taken.status_code, taken.json()["state"]) == (202, "queued"), taken.text
    assert ann.get("/v1/models").json() == [], "nobody can use it now"
