"""Qwen3-VL (arXiv 2511.21631): a time stamp before every frame group, DeepStack features, interleaved mRoPE."""

from __future__ import annotations

from worker.families.base import HALF, Family, seconds_group_stamp

QWEN3_VL = Family(name="qwen3_vl", model_type="qwen3_vl", mean=HALF, std=HALF, write_group_stamp=seconds_group_stamp)
