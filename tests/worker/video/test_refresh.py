"""A refresh: the recurrent state begins anew from what is in sight, and nothing older is left in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from db.documents.kinds.base import MediaInput
from db.documents.kinds.video import VideoCaptionParams, VideoCaptionResult, Window
from tests.worker.engines.models import HYBRIDS, OPTIONS, chunk, recording_resident, stock_model, tiny_engine
from tests.worker.streaming.oracle import Oracle
from tests.worker.streaming.test_exactness import CLOSE, follow, resident_video_token, worst
from tests.worker.video.footage import grey, write_video
from worker.context import LocalContext
from worker.engines import load_engine
from worker.engines.pytorch import PytorchEngine
from worker.errors import Permanent
from worker.streaming.hybrid import open_session
from worker.video.handler import caption_video

SHORT = replace(
    OPTIONS,
    window=Window(text_sink_tokens=30, text_window_tokens=30, vision_ms=4000),
    max_tokens_per_chunk=3,
    silence_threshold=1.0,
    may_refresh=True,
)
AT = 9


@pytest.mark.parametrize("family", HYBRIDS)
def test_after_a_refresh_it_is_a_stream_that_began_with_what_is_in_sight(family: str) -> None:
    loaded, forward = recording_resident(family)
    session = open_session(loaded, SHORT)
    for index in range(AT):
        session.feed(chunk(index, frames=2))
    forward.notes.clear()
    replies = [session.feed(replace(chunk(index, frames=2), refresh=index == AT)) for index in (AT, AT + 1)]
    loaded.batcher.close()
    oracle = Oracle(stock_model(family, dtype=torch.float64))  # it has seen nothing before
    first = next(n for n, (pieces, _) in enumerate(forward.notes) if any(p.span.chunk == AT + 1 for p in pieces))
    errors = [
        worst(logits, follow(oracle, pieces, forward._normalisation, resident_video_token(oracle)))
        for pieces, logits in forward.notes[:first]
    ]
    assert len(errors) > 3
    assert max(errors) < CLOSE
    assert [reply.refreshed for reply in replies] == [True, False]


@pytest.mark.parametrize("back", [1, 6])
def test_a_restart_repeats_the_refreshes_that_it_passes(back: int, tmp_path: Path) -> None:
    loaded, forward = recording_resident("qwen3_5")
    session = open_session(loaded, SHORT)
    for index in range(AT + back):
        session.feed(replace(chunk(index, frames=2), refresh=index == AT))
    state = json.loads(json.dumps(session.checkpoint()))
    again = open_session(loaded, SHORT, state)
    for index in range(state["rewatch_from_chunk"], state["next_chunk"]):
        again.rewatch(chunk(index, frames=2))
    logits = []
    for one in (session, again):
        forward.notes.clear()
        assert not one.feed(chunk(AT + back, frames=2)).refreshed
        logits.append(forward.notes[-1][1])
    loaded.batcher.close()
    assert worst(*logits) < CLOSE


@pytest.fixture(scope="module")
def engine() -> Iterator[PytorchEngine]:
    engine = tiny_engine("qwen3_5")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def cuts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 seconds at two pictures a second; the scene changes at 8 s and 16 s."""
    levels = [20] * 16 + [220] * 16 + [90] * 16
    return write_video(tmp_path_factory.mktemp("cuts") / "cuts.mp4", map(grey, levels), rate=2)


def watched(engine: object, clip: Path, **params: object) -> VideoCaptionResult:
    asked = {
        "video": MediaInput(asset_id="x"),
        "chunk_ms": 1000,
        "max_frame_pixels": 32 * 32,
        "max_tokens_per_chunk": 2,
        "window": {"text_sink_tokens": 16, "text_window_tokens": 16, "vision_ms": 2000},
        **params,
    }
    result = caption_video(VideoCaptionParams.model_validate(asked), LocalContext(engine, clip))  # type: ignore[arg-type]
    assert isinstance(result, VideoCaptionResult)
    return result


@pytest.mark.slow
def test_the_result_says_where_the_state_began_anew(engine: PytorchEngine, cuts: Path) -> None:
    assert watched(engine, cuts).refreshed_at_ms == []
    assert watched(engine, cuts, refresh="scene_cut").refreshed_at_ms == [8000, 16_000]
    assert watched(engine, cuts, refresh="interval", refresh_ms=10_000).refreshed_at_ms == [10_000, 20_000]


def test_a_model_without_a_state_is_not_asked_to_refresh_it(cuts: Path) -> None:
    with pytest.raises(Permanent, match="no recurrent state") as refused:
        watched(load_engine("fake"), cuts, refresh="scene_cut")
    assert refused.value.code == "unsupported"
