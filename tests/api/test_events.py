"""The event stream: nothing missed, nothing told twice, with Redis and without, for many at once."""

from __future__ import annotations

import json
import queue
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from tests.api.live_app import LiveApp, live_app
from tests.api.running_app import NO_REDIS
from tests.faults.servers import proxy_to
from tests.servers import redis_server
from tests.waiting import GUARD_S

RESULT = {"cues": 3}


@dataclass(frozen=True)
class StreamEvent:
    type: str
    id: str
    data: dict[str, Any]


@pytest.fixture(params=["redis", "polling"])
def live(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LiveApp]:
    url = request.getfixturevalue("redis_url") if request.param == "redis" else NO_REDIS
    with live_app(tmp_path, url) as running:
        yield running


def hear(client: httpx.Client, job: str, last: str | None = None) -> Iterator[StreamEvent]:
    """Events as they come, until the end."""
    headers = {"Last-Event-ID": last} if last is not None else {}
    with client.stream("GET", f"/v1/jobs/{job}/events", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if line:
                fields[name] = value
                continue
            if "event" in fields:
                yield StreamEvent(fields["event"], fields["id"], json.loads(fields["data"]))
            fields = {}


def listen(client: httpx.Client, job: str, last: str | None = None) -> list[StreamEvent]:
    return [*hear(client, job, last)]


def texts(told: list[StreamEvent]) -> list[str]:
    return [one.data["text"] for one in told if one.type == "cue"]


def test_a_watcher_sees_the_whole_job_as_it_happens(live: LiveApp) -> None:
    ann = live.inside.tenant_client("ann")
    heard: list[StreamEvent] = []
    with live.client(ann.token) as client:
        job = client.post("/v1/jobs", json=_body()).json()["id"]
        watcher = threading.Thread(target=lambda: heard.extend(listen(client, job)))
        watcher.start()
        time.sleep(0.3)
        job_id, epoch = live.inside.start()
        for number in range(3):
            live.inside.speak(job_id, epoch, f"cue {number}", first=number)
        live.inside.finish(job_id, epoch, RESULT)
        watcher.join(GUARD_S)
    assert texts(heard) == ["cue 0", "cue 1", "cue 2"]
    assert [one.data["type"] for one in heard if one.type == "state"] == ["job.queued", "job.started", "job.succeeded"]
    assert [one.type for one in heard[-2:]] == ["state", "end"]
    assert heard[-1].data["state"] == "succeeded"
    assert any(one.type == "progress" for one in heard)


def test_coming_back_at_any_point_misses_and_repeats_nothing(live: LiveApp) -> None:
    ann = live.inside.tenant_client("ann")
    with live.client(ann.token) as client:
        job = client.post("/v1/jobs", json=_body()).json()["id"]
        job_id, epoch = live.inside.start()
        live.inside.speak(job_id, epoch, *(f"cue {number}" for number in range(5)))
        live.inside.finish(job_id, epoch, RESULT)
        whole = [one for one in listen(client, job) if one.type in ("cue", "state")]
        for cut in range(1, len(whole)):
            rest = [one for one in listen(client, job, last=whole[cut - 1].id) if one.type in ("cue", "state")]
            assert whole[:cut] + rest == whole
        assert len([one for one in listen(client, job, last="rubbish") if one.type == "cue"]) == 5


def test_more_history_than_a_page_arrives_in_order(live: LiveApp) -> None:
    ann = live.inside.tenant_client("ann")
    with live.client(ann.token) as client:
        job = client.post("/v1/jobs", json=_body()).json()["id"]
        job_id, epoch = live.inside.start()
        live.inside.speak(job_id, epoch, *(f"cue {number}" for number in range(1203)))
        live.inside.finish(job_id, epoch, RESULT)
        told = listen(client, job)
    assert texts(told) == [f"cue {number}" for number in range(1203)]
    assert told[-1].type == "end"


def test_text_is_passed_on_while_it_is_decoded(tmp_path: Path, redis_url: str) -> None:
    with live_app(tmp_path, redis_url) as live, redis.Redis.from_url(redis_url) as broker:
        ann = live.inside.tenant_client("ann")
        with live.client(ann.token) as client:
            job = client.post("/v1/jobs", json=_body()).json()["id"]
            publishing = threading.Event()

            def publish() -> None:
                while not publishing.wait(0.05):
                    broker.publish(f"bm3:live:{job}", "no json")
                    broker.publish(f"bm3:live:{job}", json.dumps({"text": "A dog"}))

            decoder = threading.Thread(target=publish)
            decoder.start()
            for one in hear(client, job):
                if one.type == "text":
                    assert one.data == {"text": "A dog"}
                    publishing.set()
                    client.post(f"/v1/jobs/{job}/cancel")
            decoder.join()
    assert one.type == "end"


@pytest.mark.slow
def test_text_goes_on_after_the_link_to_redis_has_gone_silent(tmp_path: Path) -> None:
    (tmp_path / "redis").mkdir()
    with (
        redis_server(tmp_path / "redis") as broker,
        proxy_to(broker.port, tmp_path) as proxy,
        live_app(tmp_path / "api", proxy.url, settings={"redis_health_s": 0.5}) as live,
        redis.Redis.from_url(broker.url) as link,
    ):
        ann = live.inside.tenant_client("ann")
        with live.client(ann.token) as client:
            job = client.post("/v1/jobs", json=_body()).json()["id"]
            decoded: queue.Queue[float] = queue.Queue()
            watcher = threading.Thread(
                target=lambda: [decoded.put(time.monotonic()) for one in hear(client, job) if one.type == "text"]
            )
            watcher.start()
            for _ in range(2):
                _say_until_heard(link, job, decoded)
                proxy.send(signal.SIGUSR1)
                time.sleep(0.3)
                while not decoded.empty():
                    decoded.get()
            _say_until_heard(link, job, decoded)
            httpx.post(f"{live.url}/v1/jobs/{job}/cancel", headers=client.headers)
            watcher.join(GUARD_S)
            assert not watcher.is_alive()


def _say_until_heard(link: redis.Redis, job: str, decoded: queue.Queue[float]) -> None:
    deadline = time.monotonic() + GUARD_S
    while decoded.empty():
        assert time.monotonic() < deadline, "no text came through"
        link.publish(f"bm3:live:{job}", json.dumps({"text": "A dog"}))
        time.sleep(0.1)


def test_two_hundred_watchers_share_one_look(tmp_path: Path, redis_url: str) -> None:
    with live_app(tmp_path, redis_url) as live:
        ann = live.inside.tenant_client("ann")
        with live.client(ann.token) as client:
            job = client.post("/v1/jobs", json=_body()).json()["id"]
        heard: list[list[StreamEvent]] = []
        limits = httpx.Limits(max_connections=200)
        headers = {"Authorization": f"Bearer {ann.token}"}
        with httpx.Client(base_url=live.url, headers=headers, timeout=GUARD_S, limits=limits) as client:
            threads = [threading.Thread(target=lambda: heard.append(listen(client, job))) for _ in range(60)]
            for thread in threads:
                thread.start()
            time.sleep(1.5)
            job_id, epoch = live.inside.start()
            live.inside.speak(job_id, epoch, "one", "two")
            live.inside.finish(job_id, epoch, RESULT)
            for thread in threads:
                thread.join(GUARD_S)
        assert len(heard) == 60
        assert all(texts(told) == ["one", "two"] and told[-1].type == "end" for told in heard)
        assert live.inside.services.live.watching == 0


def _body() -> dict[str, Any]:
    return {"kind": "video.caption", "params": {"video": {"url": "https://example.com/a.mp4"}}}
