"""`live` input: one session watches a source until it ends, is stopped, or its time is over; each attempt goes on at the edge."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from db.documents.kinds.live import LiveOptions, LiveOutcome, RecordedPart
from db.documents.kinds.video import Gap, VideoCaptionParams
from db.failures import Failure
from worker.context import Context
from worker.engine.protocol import Chunk
from worker.errors import Permanent, Stopped
from worker.video.caption_pass import CaptionPass
from worker.video.live.clocks import MediaClock, WallClock
from worker.video.live.queue import LiveEnd, PartQueue
from worker.video.live.reader import NOT_YET, Canvas, Following, LiveReader
from worker.video.live.recording import Recorder
from worker.video.source.decode import ClipEnd
from worker.video.source.frame_sampler import ClipPart
from worker.video.source.sample import SamplingGrid
from worker.video.stream import CHECKPOINT_CHUNKS, LiveTextLines, Restarts, Watched, checkpoint_of, tell_gaps
from worker.video.timings import Timings

LOOK_S = 0.2
BEAT_S = 1.0
RESTARTED = "the job was taken up again by a worker"
TIMED_CHUNKS = 50_000  # a day of chunks of two seconds: of older ones no timing is kept


@dataclass
class LiveState:
    """What a checkpoint holds beside the pass."""

    started_ms: int  # wall time of the timeline's 0, Unix
    canvas: Canvas | None = None
    reconnects: int = 0
    dropped_ms: int = 0
    recording: list[RecordedPart] = field(default_factory=list)
    recording_ended: str | None = None

    @classmethod
    def of(cls, resumed: dict[str, Any] | None) -> LiveState:
        """The state of a checkpoint, or one that begins now."""
        if resumed is None:
            return cls(round(time.time() * 1000))
        told = resumed["live"]
        canvas = told["canvas"]
        return cls(
            told["started_ms"],
            None if canvas is None else Canvas(canvas[0], canvas[1], (canvas[2], canvas[3])),
            told["reconnects"],
            told["dropped_ms"],
            [RecordedPart.model_validate(part) for part in told["recording"]],
            told["recording_ended"],
        )

    def document(self) -> dict[str, Any]:
        """The state as JSON for the checkpoint."""
        canvas = self.canvas
        return {
            "started_ms": self.started_ms,
            "canvas": None if canvas is None else [canvas.width_px, canvas.height_px, *canvas.frame_px],
            "reconnects": self.reconnects,
            "dropped_ms": self.dropped_ms,
            "recording": [part.model_dump() for part in self.recording],
            "recording_ended": self.recording_ended,
        }


@dataclass(frozen=True)
class WatchedLive:
    """What came of a live source."""

    watched: Watched
    frame_px: tuple[int, int]
    outcome: LiveOutcome


def watch_live(params: VideoCaptionParams, job: Context) -> WatchedLive:
    """Follow the source to its end. Every cue is stored when this returns.

    Raises Permanent(FETCH_FAILED) when no picture ever came, and what makes the source impossible; lets `Stopped` pass once
    what was watched is in a checkpoint.
    """
    following = _Following(params, job)
    with closing(following):
        try:
            end = following.until_end()
        except Stopped:
            job.emit((), following.checkpoint())
            following.leave()
            raise
        return following.watched(end)


class _Following:
    """One attempt at following a source."""

    def __init__(self, params: VideoCaptionParams, job: Context) -> None:
        self._params, self._job = params, job
        self._options = params.live or LiveOptions()
        resumed = checkpoint_of(job, "live")
        self._state = LiveState.of(resumed)
        self._reconnects, self._dropped_ms = self._state.reconnects, self._state.dropped_ms
        self._timings = Timings(TIMED_CHUNKS)
        viewing = resumed["viewing"] if resumed else None
        self._pass = CaptionPass(job.engine, params, viewing, timings=self._timings, snapshots=job.snapshots)
        self._restarts = Restarts.of(resumed)
        self._grows = params.video.asset_id is not None
        self._began = time.monotonic() - max(0.0, time.time() - self._state.started_ms / 1000)
        self._text = LiveTextLines(job.text)
        self._beaten = 0.0
        self._stored_parts = len(self._state.recording)
        self._parts = PartQueue(params.chunk_ms, None if self._grows else self._now_ms)
        first_chunk = self._first_chunk(resumed is not None)
        self._reader = self._reader_from(first_chunk, resumed is not None)
        self._tell_missed(first_chunk)
        self._reader.start()

    def until_end(self) -> LiveEnd:
        """Watch part after part. Raises Stopped, and what the reader or the engine raises."""
        while True:
            if self._job.finishing:
                self._reader.stop()
            elif self._is_over():  # also when the reader waits for a source that is silent
                self._reader.stop("max_duration")
            part = self._parts.take(LOOK_S)
            if isinstance(part, LiveEnd):
                return part
            if part is None:
                self._job.text("")  # not a caption: only the chance to be stopped
                self._tell_progress()
                continue
            self._beat(part.chunk.end_ms)
            self._watch(part)

    def watched(self, end: LiveEnd) -> WatchedLive:
        """The result's material, once the last cue is stored."""
        if self._reader.canvas is None:
            why = self._reader.trouble or NOT_YET
            if not self._job.finishing:
                raise Permanent(Failure.FETCH_FAILED, f"no picture of the live source was ever seen: {why}")
        cues = self._pass.finish((), self._text.chunk())
        self._job.emit(cues, self.checkpoint())
        tell_gaps(self._job, self._pass.closed_gaps())
        frame_px = self._reader.canvas.frame_px if self._reader.canvas else (0, 0)
        watched = Watched(
            self._pass.cues,
            ClipEnd(end.end_ms, truncated=False),
            self._pass.tally,
            self._pass.gaps,
            resumed_at_ms=self._restarts.resumed_at_ms,
            replayed_from_ms=self._restarts.replayed_from_ms,
            refreshed_at_ms=self._pass.refreshed_at_ms,
            timings=self._timings,
        )
        return WatchedLive(watched, frame_px, self._outcome(end))

    def checkpoint(self) -> dict[str, Any]:
        """JSON-able; bounded but for the list of recorded parts."""
        self._take_state()
        viewing = self._pass.state()
        names = viewing["session"].get("snapshots", ())
        return {
            "mode": "live",
            "viewing": viewing,
            "live": self._state.document(),
            "resumed_at_ms": self._restarts.resumed_at_ms,
            "replayed_from_ms": self._restarts.replayed_from_ms,
            **({"snapshots": list(names)} if names else {}),
        }

    def leave(self) -> None:
        """Let go of the source; the part of a recording that ends with that is in the checkpoint, too."""
        self._reader.close()
        if len(self._state.recording) != self._stored_parts:
            self._job.emit((), self.checkpoint())

    def close(self) -> None:
        self._reader.close()
        self._pass.close()

    def _reader_from(self, first_chunk: int, resumed: bool) -> LiveReader:
        params, options, engine = self._params, self._options, self._job.engine
        how = Following(
            self._job.connect,
            params.video.url,
            lambda width, height: engine.frame_size(width, height, params.max_frame_pixels),
            None if self._grows else self._now_s,
            None if options.max_duration_ms is None or self._grows else Fraction(options.max_duration_ms, 1000),
            options.give_up_ms / 1000,
        )
        state = self._state
        recorder = None
        if options.record and state.recording_ended is None:
            recorder = Recorder(self._job.record, options.max_record_bytes, state.recording)
        start_s = Fraction(first_chunk * params.chunk_ms, 1000)
        return LiveReader(
            how,
            MediaClock() if self._grows else WallClock(start_s if resumed else None),
            SamplingGrid.of(0, params.fps, params.chunk_ms),
            first_chunk,
            self._parts,
            recorder,
            state.canvas,
            RESTARTED if resumed else NOT_YET,
        )

    def _first_chunk(self, resumed: bool) -> int:
        """Where this attempt begins: an upload is read again, of a source that happens the time before is a gap."""
        if not resumed:
            return 0
        if self._grows:
            self._restarts = self._restarts.add(
                self._pass.next_chunk * self._params.chunk_ms, self._pass.decode_from_chunk * self._params.chunk_ms
            )
            return self._pass.decode_from_chunk
        self._pass.lose_sight()
        chunk = max(self._pass.next_chunk, self._now_ms() // self._params.chunk_ms)
        self._restarts = self._restarts.add(chunk * self._params.chunk_ms, chunk * self._params.chunk_ms)
        return chunk

    def _tell_missed(self, first_chunk: int) -> None:
        """What happened while no worker followed the source is a gap."""
        chunk_ms, last = self._params.chunk_ms, self._pass.next_chunk
        if first_chunk > last:
            gap = Gap(start_ms=last * chunk_ms, end_ms=first_chunk * chunk_ms, reason=RESTARTED)
            chunk = Chunk(first_chunk - 1, (first_chunk - 1) * chunk_ms, first_chunk * chunk_ms, ())
            self._watch(ClipPart(chunk, (gap,)))

    def _watch(self, part: ClipPart) -> None:
        cues = self._pass.process(part, self._text.chunk())
        gaps = self._pass.closed_gaps(part.chunk.end_ms)
        tell_gaps(self._job, gaps)
        recorded = len(self._state.recording) != self._stored_parts
        if cues or gaps or recorded or self._pass.next_chunk % CHECKPOINT_CHUNKS == 0:
            self._job.emit(cues, self.checkpoint())
            self._stored_parts = len(self._state.recording)

    def _take_state(self) -> None:
        """What the reader has counted, added to what earlier attempts had."""
        reader = self._reader
        self._state.canvas = reader.canvas
        self._state.reconnects = self._reconnects + reader.reconnects
        self._state.dropped_ms = self._dropped_ms + self._parts.dropped_ms
        if reader.recorder is not None:
            if self._job.recording_ended is not None:
                reader.recorder.end(self._job.recording_ended)
            self._state.recording_ended = reader.recorder.ended

    def _outcome(self, end: LiveEnd) -> LiveOutcome:
        self._take_state()
        gap_ms = covered_ms(self._pass.gaps, end.end_ms)
        return LiveOutcome(
            started_at=datetime.fromtimestamp(self._state.started_ms / 1000, UTC),
            ended=end.ended,
            captioned_ms=end.end_ms - gap_ms,
            gap_ms=gap_ms,
            reconnects=self._state.reconnects,
            dropped_ms=self._state.dropped_ms,
            recording=self._state.recording,
            recording_ended=self._state.recording_ended,
        )

    def _beat(self, done_ms: int) -> None:
        self._beaten = time.monotonic()
        trouble = self._reader.trouble
        self._job.beat(done_ms, self._options.max_duration_ms, f"connecting: {trouble}" if trouble else "live")

    def _tell_progress(self) -> None:
        """Time passes although nothing comes: it is no stall."""
        if time.monotonic() - self._beaten >= BEAT_S:
            done_ms = self._pass.next_chunk * self._params.chunk_ms
            self._beat(done_ms if self._grows else max(done_ms, self._now_ms()))

    def _is_over(self) -> bool:
        most_ms = self._options.max_duration_ms
        return most_ms is not None and self._now_ms() >= most_ms

    def _now_ms(self) -> int:
        return round((time.monotonic() - self._began) * 1000)

    def _now_s(self) -> Fraction:
        return Fraction(self._now_ms(), 1000)


def covered_ms(gaps: Sequence[Gap], end_ms: int) -> int:
    """How much of a timeline lies in gaps, which may touch or overlap."""
    covered = reached = 0
    for gap in sorted(gaps, key=lambda one: one.start_ms):
        stop = end_ms if gap.end_ms is None else min(gap.end_ms, end_ms)
        covered += max(0, stop - max(gap.start_ms, reached))
        reached = max(reached, stop)
    return covered
