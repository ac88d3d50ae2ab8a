"""Live sources over real servers of each protocol, a source that changes while it is watched, and an upload that grows."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from db.assets import assets
from db.jobs import jobs
from db.schema.base import new_id
from db.schema.tables import State
from tests.worker.supervisor.worker_harness import WorkerHarness, now
from tests.worker.video.live.leaping import LeapingCamera
from tests.worker.video.live.live_job import LiveJob, accounted
from tests.worker.video.live.playlist_server import PlaylistServer
from tests.worker.video.live.servers import RtmpServer, RtspServer, SrtServer
from worker.video.live.reader import NO_PICTURE

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
RATE, SECONDS = 10, 12


@pytest.fixture
def serve() -> Iterator[Callable[[Any], Any]]:
    """Keep a server until the test ends."""
    with contextlib.ExitStack() as stack:

        def keep(server: Any) -> Any:
            stack.callback(server.cut)
            return server

        yield keep


def result_of(job: LiveJob) -> dict[str, Any]:
    """Of a job that has succeeded, every millisecond accounted for."""
    row = job.row
    assert (row.state, row.failure_message) == (State.SUCCEEDED, None)
    accounted(job)
    assert row.result is not None
    return row.result


def everything_told(job: LiveJob) -> str:
    """All that anybody may read of a job's work."""
    with job.harness.database.read() as session:
        files = [job.harness.objects.read(file.object_key) for file in jobs.files(session, job.id)]
    return f"{job.row.result} {job.harness.events(job.id)} {files}"


def test_rtmp_is_captioned_and_its_stream_key_is_kept(
    harness: WorkerHarness, serve: Callable[[Any], Any], tmp_path: Path
) -> None:
    server = serve(RtmpServer(tmp_path))
    job = LiveJob(harness, server.url, record=True)
    job.until_cues(3)
    job.stop()
    told = result_of(job)["live"]
    assert told["captioned_ms"] > 0
    assert told["recording"]
    assert "stream-key" not in everything_told(job)


@pytest.mark.parametrize("passphrase", ["", "a-long-passphrase"])
def test_srt_is_captioned_and_its_passphrase_is_kept(
    harness: WorkerHarness, serve: Callable[[Any], Any], passphrase: str
) -> None:
    server = serve(SrtServer(passphrase))
    job = LiveJob(harness, server.url)
    job.until_cues(3)
    job.stop()
    assert result_of(job)["live"]["captioned_ms"] > 0
    assert not passphrase or passphrase not in everything_told(job)


def test_srt_with_the_wrong_passphrase_fails_and_says_where_to_look(
    harness: WorkerHarness, serve: Callable[[Any], Any]
) -> None:
    server = serve(SrtServer("a-long-passphrase"))
    job = LiveJob(harness, f"srt://127.0.0.1:{server.port}?passphrase=another-passphrase", give_up_ms=3000)
    job.ended()
    assert job.row.state is State.FAILED
    assert "passphrase" in (job.row.failure_message or "")
    assert "another-passphrase" not in (job.row.failure_message or "")


def test_a_source_that_changes_its_size_and_rate_is_followed(
    harness: WorkerHarness, serve: Callable[[Any], Any]
) -> None:
    server = serve(RtspServer())
    job = LiveJob(harness, server.url)
    for change in ("bitrate 60000", "size 176 144", "size 640 360"):
        job.until_cues(job.row.cue_count + 2)
        server.order(change)
    job.until_cues(job.row.cue_count + 3)
    job.stop()
    assert result_of(job)["live"]["ended"] == "stopped"


def test_a_clock_that_is_set_moves_no_caption(harness: WorkerHarness, serve: Callable[[Any], Any]) -> None:
    camera = serve(LeapingCamera())
    job = LiveJob(harness, camera.url)
    job.until_cues(2)
    for leap_s in (3600, -7200, 5, -5):
        camera.leap(leap_s)
        job.until_cues(job.row.cue_count + 2)
    job.stop()
    result = result_of(job)
    told = [gap for gap in result["gaps"] if "leap" in gap["reason"]]
    assert 1 <= len(told) <= 4, "one in a chunk that a busy machine skips is not told"
    assert {gap["end_ms"] - gap["start_ms"] for gap in told} == {0}
    assert result["live"]["reconnects"] == 0
    assert NO_PICTURE not in {gap["reason"] for gap in result["gaps"]}
    passed_s = time.time() - datetime.fromisoformat(result["live"]["started_at"]).timestamp()
    assert result["duration_ms"] / 1000 <= passed_s + 1, (
        "a leap that had counted would be five seconds; a picture is shown for a moment"
    )


def test_a_playlist_whose_stretches_have_clocks_of_their_own_is_one_timeline(
    harness: WorkerHarness, serve: Callable[[Any], Any], tmp_path: Path
) -> None:
    """The segments after each discontinuity begin at another time, as advertisements between a programme do."""
    playlist = serve(PlaylistServer(tmp_path, starts_s=(5000, 0, 90_000)))
    job = LiveJob(harness, playlist.url)
    job.ended()
    result = result_of(job)
    assert result["live"]["ended"] == "source_ended"
    assert result["duration_ms"] == pytest.approx(1000 * playlist.length_s, abs=15_000), "and not a day"
    assert NO_PICTURE not in {gap["reason"] for gap in result["gaps"]}


def test_the_end_that_was_asked_for_is_the_end(harness: WorkerHarness, serve: Callable[[Any], Any]) -> None:
    server = serve(RtspServer())
    job = LiveJob(harness, server.url, max_duration_ms=8000)
    job.ended()
    result = result_of(job)
    assert result["live"]["ended"] == "max_duration"
    assert result["duration_ms"] == 8000


class Growing:
    """An upload that grows as it is told to."""

    def __init__(self, harness: WorkerHarness, body: bytes) -> None:
        self._harness, self._body = harness, body
        new = assets.NewAsset(new_id(), harness.tenant_id, "film.ts", "video/mp2t", len(body))
        self._started = harness.objects.start_upload(new.object_key, len(body), "video/mp2t")
        with harness.database.write() as session:
            asset, _ = assets.begin(session, now(), new, self._started, "offset")
            self.id = asset.id
        self._sent = 0

    def send(self, share: float) -> None:
        """Up to such a share of it."""
        to = round(share * len(self._body))
        while self._sent < to:
            piece = self._body[self._sent : min(to, self._sent + 65536)]
            self._sent = self._harness.objects.append(self._started, self._sent, piece)

    def complete(self) -> None:
        with self._harness.database.write() as session:
            assets.verifying(session, self.id)
        time.sleep(1)  # as long as a store may take: the job sees neither the upload nor the object as settled
        self._harness.objects.complete_upload(self._started)
        with self._harness.database.write() as session:
            assets.ready(session, now(), self.id, assets.Verified(len(self._body), "0" * 64, "video/mp2t"))


def transport_stream(path: Path) -> bytes:
    """Seconds of noise, large enough that FFmpeg does not swallow it whole at the first look."""
    noise = np.random.default_rng(1)
    with av.open(str(path), "w", format="mpegts") as container:
        stream = container.add_stream("libx264", RATE, options={"preset": "ultrafast", "g": "10", "crf": "18"})
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for _ in range(RATE * SECONDS):
            image = noise.integers(0, 256, (120, 160, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image)))
        container.mux(stream.encode(None))
    return path.read_bytes()


def test_an_upload_is_captioned_while_it_grows(harness: WorkerHarness, tmp_path: Path) -> None:
    upload = Growing(harness, transport_stream(tmp_path / "film.ts"))
    job = LiveJob(harness, {"asset_id": str(upload.id)})
    upload.send(0.5)
    job.until_cues(2)
    assert job.row.state is State.RUNNING
    upload.send(0.8)
    before = job.row.cue_count
    job.until_cues(before + 1)
    upload.send(1.0)
    upload.complete()
    job.ended()
    result = result_of(job)
    assert result["live"]["ended"] == "source_ended"
    assert result["duration_ms"] == pytest.approx(SECONDS * 1000, abs=200)
    assert (result["live"]["gap_ms"], result["live"]["reconnects"]) == (0, 0)


def test_an_upload_that_is_stopped_keeps_what_had_come(harness: WorkerHarness, tmp_path: Path) -> None:
    upload = Growing(harness, transport_stream(tmp_path / "film.ts"))
    upload.send(0.6)
    job = LiveJob(harness, {"asset_id": str(upload.id)})
    job.until_cues(2)
    job.stop()
    result = result_of(job)
    assert result["live"]["ended"] == "stopped"
    assert 0 < result["duration_ms"] < SECONDS * 1000


def test_an_upload_that_stalls_ends_after_the_wall_time_that_was_asked_for(
    harness: WorkerHarness, tmp_path: Path
) -> None:
    upload = Growing(harness, transport_stream(tmp_path / "film.ts"))
    upload.send(0.6)
    job = LiveJob(harness, {"asset_id": str(upload.id)}, max_duration_ms=10_000)
    job.ended()
    assert result_of(job)["live"]["ended"] == "max_duration"
