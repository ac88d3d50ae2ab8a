"""One answer to one conversation on a tiny model: what it counts, how it ends, what is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from db.documents.kinds.base import Sampling
from db.failures import Failure
from tests.worker.engines.models import RecordingForward, recording_resident
from worker.engine.protocol import ChatRequest
from worker.errors import Permanent
from worker.families.base import ChatTurn, ImageSlot, Still
from worker.streaming.answer import Conversation, answer
from worker.streaming.loaded_model import LoadedModel

HELLO = Conversation((ChatTurn("user", ("hello",)),), ())


@pytest.fixture(scope="module")
def resident() -> Iterator[tuple[LoadedModel, RecordingForward]]:
    found = recording_resident("qwen3_vl")
    yield found
    found[0].batcher.close()


@pytest.fixture
def loaded(resident: tuple[LoadedModel, RecordingForward]) -> LoadedModel:
    return resident[0]


@pytest.fixture
def forward(resident: tuple[LoadedModel, RecordingForward]) -> RecordingForward:
    return resident[1]


def greedy(max_tokens: int, **more: Any) -> ChatRequest:
    return ChatRequest((), max_tokens, Sampling(temperature=0.0), **more)


def asked(loaded: LoadedModel, conversation: Conversation) -> int:
    """Tokens of a conversation without pictures."""
    parts = loaded.family.conversation(loaded.tokens, conversation.turns)
    return sum(len(part) for part in parts if not isinstance(part, ImageSlot))


def test_an_answer_that_is_cut_off_says_so(loaded: LoadedModel) -> None:
    said: list[str] = []
    found = answer(loaded, HELLO, greedy(5), said.append)
    assert (found.finish_reason, found.completion_tokens) == ("length", 5)
    assert found.text == "".join(said)
    assert found.prompt_tokens == asked(loaded, HELLO)


def test_an_answer_that_ends_by_itself_says_so(loaded: LoadedModel, forward: RecordingForward) -> None:
    answer(loaded, HELLO, greedy(1), None)
    logits = forward.notes[-1][1]
    end = loaded.prompt_builder.end_ids[0]
    first = loaded.tokens.text("A")[0]

    def allowed(ids: Sequence[int]) -> NDArray[np.bool_]:
        return np.arange(len(logits)) == (end if ids else first)

    found = answer(loaded, HELLO, greedy(5), None, allowed)
    assert (found.text, found.finish_reason, found.completion_tokens) == ("A", "stop", 1)


def test_prompt_and_answer_must_fit_the_model(loaded: LoadedModel) -> None:
    small = replace(loaded, context_tokens=asked(loaded, HELLO) + 5)
    assert answer(small, HELLO, greedy(5), None).completion_tokens == 5
    with pytest.raises(
        Permanent, match=f"{asked(loaded, HELLO)} tokens asked and 6 to answer: the model has"
    ) as refused:
        answer(small, HELLO, greedy(6), None)
    assert refused.value.code == Failure.CONTEXT_TOO_SMALL


def test_pictures_stand_where_they_were_put_and_count_by_their_size(
    loaded: LoadedModel, forward: RecordingForward
) -> None:
    small, large = np.zeros((32, 32, 3), np.uint8), np.zeros((64, 32, 3), np.uint8)
    turn = ChatTurn("user", (Still(), "first", Still(), "then"))
    conversation = Conversation((turn,), ((small, small), (large, large)))
    found = answer(loaded, conversation, greedy(1), None)
    segments = forward.notes[-1][0]
    grids = [segment.span.grid for segment in segments if segment.span.grid]
    assert grids[1][0] == 2 * grids[0][0]
    assert found.prompt_tokens == sum(segment.span.tokens for segment in segments)


def test_an_answer_ends_soon_after_its_stop_text(loaded: LoadedModel) -> None:
    stop = answer(loaded, HELLO, greedy(8), None).text[2:4]
    found = answer(loaded, HELLO, greedy(2000, stops=(stop,)), None)
    assert found.finish_reason == "stop"
    assert stop in found.text
    assert found.completion_tokens < 2000
