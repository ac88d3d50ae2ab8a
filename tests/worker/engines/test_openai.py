"""The engine for OpenAI-compatible servers, against a real small server process."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
from pydantic import BaseModel

from db.failures import Failure
from tests.worker.engines.model_server_process import model_server
from worker.engine.protocol import ChatRequest, Frame
from worker.engines.openai import OpenAIEngine
from worker.engines.spec import ModelSpec
from worker.engines.structured import ask
from worker.errors import Permanent, Stopped, Transient

PICTURE = np.zeros((8, 12, 3), dtype=np.uint8)


class Fruit(BaseModel):
    name: str
    count: int


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    answers = {"chat": "You said ASKED.", "Fruit": '{"name": "Äpfel", "count": 3}'}
    with model_server(tmp_path_factory.mktemp("server"), answers) as url:
        yield url


def engine(address: str, model: str = "plain") -> OpenAIEngine:
    return OpenAIEngine(ModelSpec.parse(f"far=openai:{address}?model={model}"))


def said(content: object) -> list[dict[str, object]]:
    return [{"role": "system", "content": "be brief"}, {"role": "user", "content": content}]


def test_text_pictures_and_videos_arrive(address: str) -> None:
    video = tuple(Frame(i * 500, PICTURE) for i in range(3))
    parts = [{"type": "text", "text": "look"}, {"type": "image", "image": PICTURE}, {"type": "video", "video": video}]
    pieces: list[str] = []
    answer = engine(address).chat(ChatRequest(said(parts), 50), pieces.append)
    asked = json.loads(answer.text.removeprefix("You said ").removesuffix("."))
    assert asked == {"roles": ["system", "user"], "parts": ["text", ["text", *["image_url"] * 4]], "max_tokens": 50}
    assert "".join(pieces) == answer.text
    assert len(pieces) > 3
    assert (answer.prompt_tokens, answer.completion_tokens, answer.finish_reason) == (11, 5, "stop")


def test_an_answer_held_to_a_schema(address: str) -> None:
    far = engine(address)
    assert far.info.structured
    assert ask(far, said("which fruit?"), Fruit, 50) == Fruit(name="Äpfel", count=3)


def test_an_answer_that_is_no_document_is_refused(address: str) -> None:
    class Chat(BaseModel):
        number: int

    Chat.__name__ = "chat"
    with pytest.raises(Permanent, match="is no"):
        ask(engine(address), said("?"), type("chat", (Chat,), {}), 50)


def test_the_server_tells_its_context(address: str) -> None:
    info = engine(address).info
    assert (info.name, info.family, info.engine, info.context_tokens) == ("far", "plain", "openai", 4096)


@pytest.mark.parametrize(
    ("model", "kind", "code"),
    [
        ("busy", Transient, Failure.ENGINE_UNREACHABLE),
        ("broken", Transient, Failure.ENGINE_UNREACHABLE),
        ("mute", Transient, Failure.ENGINE_UNREACHABLE),
        ("denied", Permanent, Failure.MODEL_UNAVAILABLE),
        ("narrow", Permanent, Failure.CONTEXT_TOO_SMALL),
    ],
)
def test_what_a_servers_trouble_means_for_the_job(
    address: str, model: str, kind: type[Transient], code: Failure
) -> None:
    with pytest.raises(kind) as failed:
        engine(address, model).chat(ChatRequest(said("hello"), 10))
    assert failed.value.code is code


def test_the_token_limit_is_told(address: str) -> None:
    assert engine(address, "short").chat(ChatRequest(said("hello"), 10)).finish_reason == "length"


def test_whoever_listens_may_stop(address: str) -> None:
    def stop(_: str) -> None:
        raise Stopped("canceled")

    with pytest.raises(Stopped):
        engine(address).chat(ChatRequest(said("hello"), 10), stop)


def test_models_that_are_not_there(address: str) -> None:
    with pytest.raises(Permanent, match="no model 'other'"):
        engine(address, "other")
    with pytest.raises(Transient, match="no answer"):
        OpenAIEngine(ModelSpec.parse("openai:http://127.0.0.1:9/v1"))


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (100, 4000), (28, 28)])
def test_frames_fit_the_limit(address: str, width: int, height: int) -> None:
    w, h = engine(address).frame_size(width, height, 256 * 256)
    assert w % 28 == h % 28 == 0
    assert w * h <= 256 * 256
