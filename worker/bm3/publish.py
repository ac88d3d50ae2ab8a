"""A training run's checkpoint as the folder that ships: half-precision weights, tokenizer, processor, curves.

python -m worker.bm3.publish runs/nano worker/bm3/weights/nano
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import torch
from transformers import AutoModelForImageTextToText

from worker.bm3 import model as _registered  # noqa: F401  (importing registers the Auto classes)

DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}
RECORDS = ("metrics.csv", "metrics.png")
READABLE = 0o644


def publish(run: Path, out: Path, dtype: torch.dtype) -> int:
    """Write the folder; what else lies in it, such as the model card, stays. Returns the size of the weights in bytes."""
    checkpoint = run / "checkpoint"
    out.mkdir(parents=True, exist_ok=True)
    for file in checkpoint.iterdir():
        if file.suffix != ".safetensors":
            shutil.copyfile(file, out / file.name)
    AutoModelForImageTextToText.from_pretrained(checkpoint, dtype=dtype).save_pretrained(out)
    for record in RECORDS:
        if (run / record).exists():
            shutil.copyfile(run / record, out / record)
    for file in out.iterdir():
        file.chmod(READABLE)  # safetensors writes for its owner alone, a service runs as somebody else
    return sum(file.stat().st_size for file in out.glob("*.safetensors"))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--dtype", choices=DTYPES, default="float16")
    asked = parser.parse_args()
    size_bytes = publish(asked.run, asked.out, DTYPES[asked.dtype])
    print(f"{asked.out}: weights {size_bytes / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
