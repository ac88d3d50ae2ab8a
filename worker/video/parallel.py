"""`parallel` mode: the clip's segments are watched at the same time, as streams of one engine, and joined in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event
from typing import Any

from db.documents.kinds.video import Cue, Gap, VideoCaptionParams
from worker.context import Context
from worker.errors import Stopped, Transient
from worker.video.caption_pass import CaptionPass, PassTally, continued
from worker.video.cue_merge import Joiner, SegmentSpan, spans
from worker.video.source.clip_source import ClipSource
from worker.video.source.decode import ClipEnd
from worker.video.source.frame_sampler import ClipPart
from worker.video.source.prefetch import prefetched
from worker.video.stream import CHECKPOINT_CHUNKS, Watched, checkpoint_of, tell_gaps
from worker.video.timings import Timings

SEGMENT_TRIES = 2  # a segment that fails for a passing reason is watched again, alone, from its last state
DECODER_THREADS = 1  # the segments are the parallelism


@dataclass(frozen=True)
class SegmentReport:
    """One step of a segment. Cues come together with the state that covers them; `is_due`: it is to be stored now."""

    segment: int
    next_chunk: int
    state: dict[str, Any]
    cues: tuple[Cue, ...] = ()
    gaps: tuple[Gap, ...] = ()
    is_due: bool = True


def watch_parallel(params: VideoCaptionParams, job: Context, source: ClipSource) -> Watched:
    """Watch a clip in segments, each from its last state if there is a checkpoint. Every cue is stored on return.

    Lets `Stopped` pass once what was watched is in a checkpoint.
    """
    segments = spans(params, source.total_ms)
    progress = _SegmentProgress(segments, params, checkpoint_of(job, "parallel"))
    segment_pool = _SegmentPool(params, job, source)
    try:
        with ThreadPoolExecutor(len(segments), thread_name_prefix="segment") as pool:
            try:
                segment_pool.start(pool, segments, progress)
                while not progress.complete:
                    _take(segment_pool.next_report(pool, progress), job, source, progress)
            finally:
                segment_pool.stop.set()
    except Stopped:
        _leave(segment_pool.untaken_reports(), job, progress)
        raise
    return progress.watched(segment_pool.timings)


def _take(report: SegmentReport, job: Context, source: ClipSource, progress: _SegmentProgress) -> None:
    """Book one report: the cues it makes final are stored with a checkpoint of all segments."""
    tell_gaps(job, list(report.gaps))
    cues = progress.book(report)
    if report.is_due:
        job.emit(cues, progress.checkpoint())
    job.beat(progress.done_ms, source.total_ms)


def _leave(reports: Iterable[SegmentReport], job: Context, progress: _SegmentProgress) -> None:
    """Store all that was watched, so that whoever goes on need not do it again."""
    cues: list[Cue] = []
    for report in reports:
        tell_gaps(job, list(report.gaps))
        cues += progress.book(report)
    job.emit(cues, progress.checkpoint(), progress.done_ms)


class _SegmentPool:
    """The threads that watch; only the thread that started them talks to the job."""

    def __init__(self, params: VideoCaptionParams, job: Context, source: ClipSource) -> None:
        self.stop = Event()
        self.timings = Timings()
        self._params = params
        self._engine = job.engine
        self._source = source
        self._inbox: SimpleQueue[SegmentReport | tuple[SegmentSpan, Future[None]]] = SimpleQueue()
        self._tries: dict[int, int] = {}

    def start(self, pool: ThreadPoolExecutor, segments: Iterable[SegmentSpan], progress: _SegmentProgress) -> None:
        """Watch every segment that is not finished."""
        for segment in segments:
            state = progress.states[segment.index]
            if not (state and state["end"]):
                self._tries[segment.index] = self._tries.get(segment.index, 0) + 1
                future = pool.submit(self._watch, segment, state)
                future.add_done_callback(lambda done, of=segment: self._inbox.put((of, done)))  # type: ignore[misc]

    def next_report(self, pool: ThreadPoolExecutor, progress: _SegmentProgress) -> SegmentReport:
        """The next step of any segment. Raises what a segment raised, unless it is worth another try."""
        while not isinstance(message := self._inbox.get(), SegmentReport):
            segment, future = message
            failure = future.exception()
            if isinstance(failure, Transient) and self._tries[segment.index] < SEGMENT_TRIES:
                self.start(pool, [segment], progress)
            elif failure is not None:
                raise failure
        return message

    def untaken_reports(self) -> Iterator[SegmentReport]:
        """The steps that were made after the last one was asked for; to be called once all threads have ended."""
        while not self._inbox.empty():
            message = self._inbox.get()
            if isinstance(message, SegmentReport):
                yield message

    def _watch(self, segment: SegmentSpan, state: dict[str, Any] | None) -> None:
        caption_pass = CaptionPass(
            self._engine,
            self._params,
            state["viewing"] if state else None,
            timings=self.timings,
            first_chunk=segment.warm_chunk,
            heard_from=segment.first_chunk,
        )
        source = self._source.parts(caption_pass.decode_from_chunk, segment.end_chunk, DECODER_THREADS)
        with closing(caption_pass), prefetched(source) as parts:
            for part in parts:
                self._on_text("")
                self._inbox.put(self._step(part, caption_pass, segment))

    def _step(self, part: ClipPart | ClipEnd, caption_pass: CaptionPass, segment: SegmentSpan) -> SegmentReport:
        if isinstance(part, ClipEnd):
            cues = caption_pass.finish(part.gaps, self._on_text)
            gaps = caption_pass.closed_gaps()
            state: dict[str, Any] = {"viewing": caption_pass.state(), "end": _end_document(part)}
            return SegmentReport(segment.index, caption_pass.next_chunk, state, tuple(cues), tuple(gaps))
        cues = caption_pass.process(part, self._on_text)
        gaps = caption_pass.closed_gaps(part.chunk.end_ms)
        is_due = bool(cues) or caption_pass.next_chunk % CHECKPOINT_CHUNKS == 0
        state = {"viewing": caption_pass.state(), "end": None}
        return SegmentReport(segment.index, caption_pass.next_chunk, state, tuple(cues), tuple(gaps), is_due)

    def _on_text(self, piece: str) -> None:
        """Words of several places at once are no live view; the call is only the chance to stop."""
        if self.stop.is_set():
            raise Stopped


class _SegmentProgress:
    """The last state of every segment and the cues joined so far: all that a checkpoint of this mode holds."""

    def __init__(
        self, segments: Sequence[SegmentSpan], params: VideoCaptionParams, resumed: dict[str, Any] | None
    ) -> None:
        count = len(segments)
        self.states: list[dict[str, Any] | None] = list(resumed["segments"]) if resumed else [None] * count
        self.resumed_at_ms: list[int] = list(resumed["resumed_at_ms"]) if resumed else []
        self._segments = segments
        self._chunk_ms = params.chunk_ms
        self._next = [_next_chunk(state, segment) for state, segment in zip(self.states, segments, strict=True)]
        self._joiner = Joiner(count, params.max_cue_ms, resumed["joiner"] if resumed else None)
        if resumed:
            self.resumed_at_ms += [
                params.start_ms + chunk * params.chunk_ms
                for chunk, state in zip(self._next, self.states, strict=True)
                if not (state and state["end"])
            ]

    @property
    def complete(self) -> bool:
        return all(state is not None and state["end"] is not None for state in self.states)

    @property
    def done_ms(self) -> int:
        """Video time behind in all segments together, warm-ups not counted."""
        own = (max(0, chunk - segment.first_chunk) for chunk, segment in zip(self._next, self._segments, strict=True))
        return sum(own) * self._chunk_ms

    def book(self, report: SegmentReport) -> list[Cue]:
        """Keep a report and return the cues it makes final."""
        self._next[report.segment] = report.next_chunk
        self.states[report.segment] = report.state
        return self._joiner.add(report.segment, report.cues, report.state["end"] is not None)

    def checkpoint(self) -> dict[str, Any]:
        return {
            "mode": "parallel",
            "segments": list(self.states),
            "joiner": self._joiner.state(),
            "resumed_at_ms": self.resumed_at_ms,
        }

    def watched(self, timings: Timings) -> Watched:
        """The segments as one, once all are complete."""
        done = [state for state in self.states if state is not None]
        gaps: list[Gap] = []
        for state in done:
            gaps = continued(gaps, [Gap.model_validate(gap) for gap in state["viewing"]["gaps"]])
        tally = sum((PassTally(**state["viewing"]["tally"]) for state in done), PassTally())
        end = _joined_end([state["end"] for state in done])
        refreshed = sorted(at for state in done for at in state["viewing"]["refreshed_at_ms"])
        return Watched(
            self._joiner.count, end, tally, gaps, self.resumed_at_ms, refreshed_at_ms=refreshed, timings=timings
        )


def _next_chunk(state: dict[str, Any] | None, segment: SegmentSpan) -> int:
    return state["viewing"]["next_chunk"] if state else segment.warm_chunk


def _end_document(end: ClipEnd) -> dict[str, Any]:
    return {"end_ms": end.end_ms, "truncated": end.truncated}


def _joined_end(ends: Sequence[dict[str, Any]]) -> ClipEnd:
    """The first break decides; in a whole file the last segment does."""
    breaks = [end for end in ends if end["truncated"]]
    last = breaks[0] if breaks else ends[-1]
    return ClipEnd(last["end_ms"], last["truncated"])
