"""A reply token by token: which token is chosen, when it is silence, how it ended, and what failures become."""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
import pytest
import torch

from db.documents.kinds.base import Sampling
from db.failures import Failure
from worker.engine import sampling
from worker.engine.protocol import StepTimings
from worker.errors import Transient
from worker.streaming.batch import (
    ActiveSequence,
    GenerationRequest,
    GenerationTurn,
    _failure,
    _first_word,
)
from worker.streaming.context_window import Change
from worker.streaming.forward import Forward
from worker.streaming.runtime.pieces import cut
from worker.streaming.spans import SpanRole, TokenSpan

REPLY = TokenSpan(7, SpanRole.REPLY, 3, 0, start=100)
END_IDS = (4, 2)
GREEDY = Sampling(temperature=0.0)
LOGITS = torch.tensor([0.0, 3.0, 2.0, 1.0, -1.0])


def request(**more: Any) -> GenerationRequest:
    return GenerationRequest(REPLY, more.pop("sampling", GREEDY), END_IDS, 8, **more)


def only(*tokens: int) -> Any:
    """Bar every token but these."""
    return lambda _: np.isin(np.arange(5), tokens)


def test_without_a_temperature_the_likeliest_token_is_chosen() -> None:
    assert request().plain
    assert request().choice(sampling, LOGITS, (), 0) == 1


def test_what_may_not_follow_is_not_chosen() -> None:
    asked = request(allowed=only(2, 3))
    assert not asked.plain
    assert asked.choice(sampling, LOGITS, (), 0) == 2


def test_what_may_follow_depends_on_what_was_said() -> None:
    asked = request(allowed=lambda ids: np.isin(np.arange(5), [len(ids)]))
    assert [asked.choice(sampling, LOGITS, (0,) * said, 0) for said in range(4)] == [0, 1, 2, 3]


@pytest.mark.parametrize("rules", [Sampling(temperature=0.5), Sampling(temperature=0.0, repetition_penalty=1.1)])
def test_what_chooses_by_more_than_the_largest_logit_is_not_plain(rules: Sampling) -> None:
    assert not request(sampling=rules).plain


def test_tokens_said_before_and_in_this_reply_are_punished() -> None:
    punishing = Sampling(temperature=0.0, repetition_penalty=2.0)
    assert request(sampling=punishing).choice(sampling, LOGITS, (), 0) == 1
    assert request(sampling=punishing).choice(sampling, LOGITS, (1,), 0) == 2
    assert request(sampling=punishing, said=frozenset({1})).choice(sampling, LOGITS, (), 0) == 2
    assert request(sampling=punishing, said=frozenset({1})).choice(sampling, LOGITS, (2,), 0) == 1, (
        "3 / 2 against 2 / 2 and 1"
    )


def test_the_same_step_draws_the_same_token() -> None:
    asked = request(sampling=Sampling(temperature=5.0, seed=1))
    drawn = [asked.choice(sampling, LOGITS, (), step) for step in range(20)]
    assert drawn == [asked.choice(sampling, LOGITS, (), step) for step in range(20)]
    assert len(set(drawn)) > 1


def sequence(*ids: int) -> ActiveSequence:
    turn = GenerationTurn(None, Change(), ())  # type: ignore[arg-type]
    timings = StepTimings(vision_s=1.0, prefill_s=2.0)
    return ActiveSequence(turn, request(), 9, 0.25, timings, list(ids), reply_s=0.5)


def test_the_next_token_goes_in_behind_those_before_it() -> None:
    assert sequence(11).next_span() == TokenSpan(7, SpanRole.REPLY, 3, 1, start=100)
    assert sequence(11, 12, 13).next_span() == TokenSpan(7, SpanRole.REPLY, 3, 1, start=102)


@pytest.mark.parametrize(
    ("ids", "ended", "fed"),
    [((5, 6, 7), True, 3), ((5, 6, 7), False, 2), ((), True, 0), ((), False, 0), ((5,), False, 0)],
)
def test_the_last_token_is_in_the_cache_only_when_another_came_after_it(
    ids: tuple[int, ...], ended: bool, fed: int
) -> None:
    outcome = sequence(*ids).outcome(ended)
    assert (outcome.ids, outcome.fed_tokens, outcome.ended) == (ids, fed, ended)
    assert (outcome.rng_step, outcome.silence_probability) == (9, 0.25)
    assert outcome.timings == StepTimings(vision_s=1.0, prefill_s=2.0, reply_s=0.5)


def test_without_a_threshold_silence_is_a_token_like_others() -> None:
    assert _first_word(sampling, request(), 0.9, LOGITS) is LOGITS


@pytest.mark.parametrize(("silence", "silent"), [(0.29, False), (0.3, True), (0.31, True)])
def test_a_reply_is_silent_from_the_threshold_on(silence: float, silent: bool) -> None:
    first = _first_word(sampling, request(silence_threshold=0.3), silence, LOGITS)
    if silent:
        assert first.tolist() == [-math.inf] * 4 + [0.0], "the first of the end tokens, and nothing else"
    else:
        assert first.tolist() == [0.0, 3.0, -math.inf, 1.0, -math.inf], "no end token"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), Failure.GPU_OOM),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"), Failure.GPU_OOM),
        (RuntimeError("shapes do not fit"), None),
    ],
)
def test_only_memory_that_ran_out_is_worth_another_try(error: RuntimeError, code: Failure | None) -> None:
    found = _failure(cast(Any, Forward), error)
    if code is None:
        assert found is error
    else:
        assert isinstance(found, Transient)
        assert (found.code, str(error) in str(found)) == (code, True)


def span(key: int, tokens: int) -> TokenSpan:
    return TokenSpan(key, SpanRole.FRAMES, 0, tokens)


@pytest.mark.parametrize(
    ("tokens", "parts"),
    [
        ([3, 4], [[(0, 3), (1, 4)]]),
        ([10], [[(0, 10)]]),
        ([11], [[(0, 10)], [(0, 1)]]),
        ([6, 6], [[(0, 6), (1, 4)], [(1, 2)]]),
        ([25, 5], [[(0, 10)], [(0, 10)], [(0, 5), (1, 5)]]),
        ([10, 1], [[(0, 10)], [(1, 1)]]),
        ([0, 3], [[(1, 3)]]),
    ],
)
def test_a_long_prompt_is_cut_into_parts_of_bounded_size(tokens: list[int], parts: list[list[tuple[int, int]]]) -> None:
    found = cut([span(key, count) for key, count in enumerate(tokens)], most=10)
    assert [[(one.key, taken) for one, taken in part] for part in found] == parts
