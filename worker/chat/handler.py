"""The `chat.complete` handler: fetch what the messages show, ask the model, return its answer."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any, assert_never

from db.documents.kinds.chat import (
    ChatMessage,
    ChatParams,
    ChatResult,
    ImagePart,
    ImageUrlPart,
    Part,
    TextPart,
    VideoOptions,
    VideoPart,
    VideoUrlPart,
)
from db.failures import Failure
from worker.chat.picture import read_picture
from worker.chat.said import Said
from worker.context import Context
from worker.engine.protocol import ChatRequest, Engine, Frame
from worker.errors import Permanent
from worker.provenance import provenance
from worker.video.source.decode import Clip, ClipEnd, parts
from worker.video.source.probe import Probe, probe


def complete_chat(params: ChatParams, job: Context) -> ChatResult:
    """Answer a conversation; the words go live to `job.text` as they are decoded.

    Raises Permanent for media that cannot be read and conversations that do not fit, Transient from the engine.
    """
    messages = [_message(message, job, number, len(params.messages)) for number, message in enumerate(params.messages)]
    said = Said(job.text, params.stop)
    request = ChatRequest(messages, params.max_tokens, params.sampling, params.response_schema)
    answer = job.engine.chat(request, said)
    text = said.cut(answer.text)
    is_cut_off = answer.finish_reason == "length" and text == answer.text
    return ChatResult(
        text=text,
        finish_reason="length" if is_cut_off else "stop",
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        provenance=provenance(job.engine.info, params.sampling.seed),
        timings=said.timings(answer.completion_tokens),
    )


def _message(message: ChatMessage, job: Context, number: int, count: int) -> dict[str, Any]:
    """A message as the engine takes it, its media read."""
    job.beat(0, None, f"reading message {number + 1} of {count}")
    if isinstance(message.content, str):
        content = [{"type": "text", "text": message.content}]
    else:
        content = [_part(part, job) for part in message.content]
    return {"role": message.role, "content": content}


def _part(part: Part, job: Context) -> dict[str, Any]:
    match part:
        case TextPart():
            return {"type": "text", "text": part.text}
        case ImagePart():
            return {"type": "image", "image": read_picture(job.fetch(part.image))}
        case ImageUrlPart():
            return {"type": "image", "image": read_picture(job.fetch(part.image_url))}
        case VideoPart():
            return {
                "type": "video",
                "video": read_frames(job.fetch(part.video), part, job.engine, lambda: job.text("")),
            }
        case VideoUrlPart():
            return {
                "type": "video",
                "video": read_frames(job.fetch(part.video_url), part, job.engine, lambda: job.text("")),
            }
        case _:
            assert_never(part)


def read_frames(
    path: Path, options: VideoOptions, engine: Engine, on_step: Callable[[], None] = lambda: None
) -> tuple[Frame, ...]:
    """The frames of a whole video. Raises Permanent; a file that breaks off is TRUNCATED_MEDIA, never a shorter video.
    Raises what `on_step` raises, which is called while the file is read through."""
    known = probe(path, on_step)
    size_px = engine.frame_size(known.width_px, known.height_px, options.max_frame_pixels)
    fps = _fps(known, options)
    frames: list[Frame] = []
    for part in parts(path, known, Clip(fps=fps, chunk_ms=ceil(1000 / fps)), size_px):
        if isinstance(part, ClipEnd):
            if part.truncated:
                raise Permanent(Failure.TRUNCATED_MEDIA, f"the video breaks off at {part.end_ms} ms")
            break
        frames.extend(part.chunk.frames)
        if len(frames) > options.max_frames:
            raise Permanent(
                Failure.TOO_LONG, f"the video does not say its length and has over {options.max_frames} frames"
            )
    return tuple(frames)


def _fps(known: Probe, options: VideoOptions) -> float:
    """Fewer frames a second where the whole video would give more than `max_frames`."""
    if not known.duration_ms or known.duration_ms * options.fps <= 1000 * (options.max_frames - 1):
        return options.fps
    return max(1000 * max(options.max_frames - 1, 0.5) / known.duration_ms, 1e-4)
