"""Which of several figures of a page stands under a heading that names the package asked for."""

from __future__ import annotations

from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.search import naming
from worker.datasheet.thresholds.figures import HEADED, HEADED_WORDS


def of_package(box: Box, lines: list[Word], package: str | None, figures: list[Box]) -> float:
    """More for a figure under a heading with the package asked for, less for one under that of another package.

    Nothing where no heading of the page names the package, or the first of the page's figures has none over it: names
    under figures are captions.
    """
    asked = set(naming.tokens(package)) if package else set()
    names = [w for w in lines if w.turn == 0 and len(w.text.split()) <= HEADED_WORDS and naming.families(w.text)]
    own = [w for w in names if asked & naming.words_of(w.text)]
    over = [w for w in names if w.box.y1 <= box.y0 and w.box.x0 < box.x1 + box.width and w.box.x1 > box.x0 - box.width]
    top = min((f.y0 for f in figures), default=box.y0)
    if not own or not over or not any(w.box.y1 <= top for w in names):
        return 0.0
    if any(box.y0 < w.box.cy < box.y1 for w in names):
        return -HEADED  # figures of two packages taken for one
    return HEADED if max(over, key=lambda w: w.box.y1) in own else -HEADED


def by_caption(captions: list[list[Word]], package: str | None) -> list[float]:
    """For each of several figures, with its captions nearest first: less where they name another package.

    Nothing for all of them where no caption names the package asked for: makers call one package by several names.
    """
    asked = {t for t in naming.tokens(package) if not naming.is_count(t)} if package else set()
    named = [next((w.text for w in own if naming.families(w.text)), "") for own in captions]
    own = [bool(asked & naming.words_of(text)) for text in named]
    return [-HEADED if any(own) and text and not mine else 0.0 for text, mine in zip(named, own, strict=True)]
