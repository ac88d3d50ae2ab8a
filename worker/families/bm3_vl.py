"""BM3-VL, our own small model: trained in Qwen3-VL's chat format, its code lives in `worker.bm3`."""

from __future__ import annotations

from worker.families.base import HALF, Family, seconds_group_stamp

BM3_VL = Family(
    name="bm3_vl",
    model_type="bm3_vl",
    mean=HALF,
    std=HALF,
    write_group_stamp=seconds_group_stamp,
    code="worker.bm3.model.model",
)
