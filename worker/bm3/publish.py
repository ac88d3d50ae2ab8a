"""A training run's checkpoint as the folder that ships: half-precision weights, tokenizer, processor, curves.

python -m worker.bm3.publish runs/nano worker/bm3/weights/nano --enlarge 2
"""

from __future__ import annotations

import argparse
from pathlib import Path

DTYPES = ("bfloat16", "float16", "float32")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m worker.bm3.publish", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--dtype", choices=DTYPES, default="float16")
    parser.add_argument("--enlarge", type=int, default=1, help="times the frame side that was trained on")
    parser.add_argument("--evaluations", type=Path, nargs="*", default=[], help="for the card")
    asked = parser.parse_args()
    import torch  # here: help should not wait for PyTorch

    from worker.bm3.training.export import publish

    publish(asked.run, asked.out, getattr(torch, asked.dtype), asked.enlarge, asked.evaluations)
    print(f"{asked.out}: {sum(file.stat().st_size for file in asked.out.iterdir()) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
