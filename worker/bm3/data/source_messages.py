"""Conversations in Qwen's messages format, one JSON object a line, with images, videos and text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from qwen_vl_utils import extract_vision_info, fetch_image
from torch import Tensor

from worker.bm3.data.examples import Example, Pictures
from worker.bm3.data.layout import NOT_LEARNED, TokenPart, Tokens
from worker.bm3.data.tables import MessagesTable
from worker.bm3.data.tokenizer import TURN_END, TURN_START

SIZE_FIELDS = frozenset({"min_pixels", "max_pixels", "resized_height", "resized_width"})


class MessagesSource:
    """Every pass over the file has its own order; what the assistant says is learned, nothing else."""

    def __init__(self, table: MessagesTable, processor: Any, seed: int, held_out: bool = False) -> None:
        path = table.held_out if held_out and table.held_out is not None else table.path
        self._folder = path.parent
        self._conversations = _read(path)
        self._table = table
        self._processor = processor
        self._seed = seed
        self._header = _ids(processor, f"{TURN_START}assistant\n")
        self._end = _ids(processor, TURN_END)

    def example(self, index: int) -> Example:
        """Number `index` counts on over passes: the same number gives the same conversation."""
        size = len(self._conversations)
        order = np.random.default_rng((self._seed, index // size)).permutation(size)
        return self._example(self._conversations[order[index % size]])

    def _example(self, messages: list[dict[str, Any]]) -> Example:
        inputs = self._processor.apply_chat_template(
            self._located(messages),
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            processor_kwargs={"videos_kwargs": {"fps": self._table.fps}},
        )
        ids = inputs["input_ids"][0].numpy()
        if len(ids) > self._table.max_tokens:
            raise ValueError(
                f"a conversation of {len(ids)} tokens is longer than max_tokens = {self._table.max_tokens}"
            )
        return Example(
            _tokens(ids, answer_labels(ids, self._header, self._end)),
            _token_types(inputs),
            images=_pictures(inputs, "pixel_values", "image_grid_thw"),
            videos=_pictures(inputs, "pixel_values_videos", "video_grid_thw"),
        )

    def _located(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The messages with their pictures opened; files are named relative to the JSONL file."""
        located = [{**message, "content": _parts(message["content"])} for message in messages]
        for part in extract_vision_info(located):
            if "video" in part:
                part["video"] = self._paths(part["video"])
            else:
                part["image"] = self._picture(part)
        return located

    def _paths(self, named: str | list[str]) -> str | list[str]:
        """A video's file, or those of its frames."""
        return str(self._folder / named) if isinstance(named, str) else [str(self._folder / one) for one in named]

    def _picture(self, part: dict[str, Any]) -> Image.Image:
        """Opened here: the processor would use a decoder that its library is about to drop. Qwen's fields for its size
        hold, below what the processor shows at most."""
        with Image.open(self._folder / part["image"]) as picture:
            rgb = picture.convert("RGB")
        if not SIZE_FIELDS.intersection(part):
            return rgb
        sized: Image.Image = fetch_image({**part, "image": rgb}, self._processor.image_processor.patch_size)
        return sized


def _parts(content: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else [dict(part) for part in content]


def answer_labels(ids: NDArray[np.int64], header: list[int], end: list[int]) -> NDArray[np.int64]:
    """Labels at the words and the end token of every assistant turn."""
    labels = np.full_like(ids, NOT_LEARNED)
    for start in _places(ids, header):
        ends = [place for place in _places(ids, end) if place >= start + len(header)]
        stop = ends[0] + len(end) if ends else len(ids)
        labels[start + len(header) : stop] = ids[start + len(header) : stop]
    return labels


def _places(ids: NDArray[np.int64], pattern: list[int]) -> list[int]:
    if len(ids) < len(pattern):
        return []
    windows = np.lib.stride_tricks.sliding_window_view(ids, len(pattern))
    return [place for place, window in enumerate(windows) if list(window) == pattern]


def _read(path: Path) -> list[list[dict[str, Any]]]:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    if not lines:
        raise ValueError(f"{path} holds no conversation")
    return [json.loads(line)["messages"] for line in lines]


def _ids(processor: Any, text: str) -> list[int]:
    ids: list[int] = processor.tokenizer.encode(text, add_special_tokens=False)
    return ids


def _tokens(ids: NDArray[np.int64], labels: NDArray[np.int64]) -> Tokens:
    return Tokens(ids, labels, np.full_like(ids, TokenPart.PINNED), np.zeros_like(ids))


def _token_types(inputs: Any) -> Tensor:
    types: Tensor = inputs["mm_token_type_ids"][0].long()
    return types


def _pictures(inputs: Any, pixels: str, grid: str) -> Pictures | None:
    return Pictures(inputs[pixels].to(torch.float32), inputs[grid]) if pixels in inputs else None
