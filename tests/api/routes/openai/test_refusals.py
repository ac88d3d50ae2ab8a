"""What cannot be asked through OpenAI's package, and answers that fail, take too long or lose their reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from db.failures import Failure
from tests.api.live_app import LiveApp, live_app
from tests.api.routes.openai.answering import QUESTION, Worker, until_canceled
from tests.api.running_app import TenantClient


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"tools": [{"type": "web_search"}]}, "tools"),
        ({"input": [{"type": "function_call_output", "call_id": "1", "output": "7"}]}, "input.0"),
        ({"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "1"}]}]}, "input.0.content.0"),
        ({"text": {"format": {"type": "yaml"}}}, "text.format"),
    ],
)
def test_what_a_response_cannot_be_asked(client: openai.OpenAI, more: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(**{"model": "nano", "input": "What do you see?", **more})
    assert refused.value.param == param, refused.value.body


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]}, "tools"),
        ({"n": 2}, "n"),
        ({"n": 17, "temperature": 1}, "n"),
        ({"n": 0}, "n"),
        ({"presence_penalty": 0.5}, "presence_penalty"),
        ({"temperature": 9}, "sampling.temperature"),
        ({"max_tokens": 1_000_000}, "max_tokens"),
        ({"stream": "perhaps"}, "stream"),
        ({"extra_body": {"surprise": 1}}, "surprise"),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}]}, "messages.0"),
        ({"messages": [*QUESTION, {"role": "tool", "tool_call_id": "1", "content": "7"}]}, "messages.1"),
    ],
)
def test_what_cannot_be_served_is_refused_by_name(client: openai.OpenAI, more: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(**{"model": "nano", "messages": QUESTION, **more})
    assert param in str(refused.value.param), refused.value.body


def test_errors_have_the_form_that_its_package_reads(live: LiveApp, client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        client.chat.completions.create(model="gpt-5.5", messages=QUESTION)
    assert unknown.value.code == "unknown_model"
    assert "served are: nano" in unknown.value.message
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="bm3_wrong").chat.completions.create(model="nano", messages=QUESTION)
    reader = live.inside.tenant_client("reader", ["jobs:read"])
    with pytest.raises(openai.PermissionDeniedError):
        client.with_options(api_key=reader.token).chat.completions.create(model="nano", messages=QUESTION)


@pytest.mark.parametrize("streamed", [False, True])
def test_a_job_that_fails_is_an_error(client: openai.OpenAI, worker: Worker, streamed: bool) -> None:
    worker.fails(Failure.INVALID_MEDIA, "not an image that can be read")

    def ask() -> None:
        answer: Any = client.chat.completions.create(model="nano", messages=QUESTION, stream=streamed)
        list(answer)

    with pytest.raises(openai.APIError, match="not an image that can be read") as failed:
        ask()
    assert failed.value.code == "invalid_media"


@pytest.mark.parametrize("streamed", [False, True])
def test_a_job_that_nobody_waits_for_is_canceled(live: LiveApp, ann: TenantClient, streamed: bool) -> None:
    body = {"messages": QUESTION, "stream": streamed}
    with live.client(ann.token) as impatient, pytest.raises(httpx.ReadTimeout):
        impatient.post("/v1/chat/completions", json=body, timeout=1)
    until_canceled(ann)


def test_an_answer_that_takes_too_long_is_an_error_and_canceled(tmp_path: Path, redis_url: str) -> None:
    with live_app(tmp_path, redis_url, chat_wait_s=0.5) as live:
        ann = live.inside.tenant_client("ann")
        client = openai.OpenAI(base_url=f"{live.url}/v1", api_key=ann.token, max_retries=0)
        with client, pytest.raises(openai.APIStatusError, match=r"submit a chat\.complete job") as late:
            client.chat.completions.create(model="default", messages=QUESTION)
        assert late.value.status_code == 504
        until_canceled(ann)
