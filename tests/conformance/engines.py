"""The engines that all keep the same promises, and how they are asked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.worker.engines.exports import EXPORTED
from tests.worker.engines.models import ALL, OPTIONS, chunk
from worker.engine.protocol import Engine, Reply

FAKE = "fake"


PIPELINES = ("pipeline/qwen2_vl/3", "pipeline/qwen3_vl/2")


RUNS = [FAKE, *(f"pytorch/{family}" for family in ALL), *(f"onnx/{family}" for family in EXPORTED), *PIPELINES]


def watch(engine: Engine, chunks: int, options: Any = OPTIONS, first: int = 0) -> list[Reply]:
    session = engine.open(options)
    try:
        return [session.feed(chunk(index)) for index in range(first, first + chunks)]
    finally:
        session.close()


def said(replies: list[Reply]) -> list[Any]:
    """What was said; the probabilities differ in the last bits when a batch has another size."""
    return [(reply.text, reply.token_ids, pytest.approx(reply.silence_probability, rel=1e-4)) for reply in replies]
