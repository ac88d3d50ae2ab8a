"""Makes datasheets of parts that do not exist, with the full truth about them."""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from worker.datasheet.synthetic import document, scan
from worker.datasheet.synthetic import style as synthetic_style
from worker.datasheet.synthetic.document import Drawn
from worker.datasheet.synthetic.parts import families as synthetic_families
from worker.datasheet.synthetic.parts.library import Library
from worker.datasheet.synthetic.truth import truth_of

SPLITS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "clean": (synthetic_families.CLEAN, synthetic_style.CLEAN),
    "dev": (synthetic_families.DEV, synthetic_style.DEV),
    "mixed": (synthetic_families.DEV, ()),
    "test": (synthetic_families.TEST, synthetic_style.TEST),
    "library": ((), ()),
}
"""Families and looks of each split; those of `dev` and `test` have nothing in common. `mixed` and `library` draw every habit for
itself; the parts of `library` are the footprints of an index."""
TRIES = 20
NO_LAND_PART = 0.05
LEFT_OUT_PART = 0.15
MAY_BE_LEFT_OUT = ("copper", "hole", "ep_w", "ep_h", "tab_h", "pad_h")
"""Numbers that some drawings forget to print; what does not follow without them is null in the truth."""


def make(
    seed: int,
    pdf: Path,
    split: str = "clean",
    name: str | None = None,
    front_pages: int | None = None,
    library: Library | None = None,
) -> dict[str, Any]:
    """Writes the datasheet of a seed and returns its truth. The same arguments always give the same bytes.

    `front_pages` of text stand before the drawings, as many as the look has when left out. `library` holds the parts of the
    split of that name.
    Raises ValueError where a library is given for another split than `library`, or none for it, and where no
    drawing comes of the seed.
    """
    if (split == "library") != (library is not None):
        raise ValueError("the split library, and no other, draws the footprints of an index")
    for attempt in range(TRIES):
        rng = random.Random(f"{split} {seed} {attempt}")
        try:
            drawn = _once(rng, pdf, split, front_pages, library)
            return truth_of(drawn, pdf, name or pdf.stem, seed, split)
        except ValueError:
            continue
    raise ValueError(f"no drawing could be made from seed {seed}")


def _once(rng: random.Random, pdf: Path, split: str, front_pages: int | None, library: Library | None) -> Drawn:
    families, looks = SPLITS[split]
    style = synthetic_style.choose(rng, looks, vary=split != "clean")
    draw = library.part if library is not None else synthetic_families.FAMILIES[rng.choice(families)]
    part = draw(rng, style)
    land = split == "clean" or rng.random() >= NO_LAND_PART
    other = draw(rng, style) if style.other_variant else None
    if other is not None and other.code == part.code:
        other = None
    spare = [link for link in part.links if link.what in MAY_BE_LEFT_OUT]
    if split != "clean" and spare and rng.random() < LEFT_OUT_PART:
        part.links.remove(rng.choice(spare))
    style = replace(style, decimals=max(style.decimals, part.decimals))
    if front_pages is not None:
        style = replace(style, front_pages=front_pages)
    return document.write(pdf, part, style, rng, land, other)


def make_scanned(
    seed: int, pdf: Path, dpi: int, split: str = "clean", name: str | None = None, library: Library | None = None
) -> dict[str, Any]:
    """The same datasheet as a scan at `dpi`; its truth is the same, but for the file."""
    truth = make(seed, pdf, split, name, library=library)
    scan.scan(pdf, pdf, dpi, seed)
    source = {**truth["source"], "sha256": hashlib.sha256(pdf.read_bytes()).hexdigest()}
    return {**truth, "source": source, "tags": ["raster" if t == "vector" else t for t in truth["tags"]]}


def make_one(
    seed: int, pdf: Path, split: str, dpi: int | None = None, name: str | None = None, library: Library | None = None
) -> dict[str, Any]:
    """The datasheet of a seed as a vector drawing, or as a scan at `dpi`."""
    if dpi is None:
        return make(seed, pdf, split, name, library=library)
    return make_scanned(seed, pdf, dpi, split, name, library)


def make_folder(
    folder: Path, count: int, seed: int, split: str, dpi: int | None = None, library: Library | None = None
) -> None:
    """`count` drawings as folder/pdf/NAME.pdf and folder/truth/NAME.json; scans of them at `dpi` if one is given."""
    pdfs, truths = folder / "pdf", folder / "truth"
    pdfs.mkdir(parents=True, exist_ok=True)
    truths.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        name = f"synthetic_{split}_{seed + i:05d}"
        truth = make_one(seed + i, pdfs / f"{name}.pdf", split, dpi, name, library)
        (truths / f"{name}.json").write_text(json.dumps(truth, indent=1))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker.datasheet.synthetic", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", choices=sorted(SPLITS), default="clean")
    parser.add_argument("--out", type=Path, metavar="FILE.pdf")
    parser.add_argument("--truth", type=Path, metavar="FILE.json")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--folder", type=Path, metavar="DIR")
    parser.add_argument(
        "--raster", type=int, metavar="DPI", help="write scans at this resolution instead of vector drawings"
    )
    parser.add_argument(
        "--kicad-index",
        type=Path,
        metavar="FILE.jsonl.gz",
        help="the footprints of the split library, one as JSON a line",
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    if (args.out is None) == (args.folder is None):
        print("give --out FILE.pdf, or --folder DIR with --count N", file=sys.stderr)
        return 2
    if (args.split == "library") != (args.kicad_index is not None):
        print("give --kicad-index FILE.jsonl.gz with --split library, and only with it", file=sys.stderr)
        return 2
    library = Library.read(args.kicad_index) if args.kicad_index else None
    if args.folder is not None:
        make_folder(args.folder, args.count, args.seed, args.split, args.raster, library)
        return 0
    truth = make_one(args.seed, args.out, args.split, args.raster, library=library)
    if args.truth is not None:
        args.truth.write_text(json.dumps(truth, indent=1))
    return 0
