"""What every engine promises of chats: text, images and videos, limits, schemas, stops, chances of tokens."""

from __future__ import annotations

import json
import math
import threading
from dataclasses import replace
from typing import Any

import pytest

from db.failures import Failure
from tests.conformance.engines import said, watch
from tests.worker.engines.models import chunk, frame
from worker.engine.protocol import ChatRequest, Engine
from worker.errors import Permanent, Stopped


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
