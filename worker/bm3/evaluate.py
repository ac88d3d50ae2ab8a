"""How well a model captions held-out videos through the streaming engine, and what each part of the method is worth.

python -m worker.bm3.evaluate --minutes 10                    # the model that ships, all ablations, as a table
python -m worker.bm3.evaluate --minutes 120 --variants "16 s" --json
"""

from __future__ import annotations

import argparse
from pathlib import Path

from worker.bm3 import NANO
from worker.bm3.scenes.world import HELD_OUT_SEED, PRESETS

VARIANTS = (
    "nano",
    "16 s",
    "4 s",
    "64 s",
    "no text sink",
    "no old text",
    "gaps",
    "chunks alone",
    "full attention",
)  # of `evaluate_watch`, whose import takes seconds; a test holds them equal


def main(arguments: list[str] | None = None) -> None:
    """The command line: figures to stdout, progress to stderr."""
    args = _parser().parse_args(arguments)
    from worker.bm3.evaluation.run import evaluate_as_asked  # here: help should not wait for it

    evaluate_as_asked(args)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m worker.bm3.evaluate", description="Score a model on held-out videos."
    )
    parser.add_argument("--checkpoint", type=Path, default=NANO, help="model folder; default: the weights that ship")
    parser.add_argument("--spec", help="any model spec instead, such as fake or pytorch:/models/x?dtype=bfloat16")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seed", type=int, default=HELD_OUT_SEED, help=f"training never uses {HELD_OUT_SEED} or more")
    parser.add_argument("--videos", type=int, default=1, help="that many, with seeds from --seed on")
    parser.add_argument("--minutes", type=float, default=10.0, help="length of each video")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="nano", help="difficulty")
    parser.add_argument(
        "--combos", choices=("train", "mixed", "all"), default="mixed", help="mixed: half held-out pairs"
    )
    parser.add_argument("--size", type=int, default=256, metavar="PX")
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), metavar="NAME", help=", ".join(VARIANTS))
    parser.add_argument("--no-codec", action="store_true", help="rendered frames straight to the engine")
    parser.add_argument("--json", action="store_true", help="the whole document instead of the table")
    parser.add_argument("--out", type=Path, help="write the document to a file as well")
    parser.add_argument("--plot", type=Path, help="PNG, SVG or PDF")
    return parser


if __name__ == "__main__":
    main()
