"""The learning rate: linear warm-up, then half a cosine down to its final share."""

from __future__ import annotations

import math

from worker.bm3.training.recipe import OptimizerTable


def learning_rate(step: int, total_steps: int, table: OptimizerTable) -> float:
    """Of optimizer step `step`, counted from 0."""
    if step < table.warmup_steps:
        return table.peak_lr * (step + 1) / table.warmup_steps
    progress = (step - table.warmup_steps) / max(1, total_steps - table.warmup_steps)
    cosine = (1 + math.cos(math.pi * min(1.0, progress))) / 2
    return table.peak_lr * (table.final_lr_share + (1 - table.final_lr_share) * cosine)
