"""Training conversations in Qwen's messages format: pictures of the sizes asked for, answers learned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.worker.bm3.data.test_data import tokenizer
from worker.bm3.data.layout import NOT_LEARNED
from worker.bm3.data.processor import processor_of
from worker.bm3.data.source_messages import MessagesSource
from worker.bm3.data.tables import MessagesTable
from worker.bm3.model.config import BM3VLVisionConfig


def example(folder: Path, *parts: dict[str, Any]) -> Any:
    content = [*parts, {"type": "text", "text": "What is this?"}]
    messages = [{"role": "user", "content": content}, {"role": "assistant", "content": "A red square."}]
    (folder / "data.jsonl").write_text(json.dumps({"messages": messages}) + "\n")
    processor = processor_of(tokenizer(), BM3VLVisionConfig(patch_size=16, spatial_merge_size=2))
    return MessagesSource(MessagesTable(path=folder / "data.jsonl"), processor, seed=1).example(0)


@pytest.mark.parametrize(
    ("size", "grid"),
    [
        ({}, [1, 12, 16]),
        ({"resized_height": 64, "resized_width": 96}, [1, 4, 6]),
        ({"max_pixels": 64 * 64}, [1, 2, 4]),
    ],
)
def test_pictures_have_the_size_that_a_part_asks_for(tmp_path: Path, size: dict[str, Any], grid: list[int]) -> None:
    Image.new("RGB", (256, 192), "red").save(tmp_path / "a.png")
    made = example(tmp_path, {"type": "image", "image": "a.png", **size})
    assert made.images.grid_thw.tolist() == [grid]
    assert (made.tokens.labels != NOT_LEARNED).any()
