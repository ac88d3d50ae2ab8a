"""A stream on a hybrid model: its recurrent state has seen every token once, and is fed again what came after a snapshot."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from db.failures import Failure
from worker.engine.protocol import NO_SNAPSHOTS, Chunk, OnText, Reply, WatchOptions
from worker.errors import Permanent
from worker.streaming.batch import GenerationResult, GenerationTurn
from worker.streaming.context_window import Ablation, Change
from worker.streaming.loaded_model import LoadedModel
from worker.streaming.policy import keep
from worker.streaming.session import StreamSession
from worker.streaming.spans import SpanRole
from worker.streaming.state.checkpoint import dump, load_log
from worker.streaming.state.recurrent import RecurrentState
from worker.streaming.state.replay import FedChunk, ReplayLog, RestartPoint

log = logging.getLogger(__name__)


class HybridSession(StreamSession):
    """One stream on a resident model with linear-attention layers."""

    def __init__(
        self,
        loaded: LoadedModel,
        options: WatchOptions,
        checkpoint: dict[str, Any] | None = None,
        ablation: Ablation = Ablation.NONE,
        first_position: int = 0,
        snapshots: Mapping[str, Path] = NO_SNAPSHOTS,
    ) -> None:
        super().__init__(loaded, options, checkpoint, ablation, first_position)
        self._to_replay: list[FedChunk] = []
        self._at_base: RestartPoint | None = None
        self._log = self._begun(checkpoint)
        self._snapshots = snapshots
        self._refreshed = False  # the state began anew since the last reply
        self._shown: dict[int, Chunk] = {}  # what is in sight, held only where it may have to be shown again

    @property
    def _recurrent(self) -> RecurrentState:
        if self.cache.state is None:
            raise Permanent(Failure.INTERNAL, "this model has no recurrent state")
        state: RecurrentState = self.cache.state
        return state

    def feed(self, chunk: Chunk, on_text: OnText | None = None) -> Reply:
        """As every session; the reply says whether the state began anew."""
        reply = super().feed(chunk, on_text)
        refreshed, self._refreshed = self._refreshed or chunk.refresh, False
        return replace(reply, refreshed=refreshed)

    def rewatch(self, chunk: Chunk) -> None:
        """Feed the state a chunk that came after its snapshot; chunks before it need nothing."""
        self._replay_before(chunk.index)
        if self._to_replay and self._to_replay[0].chunk == chunk.index and chunk.frames:
            self._replay(self._to_replay.pop(0), chunk)

    def checkpoint(self) -> dict[str, Any]:
        """As every session, with the snapshots that a restart needs and the chunks that were fed after them."""
        return dump(self._state, self._options, self.context.limits, self._log)

    def snapshot(self, folder: Path) -> Path | None:
        """Write the recurrent state when it is time to; see `worker.engine.protocol.Session`."""
        if self._to_replay or not self._log.is_due:
            return None
        if tail := self._reply_tail():  # a base has heard its last reply to the end
            self._run(GenerationTurn(self.cache, Change(), tuple(tail)), None)
        path = folder / f"state-{uuid4().hex}"
        self._recurrent.save(path)
        self._log = self._log.mark(self._base(path.name))
        return path

    def _catch_up(self, chunk: Chunk) -> None:
        self._replay_before(None)
        super()._catch_up(chunk)
        self._settle(chunk.end_ms, chunk.refresh)

    def _settle(self, newest_end_ms: int, anew: bool) -> None:
        """Before a chunk comes in: start anew, or at least tell the state how the last reply ended."""
        if anew:
            self._start_anew(newest_end_ms)
        else:
            self._feed_leaving_tail(newest_end_ms)

    def _start_anew(self, newest_end_ms: int) -> None:
        """Forget the state: what is in sight is read again from zeros, as if the stream began with it."""
        left = self.context.make_room(newest_end_ms).dropped_keys
        change, self._tail = Change((*left, *self.context.clear())), None
        segments = self._opening()
        for exchange in self.context.exchanges:
            if exchange.frames_tokens:
                segments += self._frames(self._shown[exchange.chunk])
            if exchange.reply_tokens:
                ids = self._said[exchange.chunk]
                segments.append(self._prompt_builder.reply(self.context, exchange.chunk, ids))
        self._recurrent.clear()
        self._run(GenerationTurn(self.cache, change, tuple(segments)), None)

    def _hold_frames(self, chunk: Chunk) -> None:
        if self._options.may_refresh:
            self._shown[chunk.index] = chunk
            seen = {exchange.chunk for exchange in self.context.exchanges if exchange.frames_tokens}
            self._shown = {index: shown for index, shown in self._shown.items() if index in seen}

    def _begun(self, checkpoint: dict[str, Any] | None) -> ReplayLog:
        """What a hybrid's stream was fed; a resumed one goes back to its oldest base, to be fed what came after."""
        if checkpoint is None:
            return ReplayLog(self.context.limits.window_chunks)
        fed = load_log(checkpoint, self.context.limits)
        self.context.restore_said(fed.bases[0].said_tokens)
        self._to_recall = list(fed.bases[0].remembered)
        self._to_replay = list(fed.since)
        self._at_base = fed.bases[0]
        return fed

    def _base(self, snapshot: str | None) -> RestartPoint:
        return RestartPoint(self._state.next_chunk, self._state.said_tokens, self._state.remembered, snapshot)

    def _take_base(self) -> None:
        """Keys and values of the text that the base remembers, then its state: the other way round it would hear twice."""
        base, self._at_base = self._at_base, None
        if base is None or base.next_chunk == 0:
            return
        self._run(GenerationTurn(self.cache, Change(), (*self._opening(), *self._recall_before(None))), None)
        path = self._snapshots.get(base.snapshot or "")
        try:
            if path is None:
                raise ValueError("the snapshot is not there")
            self._recurrent.load(path)
        except ValueError as error:
            log.warning("the stream starts over from chunk %d with a new state: %s", base.next_chunk, error)
            self._refreshed = True

    def _replay_before(self, chunk: int | None) -> None:
        """Feed again what was fed before a chunk (None: all of it), as text where nobody showed the frames."""
        while self._to_replay and (chunk is None or self._to_replay[0].chunk < chunk):
            self._replay(self._to_replay.pop(0), None)
        self._take_base()

    def _replay(self, said: FedChunk, shown: Chunk | None) -> None:
        """In the very steps in which it was fed before, the end of a reply with the chunk after it."""
        self._take_base()
        self._settle(said.end_ms, said.anew)
        change = self.context.make_room(said.end_ms)
        segments = [*self._opening(), *self._reply_tail(), *(self._frames(shown) if shown else ())]
        fed = len(said.ids) - (len(said.ids) == self._options.max_tokens_per_chunk)
        words = (*self._prompt_builder.reply_start, *said.ids[:fed])
        segments.append(self._prompt_builder.text(self.context, SpanRole.REPLY, said.chunk, words))
        self._run(GenerationTurn(self.cache, change, tuple(segments)), None)
        self._tail = (said.chunk, (*said.ids[fed:], *self._prompt_builder.reply_end))
        self._keep_exchange(said.chunk, said.end_ms, said.ids)
        if shown is not None:
            self._hold_frames(shown)

    def _feed_leaving_tail(self, newest_end_ms: int) -> None:
        """A recurrent state sees every token once: the end of a reply that is forgotten now goes in before it is."""
        if self._tail is None:
            return
        chunk = self._tail[0]
        staying = keep(self.context.exchanges, newest_end_ms, self.context.limits)
        if not any(exchange.chunk == chunk and exchange.reply_tokens for exchange in staying):
            self._run(GenerationTurn(self.cache, Change(), tuple(self._reply_tail())), None)

    def _remember(self, chunk: Chunk, outcome: GenerationResult) -> None:
        # A base that nobody asked for a snapshot of is one to start over from.
        marked = self._log.mark(self._base(None)) if self._log.is_due else self._log
        super()._remember(chunk, outcome)
        self._log = marked.add(FedChunk(chunk.index, chunk.end_ms, outcome.ids, chunk.refresh))
        self._hold_frames(chunk)


def open_session(
    loaded: LoadedModel,
    options: WatchOptions,
    checkpoint: dict[str, Any] | None = None,
    ablation: Ablation = Ablation.NONE,
    first_position: int = 0,
    snapshots: Mapping[str, Path] = NO_SNAPSHOTS,
) -> StreamSession:
    """A stream on whatever kind of model this is."""
    if not loaded.forward.recurrent:
        return StreamSession(loaded, options, checkpoint, ablation, first_position)
    return HybridSession(loaded, options, checkpoint, ablation, first_position, snapshots)
