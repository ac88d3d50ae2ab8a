"""Any OpenAI-compatible server as an engine: vLLM, SGLang, llama.cpp, ollama.

Spec: `NAME=openai:http://127.0.0.1:8000/v1?model=Qwen/Qwen3-VL-8B-Instruct&key_variable=OPENAI_API_KEY`. Further options:
`timeout_s` until the first and between two pieces of an answer, `context_tokens` where the server does not tell.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

import httpx
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from db.failures import Failure
from worker.engine.protocol import (
    NO_SNAPSHOTS,
    Answer,
    ChatRequest,
    ModelInfo,
    OnText,
    Session,
    TokenLogprob,
    WatchOptions,
)
from worker.engines.openai_stream import ForgetfulSession, refuse_small_context
from worker.engines.spec import ModelSpec
from worker.errors import Permanent, Transient

OPTIONS = frozenset({"model", "key_variable", "timeout_s", "context_tokens"})
DEFAULT_CONTEXT_TOKENS = 32_768
NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")
CONNECT_S = 5.0
MAX_ANSWER_CHARS = 2_000_000
FACTOR_PX = 28


@dataclass
class _Heard:
    """An answer as far as it has come."""

    text: str = ""
    finish: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    logprobs: list[TokenLogprob] = field(default_factory=list)


class OpenAIEngine:
    """A model behind an server; see `worker.engine.protocol.Engine`. Raises Transient(ENGINE_UNREACHABLE) when it is down."""

    def __init__(self, spec: ModelSpec) -> None:
        spec.refuse_unknown(OPTIONS)
        key = os.environ.get(spec.options.get("key_variable", ""), "")
        timeout = httpx.Timeout(spec.option_int("timeout_s", 300), connect=CONNECT_S)
        self._client = httpx.Client(
            base_url=spec.path.rstrip("/") + "/",
            timeout=timeout,
            headers={"Authorization": f"Bearer {key}"} if key else {},
        )
        served = self._served(spec.options.get("model"))
        self._model = str(served["id"])
        limit = spec.option_int("context_tokens", 0) or int(served.get("max_model_len") or DEFAULT_CONTEXT_TOKENS)
        self._info = ModelInfo(
            name=spec.name,
            family=self._model,
            engine=spec.engine,
            weights_sha256="",
            context_tokens=limit,
            dtype="",
            device="remote",
            structured=True,
        )

    @property
    def info(self) -> ModelInfo:
        """The server's model; what a server does not tell is empty."""
        return self._info

    @property
    def factor_px(self) -> int:
        """Of the common vision towers: the server does not tell its own."""
        return FACTOR_PX

    def frame_size(self, width_px: int, height_px: int, max_frame_pixels: int) -> tuple[int, int]:
        """The largest size of the same shape within the limit, in whole patches of the common vision towers."""
        scale = min(1.0, (max_frame_pixels / (width_px * height_px)) ** 0.5)
        return tuple(max(FACTOR_PX, int(v * scale) // FACTOR_PX * FACTOR_PX) for v in (width_px, height_px))  # type: ignore[return-value]

    def open(
        self,
        options: WatchOptions,
        checkpoint: dict[str, Any] | None = None,
        snapshots: Mapping[str, Path] = NO_SNAPSHOTS,
    ) -> Session:
        """A stream of which the server is sent the window again with each chunk.

        Raises Permanent (CONTEXT_TOO_SMALL) where that would not fit its model.
        """
        refuse_small_context(options, self._info.context_tokens)
        return ForgetfulSession(self.chat, options, checkpoint)

    def warm_up(self) -> None:
        """Nothing: the server is warm or not for all who use it, and a request may cost money."""

    def chat(self, request: ChatRequest, on_text: OnText | None = None) -> Answer:
        """Raises Permanent (UNSUPPORTED) where log probabilities were asked for and the server tells none."""
        answer = self._complete(self._body(request) | _held_to(request.schema), on_text)
        if request.logprobs is None:
            return replace(answer, logprobs=None)
        if answer.text and not answer.logprobs:
            raise Permanent(Failure.UNSUPPORTED, "the model server returns no log probabilities: leave logprobs out")
        return answer

    def close(self) -> None:
        """Close the connections to the server."""
        self._client.close()

    # --- the wire ---

    def _served(self, wanted: str | None) -> dict[str, Any]:
        """The model to use: the one asked for, else the only one there is."""
        try:
            answer = self._client.get("models")
            answer.raise_for_status()
            models = {str(m["id"]): m for m in answer.json()["data"]}
        except httpx.HTTPStatusError as error:
            _refused(error.response.status_code, error.response.text)
        except httpx.HTTPError as error:
            raise Transient(Failure.ENGINE_UNREACHABLE, f"no answer from the model server: {error}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise Permanent(
                Failure.MODEL_UNAVAILABLE, "the address answers, but is not an OpenAI-compatible server"
            ) from error
        if wanted is None and len(models) == 1:
            wanted = next(iter(models))
        if wanted not in models:
            raise Permanent(
                Failure.MODEL_UNAVAILABLE, f"the server has no model {wanted!r}; it has {', '.join(models)}"
            )
        return dict(models[wanted])

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        return {
            "model": self._model,
            "messages": [_message(m) for m in request.messages],
            "max_tokens": request.max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": request.sampling.temperature,
            "top_p": request.sampling.top_p,
            "seed": request.sampling.seed,
            **({"stop": list(request.stops)} if request.stops else {}),
            **({} if request.logprobs is None else {"logprobs": True, "top_logprobs": request.logprobs}),
        }

    def _complete(self, request: dict[str, Any], on_text: OnText | None) -> Answer:
        """Streams one completion; what `on_text` raises ends the request."""
        heard = _Heard()
        try:
            with self._client.stream("POST", "chat/completions", json=request) as response:
                if response.status_code >= 400:
                    _refused(response.status_code, response.read().decode("utf-8", "replace"))
                for event in _events(response.iter_lines()):
                    _hear(heard, event, on_text)
        except httpx.HTTPError as error:
            raise Transient(Failure.ENGINE_UNREACHABLE, f"the model server broke off: {error}") from error
        if not heard.finish:
            raise Transient(Failure.ENGINE_UNREACHABLE, "the model server ended its answer without saying why")
        finish = "length" if heard.finish == "length" else "stop"
        return Answer(heard.text, heard.prompt_tokens, heard.completion_tokens, finish, tuple(heard.logprobs))


def _held_to(schema: dict[str, Any] | None) -> dict[str, Any]:
    """What asks for JSON of a schema: all four servers know it. OpenAI's own takes no blank in its name."""
    if schema is None:
        return {}
    name = NO_NAME.sub("_", str(schema.get("title", "")))[:64] or "answer"
    named = {"name": name, "schema": schema, "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": named}}


def _events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """The JSON of each server-sent event up to [DONE]."""
    for line in lines:
        data = line.removeprefix("data:").strip()
        if not line.startswith("data:") or not data:
            continue
        if data == "[DONE]":
            return
        try:
            event = json.loads(data)
        except ValueError as error:
            raise Transient(Failure.ENGINE_UNREACHABLE, "the model server sent an event that is not JSON") from error
        yield event


def _hear(heard: _Heard, event: dict[str, Any], on_text: OnText | None) -> None:
    usage = event.get("usage") or {}
    heard.prompt_tokens = usage.get("prompt_tokens", heard.prompt_tokens)
    heard.completion_tokens = usage.get("completion_tokens", heard.completion_tokens)
    if "error" in event:
        raise Transient(Failure.ENGINE_UNREACHABLE, f"the model server failed: {str(event['error'])[:300]}")
    for choice in event.get("choices") or []:
        piece = (choice.get("delta") or {}).get("content") or ""
        heard.text += piece
        heard.logprobs += [_logprob(one) for one in (choice.get("logprobs") or {}).get("content") or []]
        heard.finish = choice.get("finish_reason") or heard.finish
        if len(heard.text) > MAX_ANSWER_CHARS:
            raise Permanent(Failure.INTERNAL, "the model server does not stop talking")
        if piece and on_text is not None:
            on_text(piece)


def _logprob(given: dict[str, Any]) -> TokenLogprob:
    """A token's chance as the servers tell it."""
    likeliest = tuple((str(one["token"]), float(one["logprob"])) for one in given.get("top_logprobs") or [])
    return TokenLogprob(str(given["token"]), float(given["logprob"]), likeliest)


def _refused(status: int, body: str) -> NoReturn:
    """What a status of the server means for the job."""
    said = body[:300]
    if status in (408, 425, 429) or status >= 500:
        raise Transient(Failure.ENGINE_UNREACHABLE, f"the model server answered {status}: {said}")
    if status in (401, 403, 404):
        raise Permanent(Failure.MODEL_UNAVAILABLE, f"the model server answered {status}: {said}")
    if "context" in said.lower() and "length" in said.lower():
        raise Permanent(Failure.CONTEXT_TOO_SMALL, said)
    raise Permanent(Failure.BAD_PARAMS, f"the model server answered {status}: {said}")


def _message(message: dict[str, Any]) -> dict[str, Any]:
    content = message["content"]
    if isinstance(content, str):
        return {"role": message["role"], "content": content}
    return {"role": message["role"], "content": [part for given in content for part in _parts(given)]}


def _parts(part: dict[str, Any]) -> list[dict[str, Any]]:
    """One part as the servers take it; a video becomes its pictures in order."""
    if part["type"] == "text":
        return [{"type": "text", "text": str(part["text"])}]
    if part["type"] == "image":
        return [_picture(part["image"])]
    if part["type"] == "video":
        return [_picture(frame.pixels) for frame in part["video"]]
    raise Permanent(Failure.BAD_PARAMS, f"a message part of type {part['type']!r}")


def _picture(pixels: NDArray[np.uint8]) -> dict[str, Any]:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
