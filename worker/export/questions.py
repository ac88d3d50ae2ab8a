"""Pictures and a video made for the end of an export, a question about each, and a walk along an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.engine.protocol import Frame
from worker.streaming.answer import FIRST, NO_LIMITS, Conversation, segments_of
from worker.streaming.context_window import ContextWindow
from worker.streaming.loaded_model import LoadedModel
from worker.streaming.spans import SpanRole, TokenSpan

SIDES = ((3, 2), (2, 5), (4, 4))
"""Sizes of the pictures in units of the vision grid, (rows, columns)."""


def follow(
    loaded: LoadedModel, asked: Conversation, steps: int, forced: Sequence[int] | None = None
) -> NDArray[np.float32]:
    """Logits (steps, vocabulary) of an answer: along its own likeliest tokens, or along those that are forced on it."""
    return walk(loaded, asked, steps, forced)[0]


def walk(
    loaded: LoadedModel, asked: Conversation, steps: int, forced: Sequence[int] | None = None
) -> tuple[NDArray[np.float32], Any]:
    """The logits that `follow` gives, and the cache as it is afterwards."""
    context, runtime = ContextWindow(NO_LIMITS), loaded.forward
    segments = segments_of(loaded, asked, context)
    cache = runtime.new_cache(context.tokens + steps, 0)
    reply = context.add(SpanRole.FRAMES, FIRST, 0)
    rows = [np.asarray(runtime.prefill(cache, segments, runtime.encode_images(segments)))]
    for step in range(steps - 1):
        token = int(rows[-1].argmax()) if forced is None else forced[step]
        span = TokenSpan(reply.key, reply.role, reply.chunk, 1, reply.start + step)
        rows.append(np.asarray(runtime.decode([cache], [span], [token])[0]))
    return np.stack(rows), cache


def questions(factor_px: int, frames_per_group: int) -> list[list[dict[str, Any]]]:
    """Three images and a video, each with a question."""
    parts: list[dict[str, Any]] = [
        {"type": "image", "image": picture(seed, rows * factor_px, columns * factor_px)}
        for seed, (rows, columns) in enumerate(SIDES)
    ]
    frames = tuple(
        Frame(500 * index, picture(10 + index, 2 * factor_px, 3 * factor_px)) for index in range(3 * frames_per_group)
    )
    parts.append({"type": "video", "video": frames})
    question = {"type": "text", "text": "What is to be seen here? Tell it in a few sentences."}
    return [[{"role": "user", "content": [part, question]}] for part in parts]


def picture(seed: int, height_px: int, width_px: int) -> NDArray[np.uint8]:
    """A smooth gradient under noise: something at every scale."""
    rows, columns = np.mgrid[0:height_px, 0:width_px]
    waves = np.stack([np.sin(rows / (5 + seed) + k) + np.cos(columns / (7 + k)) for k in range(3)], axis=-1)
    noise = np.random.default_rng(seed).normal(0, 0.2, waves.shape)
    return ((waves + noise) * 50 + 128).clip(0, 255).astype(np.uint8)
