"""Qwen2.5-VL (arXiv 2502.13923): as Qwen2-VL; its windowed vision tower and absolute time are inside the checkpoint."""

from __future__ import annotations

from worker.families.base import CLIP_MEAN, CLIP_STD, Family, span_chunk_stamp

QWEN2_5_VL = Family(
    name="qwen2_5_vl",
    model_type="qwen2_5_vl",
    mean=CLIP_MEAN,
    std=CLIP_STD,
    write_chunk_stamp=span_chunk_stamp,
    default_system="You are a helpful assistant.",
)
