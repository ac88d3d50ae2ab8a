"""One pass of one session over consecutive chunks: what was said becomes cues, what was damaged becomes gaps."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path
from typing import Any

from db.documents.kinds.video import Cue, Gap, Resent, Spent, VideoCaptionParams
from worker.engine.protocol import NO_SNAPSHOTS, Chunk, Engine, ModelInfo, OnText, Reply, RequestCost, WatchOptions
from worker.video.captions import CaptionTrack
from worker.video.cue_data import CueData
from worker.video.refresh import RefreshPolicy
from worker.video.source.frame_sampler import ClipPart
from worker.video.source.similar import without_similar
from worker.video.timings import ChunkTiming, Timings

MAX_GAPS = 1000  # a video damaged in more places than this gets its last gap prolonged instead


@dataclass
class PassTally:
    """What one pass has counted so far."""

    chunks: int = 0
    frames: int = 0
    tokens_out: int = 0
    silent_chunks: int = 0
    skipped_frames: int = 0
    decode_s: float = 0.0
    vision_s: float = 0.0
    prefill_s: float = 0.0
    reply_s: float = 0.0
    whole_s: float = 0.0
    cues_without_data: int = 0
    requests: int = 0
    frames_sent: int = 0
    frames_resent: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    resent_tokens: int = 0

    @property
    def resent(self) -> Resent | None:
        """What a server that forgets was sent; None where the engine remembers."""
        return Resent(**{name: getattr(self, name) for name in Resent.model_fields}) if self.requests else None

    @property
    def spent(self) -> Spent:
        """Where the time went."""
        return Spent(**{name: round(getattr(self, name), 3) for name in Spent.model_fields})

    def count(self, timing: ChunkTiming, frames: int, cost: RequestCost) -> None:
        """Add what one chunk took, whether its words count or not."""
        self.frames += frames
        for name, value in asdict(cost).items():
            setattr(self, name, getattr(self, name) + value)
        self.tokens_out += timing.tokens
        for name in Spent.model_fields:
            setattr(self, name, getattr(self, name) + getattr(timing, name))

    def state(self) -> dict[str, Any]:
        """JSON-able. What is zero is left out: the release before, which does not know the newer counts, may go on with
        this state in a rolling upgrade."""
        return {name: count for name, count in asdict(self).items() if count}

    def __add__(self, other: PassTally) -> PassTally:
        return PassTally(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


def watch_options(params: VideoCaptionParams, model: ModelInfo) -> WatchOptions:
    """How a session of this model is opened for these parameters."""
    return WatchOptions(
        prompt=params.prompt,
        system=params.system,
        window=params.window or model.window,
        sampling=params.sampling,
        fps=params.fps,
        chunk_ms=params.chunk_ms,
        max_frame_pixels=params.max_frame_pixels,
        max_tokens_per_chunk=params.max_tokens_per_chunk,
        silence_threshold=params.silence_threshold,
        may_refresh=params.refresh != "never",
    )


class CaptionPass:
    """A session with its cues, gaps and counts; its state goes into a checkpoint and comes back out of one.

    `heard_from` is the first chunk whose words count: those before it only warm the session up.
    """

    def __init__(
        self,
        engine: Engine,
        params: VideoCaptionParams,
        state: dict[str, Any] | None = None,
        *,
        timings: Timings,
        first_chunk: int = 0,
        heard_from: int = 0,
        snapshots: Mapping[str, Path] = NO_SNAPSHOTS,
    ) -> None:
        self.gaps = [Gap.model_validate(gap) for gap in state["gaps"]] if state else []
        self.tally = PassTally(**state["tally"]) if state else PassTally()
        self.next_chunk: int = state["next_chunk"] if state else first_chunk
        self._announced: int = state["announced"] if state else 0
        self._params = params
        self._timings = timings
        self._heard_from = heard_from
        self._refresh = RefreshPolicy(params)
        self._data = CueData(engine, params)
        self._track = CaptionTrack(
            params.max_cue_ms, state["track"] if state else None, at_once=params.live is not None
        )
        session_state = state["session"] if state else None
        self.refreshed_at_ms: list[int] = list(state.get("refreshed_at_ms", ())) if state else []
        self._session = engine.open(watch_options(params, engine.info), session_state, snapshots)
        rewatch_from = session_state["rewatch_from_chunk"] if session_state else self.next_chunk
        self.decode_from_chunk: int = min(rewatch_from, self.next_chunk)
        """The first chunk to decode: after a restart the last window is shown again."""

    @property
    def cues(self) -> int:
        """Cues handed out so far, in all attempts."""
        return self._track.count

    def process(self, part: ClipPart, on_text: OnText | None = None) -> list[Cue]:
        """Watch one part and return the cues it closes. Raises what the session raises."""
        chunk, skipped = self._thinned(part.chunk)
        if chunk.frames and self._refresh.is_due(chunk):
            chunk = replace(chunk, refresh=True)
        if chunk.index < self.next_chunk:
            if chunk.frames:
                self._session.rewatch(chunk)
                self._data.see(chunk)
            return []
        cues = self._watch(replace(part, chunk=chunk), on_text) if chunk.frames else self._close(on_text)
        if chunk.index >= self._heard_from:
            self.gaps = continued(self.gaps, part.gaps)
        self.tally.skipped_frames += skipped
        self.next_chunk = chunk.index + 1
        return cues

    def lose_sight(self) -> None:
        """After a restart of live input: nothing of the last window can be shown again, only its words come back."""
        chunk_ms = self._params.chunk_ms
        for index in range(self.decode_from_chunk, self.next_chunk):
            self._session.rewatch(Chunk(index, index * chunk_ms, (index + 1) * chunk_ms, ()))

    def finish(self, gaps: tuple[Gap, ...] = (), on_text: OnText | None = None) -> list[Cue]:
        """The last cues, at the end of the clip. Raises what the engine raises."""
        heard_ms = self._params.start_ms + self._heard_from * self._params.chunk_ms
        ours = [gap for gap in gaps if gap.end_ms is None or gap.end_ms > heard_ms]
        clipped = [gap.model_copy(update={"start_ms": max(gap.start_ms, heard_ms)}) for gap in ours]
        self.gaps = continued(self.gaps, clipped)
        return self._close(on_text)

    def closed_gaps(self, now_ms: int | None = None) -> list[Gap]:
        """Gaps not told before that end before `now_ms`, and so cannot grow any more."""
        fresh = self.gaps[self._announced :]
        told = [gap for gap in fresh if now_ms is None or (gap.end_ms is not None and gap.end_ms < now_ms)]
        self._announced += len(told)
        return told

    def snapshot(self, folder: Path) -> Path | None:
        """A file that the next state needs, when it is time to keep one; see `worker.engine.protocol.Session`."""
        return self._session.snapshot(folder)

    def state(self) -> dict[str, Any]:
        """JSON-able; bounded whatever the length of the video."""
        return {
            "next_chunk": self.next_chunk,
            "session": self._session.checkpoint(),
            "track": self._track.state(),
            "gaps": [gap.model_dump() for gap in self.gaps],
            "announced": self._announced,
            "tally": self.tally.state(),
            "refreshed_at_ms": self.refreshed_at_ms,
        }

    def close(self) -> None:
        """End the engine's session."""
        self._session.close()

    def _thinned(self, chunk: Chunk) -> tuple[Chunk, int]:
        if self._params.skip_similar is None:
            return chunk, 0
        kept = without_similar(chunk, self._params.skip_similar)
        return kept, len(chunk.frames) - len(kept.frames)

    def _watch(self, part: ClipPart, on_text: OnText | None) -> list[Cue]:
        chunk = part.chunk
        heard = chunk.index >= self._heard_from
        start_s = time.perf_counter()
        reply = self._session.feed(chunk, on_text if heard else None)
        if reply.refreshed:
            self.refreshed_at_ms.append(chunk.start_ms)
        timing = _timing(part, reply, time.perf_counter() - start_s)
        self.tally.count(timing, len(chunk.frames), reply.cost)
        if not heard:
            return []
        self._timings.add(timing)
        self.tally.chunks += 1
        self.tally.silent_chunks += not reply.text.strip()
        closed = self._with_data(self._track.add(chunk, reply, part.gaps), on_text)
        self._data.see(chunk)
        return closed

    def _close(self, on_text: OnText | None) -> list[Cue]:
        return self._with_data(self._track.close(), on_text)

    def _with_data(self, cues: list[Cue], on_text: OnText | None) -> list[Cue]:
        filled = self._data.fill(cues, on_text)
        if self._params.cue_schema is not None:
            self.tally.cues_without_data += sum(cue.data is None for cue in filled)
        return filled


def _timing(part: ClipPart, reply: Reply, whole_s: float) -> ChunkTiming:
    timings = reply.timings
    seconds = (part.decode_s, timings.vision_s, timings.prefill_s, timings.reply_s, whole_s)
    return ChunkTiming(part.chunk.index, *seconds, reply.tokens, timings.context_tokens)


def continued(gaps: Sequence[Gap], more: Sequence[Gap]) -> list[Gap]:
    """Gaps with more of them after: what goes on without a break is one gap, and there are never more than MAX_GAPS."""
    result = list(gaps)
    for gap in more:
        last = result[-1] if result else None
        if last is not None and (_continues(last, gap) or len(result) >= MAX_GAPS):
            result[-1] = last.model_copy(update={"end_ms": gap.end_ms})
        else:
            result.append(gap)
    return result


def _continues(last: Gap, gap: Gap) -> bool:
    return last.reason == gap.reason and last.end_ms == gap.start_ms and gap.end_ms != gap.start_ms
