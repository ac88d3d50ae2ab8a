"""A training run's checkpoint as the folder that ships: half-precision weights, tokenizer, processor, curves.

python -m worker.bm3.publish runs/nano worker/bm3/weights/nano --enlarge 2
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoModelForImageTextToText, AutoTokenizer

from worker.bm3 import model as _registered  # noqa: F401  (importing registers the Auto classes)
from worker.bm3.processor import processor_of

DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}
RECORDS = ("metrics.csv", "metrics.png")
READABLE = 0o644


def publish(run: Path, out: Path, dtype: torch.dtype, times: int = 1) -> int:
    """Write the folder; what else lies in it, such as the model card, stays. Returns the size of the weights in bytes.

    `times` 2 makes a model that takes frames of twice the side, see `enlarge`.
    """
    checkpoint = run / "checkpoint"
    out.mkdir(parents=True, exist_ok=True)
    model: Any = AutoModelForImageTextToText.from_pretrained(checkpoint, dtype=torch.float32)
    enlarge(model, times)
    model.to(dtype).save_pretrained(out)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    processor_of(tokenizer, model.config.vision_config).save_pretrained(out)
    for record in RECORDS:
        if (run / record).exists():
            shutil.copyfile(run / record, out / record)
    for file in out.iterdir():
        file.chmod(READABLE)  # safetensors writes for its owner alone, a service runs as somebody else
    return sum(file.stat().st_size for file in out.glob("*.safetensors"))


@torch.no_grad()
def enlarge(model: Any, times: int) -> None:
    """Spread every patch filter over times x times pixels: the same answer as frames averaged down by that factor."""
    projection = model.model.visual.patch_embed.proj
    spread = projection.weight.repeat_interleave(times, -1).repeat_interleave(times, -2) / times**2
    projection.weight = nn.Parameter(spread)
    model.config.vision_config.patch_size *= times
    projection.kernel_size = projection.stride = (projection.kernel_size[0], *spread.shape[-2:])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--dtype", choices=DTYPES, default="float16")
    parser.add_argument("--enlarge", type=int, default=1, help="times the frame side that was trained on")
    asked = parser.parse_args()
    size_bytes = publish(asked.run, asked.out, DTYPES[asked.dtype], asked.enlarge)
    print(f"{asked.out}: weights {size_bytes / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
