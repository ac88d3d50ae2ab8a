"""A gpu worker whose model is missing says so everywhere and takes no job; its other model goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from bm3vl import Client, JobView
from tests.e2e.service import ROOT, service
from tests.waiting import until
from worker.bm3 import NANO
from worker.bm3.scenes.scenes import Scene
from worker.bm3.scenes.write import Format, write_video

URL = {"video": {"url": "https://example.com/a.mp4"}}
GONE = "gone=pytorch:/nowhere/at/all"


@pytest.mark.slow
def test_a_missing_model_is_told_and_takes_no_job(tmp_path: Path) -> None:
    with (
        service(tmp_path / "service", BM3_WORKER_MODELS=f"{GONE} fake=fake") as running,
        running.client() as client,
    ):
        (worker,) = [one for one in client.get("/v1/workers") if one["role"] == "gpu"]
        assert [model["name"] for model in worker["data"]["models"] if "problem" in model] == ["gone"]
        assert [model["name"] for model in client.get("/v1/models")] == ["fake"]
        ready = httpx.get(f"{running.url}/readyz").json()
        assert "gone" in ready["parts"]["models"]
        doctor = _doctor(running.environment)
        assert "cannot load gone" in doctor
        assert "BM3_WORKER_MODELS" in doctor
        assert '"level": "error"' in (running.folder / "gpu.log").read_text()
        waiting = client.submit("video.caption", URL)  # names no model: the default one is the missing one
        other = client.submit("video.caption", {**URL, "model": "fake"})
        assert _until_begun(client, other).attempt == 1
        assert client.job(waiting).state == "queued"


@pytest.mark.slow
def test_a_worker_without_any_model_offers_no_slots(tmp_path: Path) -> None:
    with service(tmp_path / "service", BM3_WORKER_MODELS=GONE) as running, running.client() as client:
        job = client.submit("video.caption", URL)
        deadline = time.monotonic() + 60
        worker = None
        while (worker is None or not worker["data"]["models"]) and time.monotonic() < deadline:
            worker = next((one for one in client.get("/v1/workers") if one["role"] == "gpu"), None)
            time.sleep(0.2)
        assert worker is not None
        assert worker["slots"] == 0
        time.sleep(2)
        assert client.job(job).state == "queued"
        assert next(queue for queue in client.get("/v1/queues") if queue["name"] == "gpu")["slots"] == 0


@pytest.mark.slow
def test_a_model_that_comes_later_is_used_without_a_restart(tmp_path: Path) -> None:
    late = tmp_path / "late"
    settings = {"BM3_WORKER_MODELS": f"late=pytorch:{late}", "BM3_WORKER_RELOAD_S": "1"}
    with service(tmp_path / "service", **settings) as running, running.client() as client:
        assert "late" in httpx.get(f"{running.url}/readyz").json()["parts"]["models"]
        clip = tmp_path / "clip.mp4"
        for _ in write_video(Scene(1_000_004), clip, Format(2000, (64, 64), 4.0)):
            pass
        job = client.submit("video.caption", {"video": {"asset_id": client.upload(clip).id}})
        late.symlink_to(NANO)
        assert _until_ended(client, job).state == "succeeded"
        (worker,) = [one for one in client.get("/v1/workers") if one["role"] == "gpu"]
        assert worker["slots"] > 0
        assert [model for model in worker["data"]["models"] if "problem" in model] == []
        assert httpx.get(f"{running.url}/readyz").json()["parts"]["models"] == "ok"
        assert [model["name"] for model in client.get("/v1/models")] == ["late"]


def _until_begun(client: Client, job: JobView) -> JobView:
    until(lambda: client.job(job).attempt, "no worker has taken the job")
    return client.job(job)


def _until_ended(client: Client, job: JobView) -> JobView:
    for _ in client.watch(job):
        pass
    return client.job(job)


def _doctor(environment: dict[str, str]) -> str:
    command = [sys.executable, "-m", "db", "doctor"]
    settings = {**os.environ, **environment}
    return subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=120).stdout
