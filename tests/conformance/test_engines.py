"""What every engine promises, whatever runs inside: each test runs for every engine and every family."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from db.documents.kinds.video import Window
from db.failures import Failure
from tests.conformance.engines import FAKE, said, watch
from tests.worker.engines.models import OPTIONS, chunk
from worker.engine.protocol import Engine, Reply
from worker.errors import Permanent, Stopped


def test_it_says_who_it_is(engine: Engine) -> None:
    info = engine.info
    assert info.name == "model"
    assert len(info.weights_sha256) == 64
    assert info.context_tokens == 32768
    assert info.engine in ("fake", "pytorch", "onnx", "pipeline")


def test_the_same_video_gets_the_same_replies(engine: Engine) -> None:
    assert watch(engine, 6) == watch(engine, 6)


def test_different_videos_get_different_replies(engine: Engine) -> None:
    assert watch(engine, 3) != watch(engine, 3, first=50)


def test_text_comes_in_pieces_that_make_the_reply(engine: Engine) -> None:
    session = engine.open(replace(OPTIONS, max_tokens_per_chunk=40))
    for index in range(3):
        heard: list[str] = []
        reply = session.feed(chunk(index), heard.append)
        assert "".join(heard) == reply.text
        assert heard[0] == "", "asked whether anybody listens before the work starts"
        assert len(heard) > 2
    session.close()


def test_streams_fed_from_many_threads_do_not_mix(engine: Engine) -> None:
    firsts = (0, 20, 40, 60)
    alone = [watch(engine, 5, first=first) for first in firsts]
    with ThreadPoolExecutor(len(firsts)) as pool:
        together = list(pool.map(lambda first: watch(engine, 5, first=first), firsts))
    assert [said(replies) for replies in together] == [said(replies) for replies in alone]


def test_a_listener_that_stops_ends_the_chunk_and_nothing_else(engine: Engine) -> None:
    session = engine.open(OPTIONS)
    session.feed(chunk(0))
    state = session.checkpoint()
    heard: list[str] = []

    def stop(text: str) -> None:
        heard.append(text)
        if len(heard) == 3:
            raise Stopped

    with pytest.raises(Stopped):
        session.feed(chunk(1), stop)
    assert session.checkpoint() == state, "the checkpoint is that of the last answered chunk"
    session.close()
    assert watch(engine, 2) == watch(engine, 2)


def test_a_stop_is_noticed_before_anything_is_said(engine: Engine) -> None:
    session = engine.open(OPTIONS)

    def stop(_: str) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        session.feed(chunk(0), stop)
    session.close()


def test_a_checkpoint_is_json_and_goes_on_where_it_was(engine: Engine) -> None:
    session = engine.open(OPTIONS)
    for index in range(7):
        session.feed(chunk(index))
    state = json.loads(json.dumps(session.checkpoint()))
    session.close()
    assert state["next_chunk"] == 7
    assert 0 <= state["rewatch_from_chunk"] < 7
    resumed = engine.open(OPTIONS, state)
    for index in range(state["rewatch_from_chunk"], state["next_chunk"]):
        resumed.rewatch(chunk(index))
    assert resumed.checkpoint() == state, "watching again changes nothing"
    assert isinstance(resumed.feed(chunk(7)), Reply)
    assert resumed.checkpoint()["next_chunk"] == 8
    resumed.close()


def test_a_checkpoint_belongs_to_its_options(engine: Engine) -> None:
    session = engine.open(OPTIONS)
    session.feed(chunk(0))
    state = session.checkpoint()
    session.close()
    with pytest.raises(Permanent) as refused:
        engine.open(replace(OPTIONS, prompt="Something else."), state)
    assert refused.value.code is Failure.BAD_PARAMS


def test_a_chunk_is_not_shown_twice(engine: Engine) -> None:
    session = engine.open(OPTIONS)
    session.feed(chunk(0))
    with pytest.raises(Permanent):
        session.feed(chunk(0))
    session.close()


def test_a_gap_in_the_chunks_is_no_problem(engine: Engine) -> None:
    session = engine.open(OPTIONS)
    session.feed(chunk(0))
    session.feed(chunk(9))
    assert session.checkpoint()["next_chunk"] == 10
    session.close()


def test_a_chunk_without_frames_is_silence(engine: Engine) -> None:
    session = engine.open(OPTIONS)
    session.feed(chunk(0))
    assert session.feed(replace(chunk(1), frames=())).text == ""
    session.feed(chunk(2))
    session.close()


def test_a_budget_that_cannot_fit_is_refused_at_once(engine: Engine) -> None:
    window = Window(text_sink_tokens=8192, text_window_tokens=8192, vision_ms=600_000)
    with pytest.raises(Permanent) as refused:
        engine.open(
            replace(OPTIONS, window=window, fps=30, max_frame_pixels=4096 * 4096, max_tokens_per_chunk=1024 * 32)
        )
    assert refused.value.code is Failure.CONTEXT_TOO_SMALL


@pytest.mark.parametrize(("width_px", "height_px"), [(1920, 1080), (1080, 1920), (37, 4001), (16, 16), (640, 480)])
def test_frames_of_the_size_it_asks_for_are_taken(engine: Engine, width_px: int, height_px: int) -> None:
    width, height = engine.frame_size(width_px, height_px, OPTIONS.max_frame_pixels)
    assert 0 < width * height <= OPTIONS.max_frame_pixels
    session = engine.open(OPTIONS)
    session.feed(chunk(0, width_px=width, height_px=height))
    session.close()


def test_an_odd_number_of_frames_is_taken(engine: Engine) -> None:
    session = engine.open(OPTIONS)
    replies = [session.feed(chunk(index, frames=frames)) for index, frames in enumerate((1, 3, 2))]
    checkpoint = session.checkpoint()
    session.close()
    assert checkpoint["next_chunk"] == 3
    again = engine.open(OPTIONS)
    assert [again.feed(chunk(index, frames=frames)).text for index, frames in enumerate((1, 3, 2))] == [
        reply.text for reply in replies
    ]
    again.close()


def test_a_reply_is_not_longer_than_allowed(engine: Engine) -> None:
    for reply in watch(engine, 3, replace(OPTIONS, max_tokens_per_chunk=2)):
        assert len(reply.token_ids) <= 2 or engine.info.engine == FAKE


def test_a_closed_session_can_be_closed_again(engine: Engine) -> None:
    session, other = engine.open(OPTIONS), engine.open(OPTIONS)
    first = other.feed(chunk(0))
    session.feed(chunk(0))
    session.close()
    session.close()
    after = [first, other.feed(chunk(1)), other.feed(chunk(2))]
    other.close()
    assert [reply.text for reply in after] == [reply.text for reply in watch(engine, 3)]  # nothing of theirs was freed


def test_pixels_are_not_changed(engine: Engine) -> None:
    shown = chunk(0)
    before = [np.copy(f.pixels) for f in shown.frames]
    session = engine.open(OPTIONS)
    session.feed(shown)
    session.close()
    assert all(np.array_equal(a, f.pixels) for a, f in zip(before, shown.frames, strict=True))
