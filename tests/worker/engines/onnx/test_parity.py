"""An exported model says what its checkpoint says: every family, pictures of many sizes, several at once, videos."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.worker.engines.exports import EXPORTED, onnx_engine
from tests.worker.engines.models import frame, tiny_engine
from worker.engines.conversation import conversation
from worker.export.questions import follow
from worker.export.verify import Compared

TOKENS = 64
CLOSE = 1e-4


def image(seed: int, rows: int, columns: int, unit_px: int = 16) -> dict[str, Any]:
    return {"type": "image", "image": frame(seed, columns * unit_px, rows * unit_px).pixels}


def video(seed: int, frames: int, rows: int, columns: int, unit_px: int = 16) -> dict[str, Any]:
    shown = (frame(seed + 500 * k, columns * unit_px, rows * unit_px) for k in range(frames))
    return {"type": "video", "video": tuple(shown)}


TEN = {
    "smallest": [image(1, 1, 1)],
    "square": [image(2, 4, 4)],
    "wide": [image(3, 2, 9)],
    "tall": [image(4, 11, 2)],
    "more than one run takes": [image(5, 17, 19)],
    "two of one size": [image(6, 3, 3), image(7, 3, 3)],
    "three of different sizes": [image(8, 1, 5), image(9, 4, 2), image(10, 3, 3)],
    "short video": [video(11, 2, 2, 3)],
    "long video of an odd number of frames": [video(20_000, 9, 3, 5)],
    "image and video": [image(12, 5, 3), video(40_000, 4, 2, 2)],
}


def talk(name: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [*TEN[name], {"type": "text", "text": f"What is {name}?"}]}]


@pytest.mark.parametrize("family", EXPORTED)
def test_64_greedy_tokens_are_those_of_torch(family: str) -> None:
    expected, got = tiny_engine(family), onnx_engine(family)
    for name in TEN:
        theirs = follow(expected.loaded, conversation(talk(name), expected.loaded.geometry), TOKENS)
        ours = follow(got.loaded, conversation(talk(name), got.loaded.geometry), TOKENS)
        assert np.array_equal(theirs.argmax(-1), ours.argmax(-1)), name
        assert Compared(theirs, ours).parity.max_logit_error < CLOSE, name
    for engine in (expected, got):
        engine.close()
