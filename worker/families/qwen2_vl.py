"""Qwen2-VL (arXiv 2409.12191): one time stamp a chunk; the stock template names itself when no system prompt is given."""

from __future__ import annotations

from worker.families.base import CLIP_MEAN, CLIP_STD, Family, span_chunk_stamp

QWEN2_VL = Family(
    name="qwen2_vl",
    model_type="qwen2_vl",
    mean=CLIP_MEAN,
    std=CLIP_STD,
    write_chunk_stamp=span_chunk_stamp,
    default_system="You are a helpful assistant.",
)
