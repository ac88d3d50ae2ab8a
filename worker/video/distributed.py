"""`parallel` mode over several workers: the clip's segments as jobs of their own, and what they left joined into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from db.documents.kinds.video import Cue, Gap, VideoCaptionParams, VideoCaptionResult
from db.failures import RETRYABLE, Failure
from worker.context import Context
from worker.errors import Permanent
from worker.streaming.segments import ClipSegment, cut, merge
from worker.video.caption_pass import PassTally, continued
from worker.video.source.clip_source import ClipSource
from worker.video.source.decode import ClipEnd
from worker.video.stream import Watched, tell_gaps

CUES_AT_ONCE = 500  # stored together with one checkpoint


@dataclass(frozen=True)
class SplitJobs:
    """What a handler returns instead of a result: submit these parameters as jobs, and call it again when all have ended."""

    segments: tuple[dict[str, Any], ...]


class SegmentResult(Protocol):
    """How a segment's job ended and what it left."""

    @property
    def index(self) -> int:
        """Which part of the video, from 0."""

    @property
    def result(self) -> dict[str, Any] | None:
        """The result document of the part, once it has one."""

    @property
    def failure(self) -> Failure | None:
        """Why the part failed, if it did."""

    @property
    def cues(self) -> Sequence[Cue]:
        """Cues that the job of the part has stored."""


@runtime_checkable
class SplittingContext(Protocol):
    """A context of a service whose jobs may be split. `segments` is empty until they have ended."""

    may_split: bool
    segments: Sequence[SegmentResult]


def split(params: VideoCaptionParams, source: ClipSource) -> SplitJobs:
    """The parameters of each segment's job: an ordinary stream over its part, warm-up included."""
    segments = _segments(params, source)
    common = params.model_dump(mode="json") | {"mode": "stream", "spread": "engine", "chapters": False}
    ends = [segment.end_ms for segment in segments[:-1]] + [params.end_ms]
    return SplitJobs(
        tuple(
            common | {"start_ms": segment.warmup_start_ms, "end_ms": end_ms}
            for segment, end_ms in zip(segments, ends, strict=True)
        )
    )


def join(params: VideoCaptionParams, job: Context, source: ClipSource, outcomes: Sequence[SegmentResult]) -> Watched:
    """The segments' cues and gaps as those of this job, every cue stored. Raises Permanent with the code of the first
    segment that failed, after the cues of the others are stored and its gap is announced."""
    segments = _segments(params, source)
    ended = sorted(outcomes, key=lambda outcome: outcome.index)
    parts = [(segment, _own(params, segment, ended[segment.index].cues)) for segment in segments]
    cues = merge(parts)
    stored = (job.resume or {}).get("joined", 0)
    for at in range(stored, len(cues), CUES_AT_ONCE):
        done = min(at + CUES_AT_ONCE, len(cues))
        job.emit(cues[at:done], {"split": len(segments), "joined": done})
    gaps: list[Gap] = []
    for (segment, own), outcome in zip(parts, ended, strict=True):
        gaps = continued(gaps, _gaps(segment, own, outcome))
    tell_gaps(job, gaps)
    _refuse_failed(ended)
    return Watched(len(cues), _end(segments, ended), _tally(params, segments, ended), gaps, [])


def _segments(params: VideoCaptionParams, source: ClipSource) -> tuple[ClipSegment, ...]:
    clip = (params.start_ms, params.start_ms + source.total_ms)
    return cut(clip, params.segments, params.chunk_ms, params.warmup_ms)


def _own(params: VideoCaptionParams, segment: ClipSegment, cues: Sequence[Cue]) -> list[Cue]:
    """A segment's cues with the chunk numbers of the whole clip."""
    shift = (segment.warmup_start_ms - params.start_ms) // params.chunk_ms
    numbers = ((cue.chunk_first + shift, cue.chunk_last + shift) for cue in cues)
    return [
        cue.model_copy(update={"chunk_first": first, "chunk_last": last})
        for cue, (first, last) in zip(cues, numbers, strict=True)
    ]


def _gaps(segment: ClipSegment, cues: Sequence[Cue], outcome: SegmentResult) -> list[Gap]:
    """The gaps inside a segment; for one that failed, all after its last cue."""
    if outcome.result is None:
        start_ms = max([segment.start_ms, *(cue.end_ms for cue in cues)])
        reason = f"this segment failed: {outcome.failure or Failure.INTERNAL}"
        return [Gap(start_ms=start_ms, end_ms=max(start_ms, segment.end_ms), reason=reason)]
    gaps = VideoCaptionResult.model_validate(outcome.result).gaps
    inside = [gap for gap in gaps if gap.end_ms is None or gap.end_ms > segment.start_ms]
    return [gap.model_copy(update={"start_ms": max(gap.start_ms, segment.start_ms)}) for gap in inside]


def _refuse_failed(outcomes: Sequence[SegmentResult]) -> None:
    for outcome in outcomes:
        if outcome.result is None:
            code = outcome.failure or Failure.INTERNAL
            code = Failure.RETRIES_EXHAUSTED if code in RETRYABLE else code
            raise Permanent(
                code, f"segment {outcome.index + 1} of {len(outcomes)} failed; the captions of the others are kept"
            )


def _end(segments: Sequence[ClipSegment], outcomes: Sequence[SegmentResult]) -> ClipEnd:
    """The clip ends where its last segment did."""
    last = VideoCaptionResult.model_validate(outcomes[-1].result)
    return ClipEnd(segments[-1].warmup_start_ms + last.duration_ms, truncated=False)


def _tally(params: VideoCaptionParams, segments: Sequence[ClipSegment], outcomes: Sequence[SegmentResult]) -> PassTally:
    """Counts of all segments; frames and tokens of the warm-ups were spent and count, their chunks do not."""
    total = PassTally()
    for segment, outcome in zip(segments, outcomes, strict=True):
        result = VideoCaptionResult.model_validate(outcome.result)
        warm = (segment.start_ms - segment.warmup_start_ms) // params.chunk_ms
        counts = (result.frames, result.tokens_out, result.silent_chunks, result.skipped_frames)
        spent = result.spent.model_dump()
        total += PassTally(max(0, result.chunks - warm), *counts, **spent, cues_without_data=result.cues_without_data)
        if result.resent is not None:
            total += PassTally(**result.resent.model_dump())
    return total
