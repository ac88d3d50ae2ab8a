"""What differs between checkpoints: chat format, vision grid, timestamps, end tokens; one module a family."""

from __future__ import annotations

from worker.families.base import Family
from worker.families.bm3_vl import BM3_VL
from worker.families.qwen2_5_vl import QWEN2_5_VL
from worker.families.qwen2_vl import QWEN2_VL
from worker.families.qwen3_5 import QWEN3_5, QWEN3_5_MOE
from worker.families.qwen3_vl import QWEN3_VL
from worker.families.qwen3_vl_moe import QWEN3_VL_MOE

FAMILIES: dict[str, Family] = {
    "qwen2_vl": QWEN2_VL,
    "qwen2_5_vl": QWEN2_5_VL,
    "qwen3_vl": QWEN3_VL,
    "qwen3_vl_moe": QWEN3_VL_MOE,
    "qwen3_5": QWEN3_5,
    "qwen3_5_moe": QWEN3_5_MOE,
    "bm3_vl": BM3_VL,
}
"""Model type, as config.json says it -> family."""
