"""`/v1/chat/completions` and `/v1/responses`, and the same below `/openai/v1`, where `/models` is OpenAI's too and not ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from typing import Any, Protocol

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from api.auth import JobsWriter, needs
from api.deps import Services, ServicesDep, now
from api.errors import NotFound, Problem, as_problem
from api.routes.events import EventStream
from api.routes.openai.answer_text import AnswerText
from api.routes.openai.completions import CompletionWriter
from api.routes.openai.documents import error_response, model_document, model_list
from api.routes.openai.merged import merged
from api.routes.openai.request import ChatCompletionRequest, chat_params
from api.routes.openai.response_request import ResponseRequest, echoed, response_params
from api.routes.openai.responses import ResponseWriter
from api.routes.openai.work import ChatJob, ask, heard, outcome, wanted
from db.access.keys import Scope
from db.documents.kinds.chat import ChatResult
from db.jobs import served

LOOK_S = 1.0
KEEP_ALIVE = ": waiting\n\n"


class Writer(Protocol):
    """Writes answers, each by its number, in one of OpenAI's forms: whole, or as server-sent events."""

    def whole(self, results: Sequence[ChatResult]) -> dict[str, Any]: ...

    def begin(self) -> Iterator[str]: ...

    def piece(self, number: int, text: str) -> str: ...

    def last(self, number: int, result: ChatResult) -> Iterator[str]: ...

    def end(self, results: Sequence[ChatResult]) -> Iterator[str]: ...

    def failed(self, problem: Problem) -> str: ...


class OpenAIRoute(APIRoute):
    """A route whose errors have OpenAI's form."""

    def get_route_handler(self) -> Any:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                found: Response = await handle(request)
            except Exception as error:  # noqa: BLE001 - answered as everywhere, in another form
                return error_response(as_problem(error))
            return found

        return answer


answers = APIRouter(tags=["openai"], route_class=OpenAIRoute)
model = APIRouter(tags=["openai"], route_class=OpenAIRoute)
models = APIRouter(tags=["openai"], route_class=OpenAIRoute)


@answers.post("/chat/completions", response_class=JSONResponse)
async def chat_completions(
    caller: JobsWriter, services: ServicesDep, http: Request, request: ChatCompletionRequest
) -> Response:
    """Answer a conversation in OpenAI's form. It is a `chat.complete` job like any other, whose id is in that of the
    answer; it is canceled when the connection ends before it does."""
    asked = await run_in_threadpool(ask, services, caller, chat_params(request), request.answers)
    return await _answer(http, services, asked, CompletionWriter(asked, request.includes_usage), bool(request.stream))


@answers.post("/responses", response_class=JSONResponse)
async def create_response(
    caller: JobsWriter, services: ServicesDep, http: Request, request: ResponseRequest
) -> Response:
    """The same in the form of responses; none of them is kept for a later request to go on from."""
    asked = await run_in_threadpool(ask, services, caller, response_params(request))
    return await _answer(http, services, asked, ResponseWriter(asked[0], echoed(request)), bool(request.stream))


@models.get("/models", dependencies=[needs(Scope.JOBS_READ)])
def openai_models(services: ServicesDep) -> dict[str, Any]:
    """The served models in OpenAI's form."""
    with services.database.read() as session:
        return model_list(served.models(session, now()))


@model.get("/models/{name:path}", dependencies=[needs(Scope.JOBS_READ)])
def openai_model(services: ServicesDep, name: str) -> dict[str, Any]:
    """One served model in OpenAI's form."""
    with services.database.read() as session:
        if all(one.name != name for one in served.models(session, now())):
            raise NotFound("model")
    return model_document(name)


async def _answer(
    http: Request, services: Services, asked: Sequence[ChatJob], writer: Writer, streamed: bool
) -> Response:
    headers = {"X-Job-Id": ", ".join(str(one.id) for one in asked)}
    if streamed:
        return EventStream(_stream(services, asked, writer), headers={**headers, "X-Accel-Buffering": "no"})
    async with wanted(services, asked):
        await _unless_gone(http, asyncio.gather(*(_ended(services, one) for one in asked)))
        results = [await run_in_threadpool(outcome, services, one) for one in asked]
        return JSONResponse(writer.whole(results), headers=headers)


async def _stream(services: Services, asked: Sequence[ChatJob], writer: Writer) -> AsyncIterator[str]:
    """The answers as they come, every word once; an error at the end where there is no answer."""
    results: dict[int, ChatResult] = {}
    async with wanted(services, asked):
        try:
            for line in writer.begin():
                yield line
            spoken = [_spoken(services, one, number, writer, results) for number, one in enumerate(asked)]
            async with aclosing(merged(spoken)) as lines:
                async for line in lines:
                    yield line
            for line in writer.end([results[number] for number, _ in enumerate(asked)]):
                yield line
        except Exception as error:  # noqa: BLE001 - the status has been sent; what is left is to say so
            yield writer.failed(as_problem(error))


async def _spoken(
    services: Services, asked: ChatJob, number: int, writer: Writer, results: dict[int, ChatResult]
) -> AsyncGenerator[str]:
    """One answer to its end; its result is left in `results`. Raises what `outcome` raises."""
    spoken = AnswerText()
    async with aclosing(heard(services, asked)) as told:
        async for item in told:
            if item is None:
                yield KEEP_ALIVE
            elif item.type == "text" and (new := spoken.take(item)):
                yield writer.piece(number, new)
    results[number] = result = await run_in_threadpool(outcome, services, asked)
    if rest := spoken.rest(result.text):
        yield writer.piece(number, rest)
    for line in writer.last(number, result):
        yield line


async def _ended(services: Services, asked: ChatJob) -> None:
    async with aclosing(heard(services, asked)) as told:
        async for _ in told:
            pass


async def _unless_gone(http: Request, work: Any) -> None:
    """Do the work, and give it up when the client has closed the connection."""
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait([task], timeout=LOOK_S))[0]:
            if await http.is_disconnected():
                raise Problem(499, "client_closed", "the connection was closed")
        await task
    finally:
        task.cancel()
