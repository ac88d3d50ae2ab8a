"""Qwen3-VL with a mixture of experts (arXiv 2511.21631): the formats of Qwen3-VL; only what follows attention differs."""

from __future__ import annotations

from worker.families.base import HALF, Family, seconds_group_stamp

QWEN3_VL_MOE = Family(
    name="qwen3_vl_moe", model_type="qwen3_vl_moe", mean=HALF, std=HALF, write_group_stamp=seconds_group_stamp
)
