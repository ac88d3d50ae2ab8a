"""Programs written for OpenAI's interface, with its own package, against ours."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from tests.api.routes.openai.answering import ANSWER, PICTURE, QUESTION, RESULT, Worker, only_job
from tests.api.running_app import TenantClient


def test_the_quick_start_of_chat_completions(client: openai.OpenAI, worker: Worker, ann: TenantClient) -> None:
    worker.answers()
    asked: list[Any] = [{"role": "developer", "content": "Talk like a pirate."}, *QUESTION]
    completion = client.chat.completions.create(model="nano", messages=asked)
    assert completion.choices[0].message.content == ANSWER
    assert (completion.choices[0].finish_reason, completion.model) == ("stop", "nano")
    assert completion.usage is not None
    assert completion.usage.total_tokens == 17
    assert completion.id == f"chatcmpl-{only_job(ann)['id']}"
    assert (completion.model_extra or {})["timings"] == RESULT["timings"]
    assert worker.params["messages"][0] == {"role": "system", "content": "Talk like a pirate."}


def test_chances_of_tokens_are_told_in_openais_form(client: openai.OpenAI, worker: Worker) -> None:
    likeliest = [{"text": "Two", "logprob": -0.25}, {"text": "\ufffd", "logprob": -2.0}]
    told = {**RESULT, "logprobs": [{"text": "Two", "logprob": -0.25, "likeliest": likeliest}]}
    worker.answers(result=told)
    answer = client.chat.completions.create(model="nano", messages=QUESTION, logprobs=True, top_logprobs=2)
    assert worker.params["logprobs"] == 2
    assert answer.choices[0].logprobs is not None
    (token,) = answer.choices[0].logprobs.content or []
    assert (token.token, token.logprob, bytes(token.bytes or [])) == ("Two", -0.25, b"Two")
    assert [(one.token, one.bytes) for one in token.top_logprobs] == [("Two", [84, 119, 111]), ("\ufffd", None)]
    worker.answers(result=told)
    chunks = list(client.chat.completions.create(model="nano", messages=QUESTION, logprobs=True, stream=True))
    assert worker.params["logprobs"] == 0
    (last,) = [chunk.choices[0] for chunk in chunks if chunk.choices and chunk.choices[0].logprobs]
    assert last.finish_reason == "stop"


def test_the_quick_start_of_responses(client: openai.OpenAI, worker: Worker, ann: TenantClient) -> None:
    worker.answers()
    response = client.responses.create(model="nano", instructions="Talk like a pirate.", input="What do you see?")
    assert response.output_text == ANSWER
    assert (response.status, response.id) == ("completed", f"resp_{only_job(ann)['id']}")
    assert response.usage is not None
    assert (response.usage.input_tokens, response.usage.output_tokens) == (11, 6)
    told = {"role": "system", "content": "Talk like a pirate."}
    assert worker.params["messages"] == [told, {"role": "user", "content": "What do you see?"}]


@pytest.mark.slow
def test_what_is_asked_reaches_the_job(client: openai.OpenAI, worker: Worker) -> None:
    worker.answers()
    schema: dict[str, Any] = {"type": "object", "properties": {"birds": {"type": "integer"}}}
    shown = [{"type": "text", "text": "How many?"}, {"type": "image_url", "image_url": {"url": PICTURE}}]
    answer_format: Any = {"type": "json_schema", "json_schema": {"name": "count", "schema": schema, "strict": True}}
    asked_for: list[Any] = [{"role": "user", "content": shown}]
    client.chat.completions.create(
        model="nano",
        messages=asked_for,
        max_completion_tokens=40,
        temperature=0.5,
        top_p=0.9,
        seed=7,
        stop=["\n\n"],
        response_format=answer_format,
        user="somebody",
    )
    asked = worker.params
    assert (asked["max_tokens"], asked["stop"], asked["response_schema"]) == (40, ["\n\n"], schema)
    assert (asked["sampling"]["temperature"], asked["sampling"]["top_p"], asked["sampling"]["seed"]) == (0.5, 0.9, 7)
    assert asked["messages"][0]["content"][1]["image_url"]["asset_id"]


def test_models_are_listed_as_its_package_expects(client: openai.OpenAI, ann: TenantClient) -> None:
    assert [model.id for model in client.models.list()] == ["nano"]
    assert client.models.retrieve("nano").owned_by == "bm3-vl"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-5.5")
    assert ann.get("/v1/models").json()[0]["family"] == "bm3_vl"  # and for everybody else as before
