"""Video through a server that forgets: windows of frames, the last captions as text, and what that costs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from db.documents.kinds.base import MediaInput
from db.documents.kinds.video import VideoCaptionParams, VideoCaptionResult, Window
from db.failures import Failure
from tests.worker.engines.model_server_process import model_server
from tests.worker.video.footage import numbered, write_video
from worker.context import LocalContext
from worker.engine.protocol import Answer, ChatRequest, Chunk, Frame, OnText, Reply, Session, WatchOptions
from worker.engines.openai import OpenAIEngine
from worker.engines.openai_stream import ForgetfulSession, ToldCaption, recent
from worker.engines.spec import ModelSpec
from worker.errors import Permanent, Stopped, Transient
from worker.video.handler import caption_video

OPTIONS = WatchOptions(
    prompt="Describe.", window=Window(vision_ms=4000, text_window_tokens=40), fps=1, chunk_ms=2000, max_frame_pixels=784
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with model_server(tmp_path_factory.mktemp("server"), {"chat": "I see ASKED."}) as url:
        yield url


def engine(address: str, model: str = "plain", **options: str) -> OpenAIEngine:
    more = "".join(f"&{name}={value}" for name, value in options.items())
    return OpenAIEngine(ModelSpec.parse(f"far=openai:{address}?model={model}{more}"))


def chunk(index: int) -> Chunk:
    frames = tuple(Frame(2000 * index + 1000 * n, np.full((28, 28, 3), index, np.uint8)) for n in range(2))
    return Chunk(index, 2000 * index, 2000 * index + 2000, frames)


def watched(session: Session, first: int, end: int) -> list[Reply]:
    return [session.feed(chunk(index)) for index in range(first, end)]


def asked(reply: Reply) -> list[str]:
    """The kinds of parts that the server was asked with."""
    parts: list[str] = json.loads(reply.text.removeprefix("I see ").removesuffix("."))["parts"][1]
    return parts


def test_a_window_of_frames_is_sent_however_long_the_video_is(address: str) -> None:
    replies = watched(engine(address).open(OPTIONS), 0, 12)
    pictures = [asked(reply).count("image_url") for reply in replies]
    assert pictures == [2, 4, *[4] * 10], "the new chunk, and what else is in 4 s"
    costs = [reply.cost for reply in replies]
    assert [cost.frames_resent for cost in costs] == [0, *[2] * 11]
    assert [cost.resent_tokens for cost in costs] == [0, *[round(11 / 2)] * 11]
    assert {(cost.requests, cost.prompt_tokens, cost.completion_tokens) for cost in costs} == {(1, 11, 5)}


def test_a_resumed_stream_asks_as_one_that_was_never_broken_off(address: str) -> None:
    far = engine(address)
    whole = watched(far.open(OPTIONS), 0, 8)
    first = far.open(OPTIONS)
    watched(first, 0, 5)
    state = json.loads(json.dumps(first.checkpoint()))
    assert len(json.dumps(state)) < 4000
    second = far.open(OPTIONS, state)
    for index in range(state["rewatch_from_chunk"], state["next_chunk"]):
        second.rewatch(chunk(index))
    assert watched(second, 5, 8) == whole[5:]
    with pytest.raises(Permanent, match="other options"):
        far.open(WatchOptions(prompt="Something else."), state)


def test_the_server_is_reminded_of_the_last_captions_and_silence_is_heard() -> None:
    heard: list[Any] = []
    answers = iter(["A cat sits.", "-", "It jumps.", " — ", "It is gone."])

    def ask(request: ChatRequest, on_text: OnText | None) -> Answer:
        heard.append(request.messages[1]["content"])
        text = next(answers)
        if on_text is not None:
            on_text(text)
        return Answer(text, 10, 3, "stop")

    live: list[str] = []
    session = ForgetfulSession(ask, OPTIONS)
    texts = [session.feed(chunk(index), live.append).text for index in range(5)]
    assert texts == ["A cat sits.", "", "It jumps.", "", "It is gone."]
    assert live[1] == ""
    assert heard[0][0]["text"] == "Describe."
    assert (
        heard[4][0]["text"]
        == "Describe.\n\nThe last captions:\n[0.0 s to 2.0 s] A cat sits.\n[4.0 s to 6.0 s] It jumps."
    )
    assert [part["text"] for part in heard[4] if part["type"] == "text"][1:] == [
        "SEEN: 6.0 s to 7.0 s",
        "NEW: 8.0 s to 9.0 s",
    ]


def test_captions_beyond_the_text_window_are_forgotten() -> None:
    said = [ToldCaption(0, 1, f"caption {number}", 10) for number in range(9)]
    assert [one.text for one in recent(said, Window(text_window_tokens=35))] == ["caption 6", "caption 7", "caption 8"]
    assert recent(said, Window(text_window_tokens=0)) == []


def test_what_does_not_fit_the_servers_model_is_refused_before_anything_is_sent(address: str) -> None:
    with pytest.raises(Permanent, match="smaller window") as refused:
        engine(address).open(WatchOptions(prompt="x", window=Window(vision_ms=600_000)))
    assert refused.value.code is Failure.CONTEXT_TOO_SMALL


def test_a_chunk_without_frames_costs_nothing(address: str) -> None:
    session = engine(address).open(OPTIONS)
    assert session.feed(Chunk(0, 0, 2000, ())).cost.requests == 0
    assert session.feed(chunk(1)).text
    with pytest.raises(Permanent, match="already shown"):
        session.feed(chunk(1))


def test_a_video_is_captioned_and_the_result_says_what_was_sent_again(address: str, tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", numbered(300), rate=30)
    params = VideoCaptionParams(video=MediaInput(asset_id="x"), fps=1, chunk_ms=2000, window=Window(vision_ms=4000))
    job = LocalContext(engine(address, context_tokens="32768"), path)
    result = caption_video(params, job)
    assert isinstance(result, VideoCaptionResult)
    assert (result.chunks, result.frames, result.tokens_out) == (5, 10, 25)
    assert result.resent is not None
    assert result.resent.model_dump() == {
        "requests": 5,
        "frames_sent": 18,
        "frames_resent": 8,
        "prompt_tokens": 55,
        "completion_tokens": 25,
        "resent_tokens": 24,
    }
    assert sum(cue.tokens for cue in job.cues()) == 25
    assert result.provenance.engine == "openai"


def test_a_server_in_trouble_and_a_watcher_who_stops(address: str) -> None:
    with pytest.raises(Transient):
        engine(address, "busy").open(OPTIONS).feed(chunk(0))

    def stop(_: str) -> None:
        raise Stopped("canceled")

    with pytest.raises(Stopped):
        engine(address).open(OPTIONS).feed(chunk(0), stop)
