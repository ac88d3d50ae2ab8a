"""Answers held to a schema: whatever the model would rather say, what comes out is a document of the schema."""

from __future__ import annotations

import functools
import json
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from worker.datasheet.vlm.answers import Centres, Counted, PadSizes
from worker.engines.grammar import Grammar, vocabulary
from worker.engines.tiny import tiny_tokenizer
from worker.errors import Permanent

PADDING = 30  # logits beyond the vocabulary, as real models have them


class Small(BaseModel):
    model_config = ConfigDict(extra="forbid")
    unit: str = Field(pattern="^(mm|inch)$")
    count: int = Field(ge=0, le=2000)
    ends: list[bool] = Field(max_length=3)


@functools.cache
def words() -> tuple[Any, Any, int]:
    tokenizer = tiny_tokenizer()
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    return tokenizer, vocabulary(tokenizer.backend_tokenizer.to_str(), end, len(tokenizer) + PADDING), end


def babble(schema: dict[str, Any], seed: int, limit: int) -> tuple[str, bool]:
    """Greedy decoding of random logits under the schema; the text and whether it came to its end."""
    tokenizer, tokens, end = words()
    rng = np.random.default_rng(seed)
    grammar, said = Grammar(tokens, schema), []
    for _ in range(limit):
        logits = rng.normal(size=tokens.vocab_size)
        logits[end] += 2.0
        logits[~grammar.allowed(said)] = -np.inf
        token = int(logits.argmax())
        if token == end:
            return tokenizer.decode(said), True
        said.append(token)
    return tokenizer.decode(said), False


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_random_logits_give_valid_documents(seed: int) -> None:
    text, ended = babble(Small.model_json_schema(), seed, 400)
    assert ended
    Small.model_validate_json(text)


@pytest.mark.parametrize("kind", [Counted, Centres, PadSizes])
def test_the_readers_schemas_compile_and_begin_well(kind: type[BaseModel]) -> None:
    text, _ = babble(kind.model_json_schema(), 1, 300)
    first = next(iter(kind.model_fields))
    assert text.startswith(f'{{"{first}":')


def test_a_number_comes_to_an_end() -> None:
    schema = {
        "type": "array",
        "items": {"type": "number", "minimum": -200, "maximum": 200},
        "minItems": 40,
        "maxItems": 40,
    }
    text, ended = babble(schema, 3, 2000)
    assert ended
    assert all(abs(value) <= 200 and round(value, 4) == value for value in json.loads(text))


def test_padding_and_marks_are_never_allowed() -> None:
    tokenizer, tokens, end = words()
    allowed = Grammar(tokens, Small.model_json_schema()).allowed([])
    assert allowed.shape == (len(tokenizer) + PADDING,)
    assert not allowed[len(tokenizer) :].any()
    assert not allowed[end]
    assert not allowed[tokenizer.convert_tokens_to_ids("<|im_start|>")]


def test_a_choice_against_the_schema_is_refused() -> None:
    tokenizer, tokens, _ = words()
    with pytest.raises(Permanent, match="against"):
        Grammar(tokens, Small.model_json_schema()).allowed([tokenizer.convert_tokens_to_ids("x")])


def test_a_schema_that_cannot_be() -> None:
    with pytest.raises(Permanent, match="compiled"):
        Grammar(words()[1], {"type": "nonsense"})


def test_a_mask_is_cheap() -> None:
    grammar = Grammar(words()[1], Centres.model_json_schema())
    grammar.allowed([])
    start = time.perf_counter()
    for _ in range(200):
        grammar.allowed([])
    assert (time.perf_counter() - start) / 200 < 0.005
