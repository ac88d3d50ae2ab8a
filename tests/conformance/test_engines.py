"""What every engine promises, whatever runs inside: each test runs for every engine and every family."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from db.documents.kinds.video import Window
from db.failures import Failure
from tests.worker.engines.exports import EXPORTED, export_folder
from tests.worker.engines.models import ALL, OPTIONS, TINY, checkpoint_folder, chunk, frame
from tests.worker.engines.pipeline.nodes import pipeline
from worker.engine.protocol import ChatRequest, Engine, Reply
from worker.engines import load_engine
from worker.engines.spec import ModelSpec
from worker.errors import Permanent, Stopped

FAKE = "fake"


PIPELINES = ("pipeline/qwen2_vl/3", "pipeline/qwen3_vl/2")
RUNS = [FAKE, *(f"pytorch/{family}" for family in ALL), *(f"onnx/{family}" for family in EXPORTED), *PIPELINES]


@pytest.fixture(scope="module", params=RUNS)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    runtime, _, family = request.param.partition("/")
    if runtime == "pipeline":
        name, _, nodes = family.partition("/")
        with pipeline(name, int(nodes), TINY) as split_over:
            yield split_over
        return
    folder = export_folder if runtime == "onnx" else checkpoint_folder
    options = {"pytorch": {"device": "cpu"}, "onnx": {"threads": "1"}, FAKE: {"context_tokens": "32768"}}
    path = str(folder(family)) if family else ""
    loaded = load_engine(ModelSpec("model", runtime, path, options[runtime]))
    yield loaded
    loaded.close()


def watch(engine: Engine, chunks: int, options: Any = OPTIONS, first: int = 0) -> list[Reply]:
    session = engine.open(options)
    try:
        return [session.feed(chunk(index)) for index in range(first, first + chunks)]
    finally:
        session.close()


def said(replies: list[Reply]) -> list[Any]:
    """What was said; the probabilities differ in the last bits when a batch has another size."""
    return [(reply.text, reply.token_ids, pytest.approx(reply.silence_probability, rel=1e-4)) for reply in replies]


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


def test_chat_answers_text_images_and_videos(engine: Engine) -> None:
    picture = frame(5).pixels
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "What is this?"}, {"type": "image", "image": picture}]},
        {"role": "assistant", "content": "Noise."},
        {
            "role": "user",
            "content": [{"type": "video", "video": chunk(0).frames}, {"type": "text", "text": "And this?"}],
        },
    ]
    heard: list[str] = []
    answer = engine.chat(ChatRequest(messages, 30), heard.append)
    assert "".join(heard) == answer.text
    assert answer.prompt_tokens > 0
    assert 0 < answer.completion_tokens <= 30
    assert answer == engine.chat(ChatRequest(messages, 30))
    assert answer != engine.chat(ChatRequest([{"role": "user", "content": "Hello"}], 30))


def test_chat_stops_at_its_limit_and_says_so(engine: Engine) -> None:
    answer = engine.chat(ChatRequest([{"role": "user", "content": "Tell me everything you know, at length"}], 3))
    assert answer.finish_reason == "length"
    assert answer.completion_tokens <= 4


def test_a_schema_is_kept_or_refused(engine: Engine) -> None:
    question = [{"role": "user", "content": "How many?"}]
    digit = {"type": "object", "properties": {"count": {"enum": [1, 2]}}, "required": ["count"]}
    schema = {**digit, "additionalProperties": False}
    if engine.info.structured:
        assert json.loads(engine.chat(ChatRequest(question, 50, schema=schema)).text)["count"] in (1, 2)
        return
    with pytest.raises(Permanent) as caught:
        engine.chat(ChatRequest(question, 50, schema=schema))
    assert caught.value.code is Failure.UNSUPPORTED


def test_chat_can_be_stopped(engine: Engine) -> None:
    def stop(text: str) -> None:
        if text:
            raise Stopped

    with pytest.raises(Stopped):
        engine.chat(ChatRequest([{"role": "user", "content": "Hello there"}], 100), stop)


def test_chat_beside_streams_changes_neither(engine: Engine) -> None:
    question = [{"role": "user", "content": "Hello"}]
    alone, answered = watch(engine, 6), engine.chat(ChatRequest(question, 12))
    answers: list[Any] = []
    talk = threading.Thread(target=lambda: answers.extend(engine.chat(ChatRequest(question, 12)) for _ in range(4)))
    talk.start()
    together = watch(engine, 6)
    talk.join()
    assert said(together) == said(alone)
    assert answers == [answered] * 4


def test_pixels_are_not_changed(engine: Engine) -> None:
    shown = chunk(0)
    before = [np.copy(f.pixels) for f in shown.frames]
    session = engine.open(OPTIONS)
    session.feed(shown)
    session.close()
    assert all(np.array_equal(a, f.pixels) for a, f in zip(before, shown.frames, strict=True))


def test_a_stop_text_ends_the_generation(engine: Engine) -> None:
    messages = [{"role": "user", "content": "one two three four five six seven eight"}]
    whole = engine.chat(ChatRequest(messages, 48))
    stop = whole.text[len(whole.text) // 4 :][:3]
    heard: list[str] = []
    cut = engine.chat(ChatRequest(messages, 48, stops=("never said", stop)), heard.append)
    assert cut.completion_tokens < whole.completion_tokens
    assert whole.text.startswith(cut.text)
    assert stop in cut.text
    assert cut.finish_reason == "stop"


def test_chances_of_tokens_are_told_or_refused(engine: Engine) -> None:
    request = ChatRequest([{"role": "user", "content": "one two"}], 6, logprobs=3)
    if engine.info.engine == "fake":
        with pytest.raises(Permanent, match="no log probabilities"):
            engine.chat(request)
        return
    answer = engine.chat(request)
    assert answer.logprobs is not None
    assert len(answer.logprobs) == answer.completion_tokens
    for token in answer.logprobs:
        assert len(token.likeliest) == 3
        assert token.likeliest[0] == (token.text, pytest.approx(token.logprob)), "greedy takes the likeliest"
        assert sum(math.exp(logprob) for _, logprob in token.likeliest) <= 1.0001
    assert engine.chat(replace(request, logprobs=None)).logprobs is None
