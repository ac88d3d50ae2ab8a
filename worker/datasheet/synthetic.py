"""Makes datasheets of parts that do not exist, with the full truth about them."""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path
from typing import Any

from worker.datasheet import synthetic_document, synthetic_families, synthetic_style
from worker.datasheet.synthetic_truth import truth_of

SPLITS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "clean": (synthetic_families.CLEAN, synthetic_style.CLEAN),
    "dev": (synthetic_families.DEV, synthetic_style.DEV),
    "test": (synthetic_families.TEST, synthetic_style.TEST),
}
"""Families and looks of each split; those of `dev` and `test` have nothing in common."""
TRIES = 20
NO_LAND_PART = 0.05


def make(seed: int, pdf: Path, split: str = "clean", name: str | None = None) -> dict[str, Any]:
    """Writes the datasheet of a seed and returns its truth. The same seed and split always give the same bytes."""
    for attempt in range(TRIES):
        rng = random.Random(f"{split} {seed} {attempt}")
        try:
            return _once(rng, seed, pdf, split, name)
        except ValueError:
            continue
    raise ValueError(f"no drawing could be made from seed {seed}")


def _once(rng: random.Random, seed: int, pdf: Path, split: str, name: str | None) -> dict[str, Any]:
    families, looks = SPLITS[split]
    style = synthetic_style.choose(rng, looks, vary=split != "clean")
    family = rng.choice(families)
    part = synthetic_families.FAMILIES[family](rng, style)
    land = split == "clean" or rng.random() >= NO_LAND_PART
    other = synthetic_families.FAMILIES[family](rng, style) if style.other_variant else None
    if other is not None and other.code == part.code:
        other = None
    drawn = synthetic_document.write(pdf, part, style, rng, land, other)
    return truth_of(drawn, pdf, name or pdf.stem, seed, split)


def make_folder(folder: Path, count: int, seed: int, split: str) -> None:
    """`count` drawings as folder/pdf/NAME.pdf and folder/truth/NAME.json."""
    pdfs, truths = folder / "pdf", folder / "truth"
    pdfs.mkdir(parents=True, exist_ok=True)
    truths.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        name = f"synthetic_{split}_{seed + i:05d}"
        truth = make(seed + i, pdfs / f"{name}.pdf", split, name)
        (truths / f"{name}.json").write_text(json.dumps(truth, indent=1))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker.datasheet.synthetic", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", choices=sorted(SPLITS), default="clean")
    parser.add_argument("--out", type=Path, metavar="FILE.pdf")
    parser.add_argument("--truth", type=Path, metavar="FILE.json")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--folder", type=Path, metavar="DIR")
    return parser


def main(argv: list[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    if (args.out is None) == (args.folder is None):
        print("give --out FILE.pdf, or --folder DIR with --count N", file=sys.stderr)
        return 2
    if args.folder is not None:
        make_folder(args.folder, args.count, args.seed, args.split)
        return 0
    truth = make(args.seed, args.out, args.split)
    if args.truth is not None:
        args.truth.write_text(json.dumps(truth, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
