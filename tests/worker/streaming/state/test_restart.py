"""A hybrid's stream started again: from a snapshot of its recurrent state, fed everything since; never from its end."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from db.documents.kinds.video import Window
from tests.worker.engines.models import HYBRIDS, OPTIONS, RecordingForward, chunk, recording_resident
from worker.engine.protocol import Reply
from worker.errors import Permanent
from worker.streaming.hybrid import open_session
from worker.streaming.loaded_model import LoadedModel
from worker.streaming.session import StreamSession
from worker.streaming.spans import SpanRole
from worker.streaming.state.replay import FedChunk, ReplayLog, RestartPoint

pytestmark = pytest.mark.slow

SHORT = replace(
    OPTIONS,
    window=Window(text_sink_tokens=30, text_window_tokens=30, vision_ms=4000),
    max_tokens_per_chunk=3,
    silence_threshold=1.0,
)
CLOSE = 1e-4


def watched(loaded: LoadedModel, folder: Path, chunks: int) -> tuple[StreamSession, list[dict[str, Any]]]:
    """A session after some chunks, and its checkpoint after each; its snapshots are in `folder`."""
    session, states = open_session(loaded, SHORT), []
    for index in range(chunks):
        session.feed(chunk(index, frames=2))
        session.snapshot(folder)
        states.append(json.loads(json.dumps(session.checkpoint())))
    return session, states


def resumed(loaded: LoadedModel, state: dict[str, Any], folder: Path, *, blind: bool = False) -> StreamSession:
    session = open_session(loaded, SHORT, state, snapshots={path.name: path for path in folder.iterdir()})
    for index in range(state["rewatch_from_chunk"], state["next_chunk"]):
        if not blind:
            session.rewatch(chunk(index, frames=2))
    return session


def next_logits(forward: RecordingForward, session: StreamSession, index: int) -> tuple[torch.Tensor, Reply]:
    """The logits before the first word about a chunk."""
    forward.notes.clear()
    reply = session.feed(chunk(index, frames=2))
    return next(logits for pieces, logits in forward.notes if any(p.span.chunk == index for p in pieces)), reply


def relative(got: torch.Tensor, wanted: torch.Tensor) -> float:
    return float((got - wanted).norm() / wanted.norm())


@pytest.mark.parametrize("family", HYBRIDS)
def test_a_restart_from_a_snapshot_is_close(family: str, tmp_path: Path) -> None:
    loaded, forward = recording_resident(family)
    whole, states = watched(loaded, tmp_path, 60)
    assert states[-1]["rewatch_from_chunk"] == 32
    again = resumed(loaded, states[-1], tmp_path)
    assert again.context.exchanges == whole.context.exchanges
    wanted, first = next_logits(forward, whole, 60)
    got, reply = next_logits(forward, again, 60)
    loaded.batcher.close()
    assert relative(got, wanted) < 0.03
    assert not reply.refreshed
    assert reply.token_ids == first.token_ids
    assert again.checkpoint()["said_tokens"] == whole.checkpoint()["said_tokens"]


@pytest.mark.parametrize("family", HYBRIDS)
def test_before_the_first_snapshot_a_restart_is_exact(family: str, tmp_path: Path) -> None:
    """Everything is fed again from the beginning, evictions included: the same logits."""
    loaded, forward = recording_resident(family)
    whole, states = watched(loaded, tmp_path, 20)
    assert states[-1]["rewatch_from_chunk"] == 0
    wanted, _ = next_logits(forward, whole, 20)
    got, reply = next_logits(forward, resumed(loaded, states[-1], tmp_path), 20)
    loaded.batcher.close()
    assert float((got - wanted).abs().max()) < CLOSE
    assert not reply.refreshed


@pytest.mark.parametrize("family", HYBRIDS)
def test_a_snapshot_is_the_state_bit_for_bit(family: str, tmp_path: Path) -> None:
    loaded, forward = recording_resident(family)
    session = open_session(loaded, SHORT)
    for index in range(10):
        session.feed(chunk(index, frames=2))
    state = session.cache.state
    assert state is not None
    state.save(tmp_path / "state")
    kept = [tensor.clone() for tensor in (state.recurrent, state.conv)]
    span = session.context.add(SpanRole.REPLY, 10, 1)
    logits = forward.decode([session.cache], [span], [65])
    session.cache.drop([span.key])
    assert not torch.equal(state.recurrent, kept[0])
    state.load(tmp_path / "state")
    assert all(torch.equal(a, b) for a, b in zip((state.recurrent, state.conv), kept, strict=True))
    again = forward.decode([session.cache], [span], [65])
    loaded.batcher.close()
    assert torch.equal(again, logits)


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"torn")], ids=["gone", "torn"])
def test_a_restart_without_its_snapshot_says_so(harm: Callable[[Path], object], tmp_path: Path) -> None:
    loaded, _ = recording_resident("qwen3_5")
    _, states = watched(loaded, tmp_path, 50)
    for path in list(tmp_path.iterdir()):
        harm(path)
    again = resumed(loaded, states[-1], tmp_path)
    assert [again.feed(chunk(index, frames=2)).refreshed for index in (50, 51)] == [True, False]
    loaded.batcher.close()


def test_chunks_that_cannot_be_shown_again_come_back_as_text(tmp_path: Path) -> None:
    loaded, forward = recording_resident("qwen3_5")
    whole, states = watched(loaded, tmp_path, 50)
    wanted, _ = next_logits(forward, whole, 50)
    blind, _ = next_logits(forward, resumed(loaded, states[-1], tmp_path, blind=True), 50)
    seeing, _ = next_logits(forward, resumed(loaded, states[-1], tmp_path), 50)
    loaded.batcher.close()
    assert relative(seeing, wanted) < relative(blind, wanted)


def test_a_checkpoint_names_two_snapshots_at_most_and_stays_small(tmp_path: Path) -> None:
    loaded, _ = recording_resident("qwen3_5")
    _, states = watched(loaded, tmp_path, 140)
    loaded.batcher.close()
    assert [len(states[index]["snapshots"]) for index in (0, 33, 63, 64, 70)] == [0, 1, 2, 2, 1]
    assert max(len(state["snapshots"]) for state in states) == 2
    assert len(list(tmp_path.iterdir())) == 4
    late = max(len(json.dumps(state)) for state in states[70:])
    assert late < 1.2 * max(len(json.dumps(state)) for state in states[:70])


def test_a_state_of_another_model_is_refused_whole(tmp_path: Path) -> None:
    loaded, _ = recording_resident("qwen3_5")
    state = open_session(loaded, SHORT).cache.state
    loaded.batcher.close()
    assert state is not None
    other = loaded.forward.new_cache(8, 8).state
    assert other is not None
    other.conv = other.conv[..., :2].clone()
    other.save(tmp_path / "other")
    with pytest.raises(ValueError, match="another model"):
        state.load(tmp_path / "other")


def test_a_checkpoint_of_another_kind_of_model_is_refused() -> None:
    loaded, _ = recording_resident("qwen3_vl")
    session = open_session(loaded, SHORT)
    session.feed(chunk(0))
    loaded.batcher.close()
    hybrid, _ = recording_resident("qwen3_5")
    with pytest.raises(Permanent, match="without recurrent states"):
        open_session(hybrid, SHORT, session.checkpoint())
    hybrid.batcher.close()


def test_the_newest_base_supersedes_the_other_after_three_windows() -> None:
    log = ReplayLog(window_chunks=10)
    for index in range(40):
        assert not log.is_due
        log = log.add(FedChunk(index, index, (1,)))
    assert log.is_due
    log = log.mark(RestartPoint(40, snapshot="a"))
    assert (log.snapshots, log.bases[0].next_chunk) == (("a",), 0)
    for index in range(40, 70):
        log = log.add(FedChunk(index, index, ()))
    assert log.bases == (RestartPoint(40, snapshot="a"),)
    assert [said.chunk for said in log.since] == list(range(40, 70))
    assert ReplayLog.of(json.loads(json.dumps(log.document())), 10) == log
