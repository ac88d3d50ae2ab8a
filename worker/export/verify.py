"""The proof at the end of an export: what it says about made-up pictures and a video, beside the checkpoint itself in torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.engine.protocol import Frame
from worker.engines.conversation import conversation
from worker.engines.onnx.engine import OnnxEngine
from worker.engines.onnx.manifest import Parity
from worker.engines.pytorch import PytorchEngine
from worker.engines.spec import ModelSpec
from worker.streaming.answer import FIRST, NO_LIMITS, Conversation, segments_of
from worker.streaming.context_window import ContextWindow
from worker.streaming.loaded_model import LoadedModel
from worker.streaming.spans import SpanRole, TokenSpan

STEPS = 64
SIDES = ((3, 2), (2, 5), (4, 4))
"""Sizes of the pictures in units of the vision grid, (rows, columns)."""


@dataclass(frozen=True)
class Compared:
    """Logits of two runs along the same tokens."""

    expected: NDArray[np.float32]
    got: NDArray[np.float32]

    @property
    def parity(self) -> Parity:
        """The share of equal likeliest tokens, the largest difference and the mean divergence."""
        possible = np.isfinite(self.expected).all(axis=0)  # tokens that a checkpoint suppresses have no logit
        expected, got = self.expected[:, possible], self.got[:, possible]
        theirs, ours = _log_softmax(expected), _log_softmax(got)
        kl = (np.exp(theirs) * (theirs - ours)).sum(-1)
        return Parity(
            tokens_compared=len(self.expected),
            tokens_equal=int((self.expected.argmax(-1) == self.got.argmax(-1)).sum()),
            max_logit_error=float(np.abs(expected - got).max()),
            mean_kl=float(kl.mean()),
        )


def compare(checkpoint: Path, export: Path, threads: int | None = None, steps: int = STEPS) -> Parity:
    """Both models, one after the other along the tokens that the checkpoint says; needs memory for it in float32."""
    torch_engine = PytorchEngine(ModelSpec("checkpoint", "pytorch", str(checkpoint), {"device": "cpu"}))
    try:
        factor_px, asked = torch_engine.factor_px, []
        for messages in questions(factor_px, torch_engine.loaded.geometry.frames_per_group):
            talk = conversation(messages, torch_engine.loaded.geometry)
            asked.append((talk, follow(torch_engine.loaded, talk, steps)))
    finally:
        torch_engine.close()
    options = {} if threads is None else {"threads": str(threads)}
    onnx_engine = OnnxEngine(ModelSpec("export", "onnx", str(export), options))
    try:
        runs = [
            (logits, follow(onnx_engine.loaded, talk, steps, [int(row.argmax()) for row in logits]))
            for talk, logits in asked
        ]
    finally:
        onnx_engine.close()
    expected, got = (np.concatenate(rows) for rows in zip(*runs, strict=True))
    return Compared(expected, got).parity


def follow(
    loaded: LoadedModel, asked: Conversation, steps: int, forced: Sequence[int] | None = None
) -> NDArray[np.float32]:
    """Logits (steps, vocabulary) of an answer: along its own likeliest tokens, or along those that are forced on it."""
    context, runtime = ContextWindow(NO_LIMITS), loaded.forward
    segments = segments_of(loaded, asked, context)
    cache = runtime.new_cache(context.tokens + steps, 0)
    reply = context.add(SpanRole.FRAMES, FIRST, 0)
    rows = [np.asarray(runtime.prefill(cache, segments, runtime.encode_images(segments)))]
    for step in range(steps - 1):
        token = int(rows[-1].argmax()) if forced is None else forced[step]
        span = TokenSpan(reply.key, reply.role, reply.chunk, 1, reply.start + step)
        rows.append(np.asarray(runtime.decode([cache], [span], [token])[0]))
    return np.stack(rows)


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


def _log_softmax(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    shifted = rows.astype(np.float64) - rows.max(axis=-1, keepdims=True)
    logs: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return logs
