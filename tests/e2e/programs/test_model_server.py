"""Captions through an OpenAI-compatible server, by one worker's slots or as segments of their own: objects and alerts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from bm3vl import VideoCaptionResult, result_of
from tests.e2e.service import Service, service
from tests.receiver import Receiver, receiver
from tests.worker.engines.model_server_process import model_server
from tests.worker.video.footage import numbered, write_video

SCHEMA = {
    "title": "What is seen",
    "type": "object",
    "properties": {"people": {"type": "integer"}},
    "required": ["people"],
    "additionalProperties": False,
}
RULES = [
    {"name": "words", "match": "see", "cool_down_ms": 4000},
    {"name": "crowd", "field": "/people", "at_least": 3, "cool_down_ms": 0},
    {"name": "nobody", "field": "/people", "equals": 0},
]
WAIT_S = 60.0


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    answers = {"chat": "I see ASKED.", "What_is_seen": '{"people": 3}'}
    with model_server(tmp_path_factory.mktemp("server"), answers) as address:
        models = f"far=openai:{address}?model=plain&context_tokens=32768"
        with service(tmp_path_factory.mktemp("far"), BM3_WORKER_MODELS=models) as running:
            yield running


@pytest.mark.parametrize("spread", ["engine", "workers"])
def test_objects_and_alerts_come_whoever_does_the_work(far: Service, tmp_path: Path, spread: str) -> None:
    clip = write_video(tmp_path / "clip.mp4", numbered(48, 96, 64), rate=4)
    asked = {
        "chunk_ms": 2000,
        "max_cue_ms": 2000,
        "fps": 1,
        "mode": "parallel",
        "segments": 2,
        "warmup_ms": 2000,
        "spread": spread,
    }
    with receiver() as hooks, far.client() as client:
        endpoint = client.post("/v1/webhooks", {"url": hooks.url("/ok"), "events": ["cue.matched"]})
        asset = client.upload(clip)
        job = client.submit(
            "video.caption", {"video": {"asset_id": asset.id}, "cue_schema": SCHEMA, "alerts": RULES, **asked}
        )
        done = result_of(client.wait(job, timeout_s=WAIT_S), VideoCaptionResult)
        lines = [json.loads(line) for line in client.read(job, "captions.jsonl").decode().splitlines()]
        told = matched(hooks, endpoint["secret"], str(job.id), done.cues)
        events = [event for event in client.history(job).events if event.type == "cue.matched"]
        client.remove(f"/v1/webhooks/{endpoint['id']}")
    assert done.cues == len(lines) == 6
    assert [line["data"] for line in lines] == [{"people": 3}] * 6
    assert done.cues_without_data == 0
    starts: dict[str, list[int]] = {}
    for one in told:
        starts.setdefault(one["rule"], []).append(one["cue"]["start_ms"])
    assert {rule: sorted(found) for rule, found in starts.items()} == {
        "words": [0, 4000, 8000],
        "crowd": [0, 2000, 4000, 6000, 8000, 10_000],
    }
    assert len(events) == len(told), "told once each, also by segments of other jobs"


def matched(hooks: Receiver, secret: str, job_id: str, cues: int) -> list[dict[str, Any]]:
    """What the receiver was told of a job, once all of it is there and half a second more."""
    deadline = time.monotonic() + WAIT_S
    wanted = cues + cues // 2
    while len(told := _told(hooks, secret, job_id)) < wanted and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.5)
    return _told(hooks, secret, job_id) or told


def _told(hooks: Receiver, secret: str, job_id: str) -> list[dict[str, Any]]:
    bodies = [Webhook(secret).verify(one.body, one.headers) for one in hooks.received]
    return [body["data"] for body in bodies if job_id in json.dumps(body)]
