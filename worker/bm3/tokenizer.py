"""`python -m worker.bm3.tokenizer OUT_FOLDER`: train the tokenizer; see `worker.bm3.data.tokenizer`."""

from __future__ import annotations

import argparse
from pathlib import Path


def main() -> None:
    description = "Train the byte-level BPE of BM3-VL, with Qwen's special tokens and chat template."
    parser = argparse.ArgumentParser(prog="python -m worker.bm3.tokenizer", description=description)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument("--corpus", type=Path, nargs="*", default=[])
    asked = parser.parse_args()
    from worker.bm3.data.tokenizer import corpus, train, wrap  # here: help should not wait for transformers

    tokenizer = wrap(train(corpus(asked.corpus), asked.size))
    tokenizer.save_pretrained(asked.out)
    print(f"{len(tokenizer)} tokens -> {asked.out}")


if __name__ == "__main__":
    main()
