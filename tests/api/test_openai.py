"""Programs written for OpenAI's interface, with its own package, against ours."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import openai
import pytest

from db.failures import Failure
from db.jobs import leases
from db.jobs.leases import Ending, Usage
from tests.api.live_app import LiveApp, live_app
from tests.api.running_app import TenantClient
from tests.waiting import GUARD_S
from worker.supervisor.live import LiveTextPublisher

ANSWER = "Two birds sit on a wire."
RESULT = {
    "text": ANSWER,
    "finish_reason": "stop",
    "prompt_tokens": 11,
    "completion_tokens": 6,
    "provenance": {
        "model": "nano",
        "family": "bm3_vl",
        "engine": "fake",
        "weights_sha256": "w" * 64,
        "code_version": "0.1.0",
        "seed": 0,
    },
    "timings": {"first_token_s": 0.25, "tokens_per_second": 12.5},
}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
PICTURE = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
QUESTION: list[Any] = [{"role": "user", "content": "What do you see?"}]


@pytest.fixture
def live(tmp_path: Path, redis_url: str) -> Iterator[LiveApp]:
    with live_app(tmp_path, redis_url) as running:
        running.inside.worker()
        yield running


@pytest.fixture
def ann(live: LiveApp) -> TenantClient:
    return live.inside.tenant_client("ann")


@pytest.fixture(params=["/v1", "/openai/v1"])
def client(request: pytest.FixtureRequest, live: LiveApp, ann: TenantClient) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=live.url + request.param, api_key=ann.token, max_retries=0) as one:
        yield one


class Worker:
    """Does the next job by hand: says pieces of its answer, each with the number of characters before it, and ends it."""

    def __init__(self, live: LiveApp, redis_url: str) -> None:
        self._inside = live.inside
        self._publisher = LiveTextPublisher(redis_url)
        self._threads: list[threading.Thread] = []
        self.params: dict[str, Any] = {}

    def answers(self, *pieces: tuple[str, int], result: dict[str, Any] = RESULT) -> None:
        self._begin(lambda job_id, epoch: self._answer(job_id, epoch, pieces, result))

    def fails(self, failure: Failure, message: str) -> None:
        self._begin(lambda job_id, epoch: self._fail(job_id, epoch, Ending(failure, message, Usage(1.0))))

    def join(self) -> None:
        for thread in self._threads:
            thread.join(GUARD_S)

    def _begin(self, work: Callable[[UUID, int], None]) -> None:
        self._threads.append(threading.Thread(target=lambda: work(*self._claimed())))
        self._threads[-1].start()

    def _claimed(self) -> tuple[UUID, int]:
        deadline = time.monotonic() + GUARD_S
        while time.monotonic() < deadline:
            with self._inside.services.database.write() as session:
                job = leases.claim(session, datetime.now(UTC), "gpu", "w1", 60)
                if job is not None:
                    assert leases.start(session, datetime.now(UTC), job.id, job.epoch)
                    self.params = job.params
                    return job.id, job.epoch
            time.sleep(0.02)
        raise TimeoutError("no job came")

    def _answer(self, job_id: UUID, epoch: int, pieces: tuple[tuple[str, int], ...], result: dict[str, Any]) -> None:
        time.sleep(0.3)  # the reader watches by now
        for text, at in pieces:
            self._publisher.say(job_id, text, at)
            time.sleep(0.1)
        self._inside.finish(job_id, epoch, result)

    def _fail(self, job_id: UUID, epoch: int, ending: Ending) -> None:
        with self._inside.services.database.write() as session:
            leases.fail(session, datetime.now(UTC), job_id, epoch, ending, self._inside.services.settings)


@pytest.fixture
def worker(live: LiveApp, redis_url: str) -> Iterator[Worker]:
    one = Worker(live, redis_url)
    yield one
    one.join()


def only_job(ann: TenantClient) -> dict[str, Any]:
    (job,) = ann.get("/v1/jobs").json()["items"]
    found: dict[str, Any] = job
    return found


def until_canceled(ann: TenantClient) -> None:
    deadline = time.monotonic() + GUARD_S
    while [job["state"] for job in ann.get("/v1/jobs").json()["items"]] != ["canceled"]:
        assert time.monotonic() < deadline, "the job was not canceled"
        time.sleep(0.05)


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


def test_models_are_listed_as_its_package_expects(client: openai.OpenAI, ann: TenantClient) -> None:
    assert [model.id for model in client.models.list()] == ["nano"]
    assert client.models.retrieve("nano").owned_by == "bm3-vl"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-5.5")
    assert ann.get("/v1/models").json()[0]["family"] == "bm3_vl"  # and for everybody else as before
