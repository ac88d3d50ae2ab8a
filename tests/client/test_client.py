"""The client against a server process, both ways of it: jobs, events, waiting, downloads, and lines that break."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from bm3vl import ChatResult, Cue, JobView, VideoCaptionResult, finished, result_of
from bm3vl.answers import parsed
from bm3vl.documents.answers.events import EndEvent, ProgressEvent
from bm3vl.documents.kinds.base import MediaInput
from bm3vl.documents.kinds.video import VideoCaptionParams
from bm3vl.errors import ConnectionFailed, JobFailed, NotFound, UnknownAnswer, WaitTimeout
from tests.api.running_app import MP4
from tests.client.breaking_proxy import breaking_proxy
from tests.client.conftest import LiveServer, connected
from tests.waiting import GUARD_S

RESULT = {
    "cues": 2,
    "chunks": 2,
    "frames": 4,
    "duration_ms": 2000,
    "tokens_out": 8,
    "silent_chunks": 0,
    "provenance": {
        "model": "nano",
        "family": "bm3_vl",
        "engine": "fake",
        "dtype": "float32",
        "weights_sha256": "w" * 64,
        "versions": {},
        "code_version": "0.1.0",
        "seed": 0,
    },
}
CHAT_RESULT = {
    "text": "A frame.",
    "finish_reason": "stop",
    "prompt_tokens": 3,
    "completion_tokens": 3,
    "provenance": RESULT["provenance"],
}
HEADERS_BYTES = 700  # about what the server says before a body
PARAMS = {"video": {"url": "https://example.com/a.mp4"}}


@contextmanager
def later(act: Callable[[], None], delay_s: float = 0.5) -> Iterator[None]:
    """Do something meanwhile; its failure is the test's."""
    failed: list[BaseException] = []

    def run() -> None:
        time.sleep(delay_s)
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join()
    assert failed == []


def spoken(live_server: LiveServer, *texts: str) -> tuple[UUID, int]:
    """A running job that has said these; its id and epoch."""
    job_id = live_server.submitted(priority=100)
    claimed, epoch = live_server.worker.start()
    assert str(claimed) == job_id
    live_server.worker.speak(claimed, epoch, *texts)
    return claimed, epoch


@pytest.mark.slow
def test_jobs_are_documents(client: Any) -> None:
    video = MediaInput(url="https://example.com/typed.mp4")
    job = client.submit("video.caption", VideoCaptionParams(video=video, fps=1), labels={"from": "here"})
    assert isinstance(job, JobView)
    assert (job.state, job.kind, job.labels, job.params["fps"]) == ("queued", "video.caption", {"from": "here"}, 1)
    assert client.job(job).id == client.job(job.id).id == client.job(str(job.id)).id == job.id
    assert job.id in [one.id for one in client.jobs(label="from:here")]
    assert client.cancel(job).state == "canceled"
    with pytest.raises(JobFailed, match="canceled"):
        finished(client.job(job))
    client.delete(job)
    with pytest.raises(NotFound):
        client.job(job)


def test_a_chat_sends_files_and_pictures_of_this_machine(client: Any, live_server: LiveServer, tmp_path: Path) -> None:
    frame = tmp_path / "frame 1.mp4"
    frame.write_bytes(MP4)
    picture = Image.new("RGB", (8, 8), "red")
    content = [
        {"type": "video", "video": frame.as_uri(), "fps": 1.0},
        {"type": "video", "video": [picture, str(frame), "https://example.com/3.png"], "sample_fps": "1"},
        {"type": "image_url", "image_url": {"url": "https://example.com/4.png"}},
        {"type": "text", "text": "What is this?"},
    ]

    def answer() -> None:
        asked = live_server.worker.start()
        live_server.worker.finish(*asked, CHAT_RESULT)

    with later(answer):
        result = client.chat([{"role": "user", "content": content}], max_tokens=7)
    assert result.text == "A frame."
    (job,) = client.jobs(kind="chat.complete", most=1)
    parts = job.params["messages"][0]["content"]
    assert parts[0]["video"]["asset_id"] == parts[1]["video"][1]["asset_id"] is not None
    assert parts[1]["video"][0]["asset_id"] is not None  # sent inline, kept as an asset
    assert parts[1]["video"][2]["url"] == "https://example.com/3.png"
    assert job.params["max_tokens"] == 7


def test_a_chat_about_a_file_that_is_not_here_sends_nothing(client: Any) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        client.chat([{"role": "user", "content": [{"type": "image", "image": "/nowhere/a.png"}]}])


def test_a_batch_and_a_retry_are_documents_too(client: Any) -> None:
    first, second = client.submit_batch([{"kind": "video.caption", "params": PARAMS}] * 2)
    client.cancel(first)
    again = client.retry(first)
    assert again.retry_of == first.id
    assert [event.type for event in client.history(first).events][-1] == "job.canceled"
    for job in (second, again):
        client.cancel(job)


def test_most_ends_a_list(client: Any, live_server: LiveServer) -> None:
    made = [live_server.submitted() for _ in range(3)]
    assert [str(job.id) for job in client.jobs(most=2)] == made[:0:-1]
    for job_id in made:
        client.cancel(job_id)


def test_wait_tells_how_far_it_is_and_gives_the_result(client: Any, live_server: LiveServer) -> None:
    job_id, epoch = spoken(live_server, "one")
    heard: list[ProgressEvent] = []

    def go_on() -> None:
        live_server.worker.speak(job_id, epoch, "two", first=1)
        live_server.worker.finish(job_id, epoch, RESULT)

    with later(go_on):
        job = client.wait(job_id, timeout_s=60, on_progress=heard.append)
    assert result_of(job, VideoCaptionResult).cues == 2
    assert heard[0].done_ms == 1000
    assert isinstance(heard[0], ProgressEvent)
    with pytest.raises(TypeError, match="VideoCaptionResult"):
        result_of(job, ChatResult)


def test_waiting_ends_when_its_time_is_over_and_the_job_goes_on(client: Any, live_server: LiveServer) -> None:
    job_id = live_server.submitted()
    began = time.monotonic()
    with pytest.raises(WaitTimeout, match="within 1 s"):
        client.wait(job_id, timeout_s=1)
    assert 1 <= time.monotonic() - began < GUARD_S
    assert client.job(job_id).state == "queued"
    client.cancel(job_id)


def test_waiting_for_a_job_that_is_canceled_raises(client: Any, live_server: LiveServer) -> None:
    job_id = live_server.submitted()
    with (
        later(lambda: live_server.tenant.post(f"/v1/jobs/{job_id}/cancel")),
        pytest.raises(JobFailed, match="canceled"),
    ):
        client.wait(job_id)


def test_events_are_documents(client: Any, live_server: LiveServer) -> None:
    job_id, epoch = spoken(live_server, "one", "two")
    live_server.worker.finish(job_id, epoch, RESULT)
    documents = [event.document for event in client.watch(job_id)]
    assert [one.text for one in documents if isinstance(one, Cue)] == ["one", "two"]
    assert isinstance(documents[-1], EndEvent)
    assert documents[-1].state == "succeeded"


def test_a_broken_stream_goes_on_after_the_last_event(way: str, live_server: LiveServer) -> None:
    texts = [f"caption number {n}" for n in range(40)]
    job_id, epoch = spoken(live_server, *texts)
    live_server.worker.finish(job_id, epoch, {**RESULT, "cues": 40})
    with (
        breaking_proxy(live_server.server.port, 3000, 3000) as proxy,
        connected(way, proxy.url, live_server.key) as client,
    ):
        events = [*client.watch(job_id)]
    assert [event.data["text"] for event in events if event.type == "cue"] == texts
    assert len(proxy.requests) == 3
    assert b"last-event-id" not in proxy.requests[0].lower()
    assert all(b"last-event-id" in request.lower() for request in proxy.requests[1:])


def test_a_server_that_stays_away_ends_the_watching(way: str, live_server: LiveServer) -> None:
    job_id = live_server.submitted()
    with (
        breaking_proxy(live_server.server.port, 0, 0, 0, 0) as proxy,
        connected(way, proxy.url, live_server.key, retries=1) as client,
        pytest.raises(ConnectionFailed),
    ):
        [*client.watch(job_id)]
    live_server.tenant.post(f"/v1/jobs/{job_id}/cancel")


@pytest.fixture
def overlay(live_server: LiveServer) -> tuple[str, bytes]:
    """A job with a large file."""
    job_id, epoch = spoken(live_server, "one")
    data = bytes(range(256)) * 8000
    live_server.worker.finish(job_id, epoch, RESULT, **{"overlay.svg": data})
    return str(job_id), data


def test_a_download_that_breaks_begins_anew(
    way: str, live_server: LiveServer, overlay: tuple[str, bytes], tmp_path: Path
) -> None:
    job_id, data = overlay
    with (
        breaking_proxy(live_server.server.port, HEADERS_BYTES + 100_000, HEADERS_BYTES) as proxy,
        connected(way, proxy.url, live_server.key) as client,
    ):
        client.download(job_id, "overlay.svg", tmp_path / "overlay.svg")
    assert (tmp_path / "overlay.svg").read_bytes() == data
    assert len(proxy.requests) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["overlay.svg"]


def test_a_download_that_never_ends_leaves_everything_as_it_was(
    way: str, live_server: LiveServer, overlay: tuple[str, bytes], tmp_path: Path
) -> None:
    target = tmp_path / "overlay.svg"
    target.write_text("older")
    with (
        breaking_proxy(live_server.server.port, *[HEADERS_BYTES + 100_000] * 3) as proxy,
        connected(way, proxy.url, live_server.key, retries=1) as client,
        pytest.raises(ConnectionFailed),
    ):
        client.download(overlay[0], "overlay.svg", target)
    assert target.read_text() == "older"
    assert [path.name for path in tmp_path.iterdir()] == ["overlay.svg"]


def test_a_file_that_is_not_there_is_said_and_not_made(client: Any, overlay: tuple[str, bytes], tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        client.download(overlay[0], "other.svg", tmp_path / "other.svg")
    assert [*tmp_path.iterdir()] == []
    assert {file.name for file in client.files(overlay[0])} == {"overlay.svg"}
    assert client.read(overlay[0], "overlay.svg") == overlay[1]


def test_a_newer_server_may_say_more_but_nothing_that_is_not_understood(client: Any, live_server: LiveServer) -> None:
    body = client.get(f"/v1/jobs/{live_server.submitted()}")
    newer = {**body, "mood": "good", "progress": {**body["progress"], "mood": "good"}}
    assert parsed(JobView, newer).state == "queued"
    done = parsed(JobView, {**body, "state": "succeeded", "result": {**RESULT, "mood": "good"}})
    assert result_of(done, VideoCaptionResult).duration_ms == 2000
    with pytest.raises(ValueError, match="no result yet"):
        result_of(parsed(JobView, body), VideoCaptionResult)
    with pytest.raises(UnknownAnswer, match=r"state.*update bm3vl-client"):
        parsed(JobView, {**body, "state": "dreaming"})
    client.cancel(body["id"])


def test_a_file_is_uploaded_and_found_again(client: Any, tmp_path: Path) -> None:
    video = tmp_path / "film.mp4"
    video.write_bytes(MP4 + str(tmp_path).encode())
    heard: list[tuple[int, int]] = []
    asset = client.upload(video, lambda sent, size: heard.append((sent, size)))
    assert (asset.state, asset.size_bytes) == ("ready", video.stat().st_size)
    assert heard[-1] == (asset.size_bytes, asset.size_bytes)
    assert client.upload(video).id == asset.id
    job = client.submit("video.caption", {"video": {"asset_id": asset.id}})
    assert job.asset_id == asset.id
    client.cancel(job)
