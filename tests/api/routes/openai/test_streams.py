"""Answers that come word by word through OpenAI's package, one or several at once."""

from __future__ import annotations

import json
import time
from typing import Any

import openai
import pytest

from db.failures import Failure
from tests.api.live_app import LiveApp
from tests.api.routes.openai.answering import ANSWER, PICTURE, QUESTION, RESULT, Worker
from tests.api.running_app import TenantClient


def test_a_response_comes_as_events(client: openai.OpenAI, worker: Worker) -> None:
    worker.answers(("Two birds ", 0), (" wire.", 18))
    shown = [{"type": "input_text", "text": "How many?"}, {"type": "input_image", "image_url": PICTURE}]
    asked: list[Any] = [{"role": "user", "content": shown}]
    with client.responses.stream(model="nano", input=asked) as stream:
        events = [*stream]
        whole = stream.get_final_response()
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == ANSWER
    assert whole.output_text == ANSWER
    assert [event.type for event in events[-1:]] == ["response.completed"]
    assert worker.params["messages"][0]["content"][1]["image_url"]["asset_id"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param((("Two birds ", 0), ("sit on a", 10), (" wire.", 18)), id="all"),
        pytest.param((("Two birds ", 0), (" wire.", 18)), id="one lost"),
        pytest.param((("sit on a", 10), (" wire.", 18)), id="the first lost"),
        pytest.param((("Two birds ", 0), ("Two bi", 0), ("rds sit", 6)), id="begun twice"),
        pytest.param((), id="none"),
    ],
)
def test_a_stream_has_every_word_once(
    client: openai.OpenAI, worker: Worker, pieces: tuple[tuple[str, int], ...]
) -> None:
    worker.answers(*pieces)
    options: Any = {"include_usage": True}
    stream = client.chat.completions.create(model="nano", messages=QUESTION, stream=True, stream_options=options)
    chunks = [*stream]
    said = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(said) == ANSWER
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 6
    assert pieces[:1] == () or pieces[0][1] or "Two birds " in said


def test_an_answer_that_became_another_one_is_an_error(client: openai.OpenAI, worker: Worker) -> None:
    worker.answers(("Three ", 0))
    stream = client.chat.completions.create(model="nano", messages=QUESTION, stream=True)
    with pytest.raises(openai.APIError, match="became another one"):
        list(stream)


def test_several_answers_are_several_jobs_of_seeds_that_follow(
    live: LiveApp, client: openai.OpenAI, worker: Worker, ann: TenantClient
) -> None:
    texts = ["One bird.", "Two birds.", "No bird."]
    for text in texts:
        worker.answers(result={**RESULT, "text": text})
    asked: list[Any] = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": PICTURE}}]}]
    answer = client.chat.completions.create(model="nano", messages=asked, n=3, temperature=1, seed=2**63 - 2)
    assert sorted(choice.message.content or "" for choice in answer.choices) == sorted(texts)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (11, 18)
    jobs = ann.get("/v1/jobs").json()["items"]
    assert {job["params"]["sampling"]["seed"] for job in jobs} == {2**63 - 2, 2**63 - 1, 0}
    assert len({json.dumps(job["params"]["messages"]) for job in jobs}) == 1, "the picture is kept once"


def test_several_answers_stream_side_by_side(client: openai.OpenAI, worker: Worker) -> None:
    for text in ("One bird.", "Two birds."):
        worker.answers((text[:3], 0), (text[3:], 3), result={**RESULT, "text": text})
    options: Any = {"include_usage": True}
    stream = client.chat.completions.create(
        model="nano", messages=QUESTION, n=2, temperature=1, stream=True, stream_options=options
    )
    chunks = [*stream]
    said = {0: "", 1: ""}
    for choice in (choice for chunk in chunks for choice in chunk.choices):
        said[choice.index] += choice.delta.content or ""
    assert sorted(said.values()) == ["One bird.", "Two birds."]
    ends = [choice.index for chunk in chunks for choice in chunk.choices if choice.finish_reason]
    assert sorted(ends) == [0, 1]
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 12


@pytest.mark.parametrize("streamed", [False, True])
def test_one_of_several_answers_that_fails_ends_all(
    client: openai.OpenAI, worker: Worker, ann: TenantClient, streamed: bool
) -> None:
    worker.fails(Failure.INVALID_MEDIA, "not an image that can be read")

    def ask() -> None:
        answer: Any = client.with_options(timeout=20).chat.completions.create(
            model="nano", messages=QUESTION, n=2, temperature=1, stream=streamed
        )
        list(answer)

    if not streamed:
        worker.answers()
    with pytest.raises(openai.APIError, match="not an image that can be read"):
        ask()
    deadline = time.monotonic() + 15
    wanted = ["canceled", "failed"] if streamed else ["failed", "succeeded"]
    while sorted(job["state"] for job in ann.get("/v1/jobs").json()["items"]) != wanted:
        assert time.monotonic() < deadline, ann.get("/v1/jobs").json()
        time.sleep(0.05)
