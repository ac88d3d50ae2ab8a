"""Qwen3.5: three of four text layers are linear attention; Qwen3-VL's stamps; replies begin after an empty thought.

The two families differ in what follows attention only: dense layers, or a mixture of experts.
"""

from __future__ import annotations

from worker.families.base import HALF, Family, seconds_group_stamp

EMPTY_THOUGHT = ("<think>", "\n\n", "</think>", "\n\n")
"""As the stock template writes it when thinking is off."""

QWEN3_5 = Family(
    name="qwen3_5",
    model_type="qwen3_5",
    mean=HALF,
    std=HALF,
    write_group_stamp=seconds_group_stamp,
    reply_prefix=EMPTY_THOUGHT,
)
QWEN3_5_MOE = Family(
    name="qwen3_5_moe",
    model_type="qwen3_5_moe",
    mean=HALF,
    std=HALF,
    write_group_stamp=seconds_group_stamp,
    reply_prefix=EMPTY_THOUGHT,
)
