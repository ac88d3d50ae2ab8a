"""A model in this process held to a schema: with random weights it would babble, and still every answer is a document."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from pydantic import BaseModel, ConfigDict, Field

from db.documents.kinds.base import Sampling
from tests.worker.engines.models import tiny_engine
from worker.datasheet.vlm.answers import Counted
from worker.engine.protocol import ChatRequest
from worker.engines.pytorch import PytorchEngine
from worker.engines.structured import ask
from worker.errors import Permanent

PICTURE = np.full((32, 48, 3), 200, np.uint8)


class Small(BaseModel):
    model_config = ConfigDict(extra="forbid")
    unit: str = Field(pattern="^(mm|inch)$")
    count: int = Field(ge=0, le=2000)
    size: float = Field(ge=0, le=20)


@pytest.fixture(scope="module", params=("qwen2_5_vl", "bm3_vl"))
def engine(request: pytest.FixtureRequest) -> Iterator[PytorchEngine]:
    loaded = tiny_engine(request.param)
    yield loaded
    loaded.close()


def asked(text: str) -> list[dict[str, object]]:
    content = [{"type": "image", "image": PICTURE}, {"type": "text", "text": text}]
    return [{"role": "user", "content": content}]


@pytest.mark.slow
def test_every_answer_is_a_document(engine: PytorchEngine) -> None:
    assert engine.info.structured
    ask(engine, asked("How many pads?"), Small, 200)
    ask(engine, asked("Which body?"), Counted, 600)


def test_drawn_at_random_too(engine: PytorchEngine) -> None:
    for seed in range(3):
        hot = Sampling(temperature=1.5, seed=seed)
        text = engine.chat(ChatRequest(asked("How many?"), 200, hot, Small.model_json_schema())).text
        Small.model_validate_json(text)


def test_others_speak_freely_meanwhile(engine: PytorchEngine) -> None:
    free = functools.partial(engine.chat, ChatRequest(asked("Tell me more."), 40))
    alone = free()
    with ThreadPoolExecutor(2) as pool:
        request = pool.submit(free)
        held = pool.submit(ask, engine, asked("How many pads?"), Small, 200)
    assert isinstance(held.result(), Small)
    assert request.result().text == alone.text


def test_an_answer_cut_off_says_so(engine: PytorchEngine) -> None:
    with pytest.raises(Permanent, match="cut off at the token limit"):
        ask(engine, asked("Which body?"), Counted, 20)
