"""Tables of parts that print each length in millimetres and in inches, one on the line below the other."""

from __future__ import annotations

from dataclasses import replace

from worker.datasheet.geometry.primitives import Word, around
from worker.datasheet.text import quantities
from worker.datasheet.thresholds.page import PARTS_LETTERS_LEAST, PARTS_STACKED_GAP


def joined(rows: list[list[Word]]) -> list[list[Word]]:
    """Rows of cells from top to bottom, those in the other unit joined to the cells over them: "2.0 ± 0.2 (.079 ± .008)".

    A row is taken for the other unit where its numbers, two at the least, say what those over them say.
    """
    found: list[list[Word]] = []
    for row in rows:
        both = _both(found[-1], row) if found else None
        if both is None:
            found.append(row)
        else:
            found[-1] = both
    return found


def _both(over: list[Word], under: list[Word]) -> list[Word] | None:
    """The upper row with the same lengths of the lower one in it; None where one of the lower row is another length."""
    result, same = list(over), 0
    for cell in under:
        at = min(range(len(over)), key=lambda i: abs(over[i].box.cx - cell.box.cx))
        if over[at].box.x1 < cell.box.x0 or cell.box.x1 < over[at].box.x0 or quantities.parse(cell) is None:
            continue  # a name, a unit or a note of the whole row
        both = _one(over[at], cell)
        read = quantities.parse(both)
        if cell.box.y0 - over[at].box.y1 > PARTS_STACKED_GAP * cell.box.height or read is None or not read.mm:
            return None
        result[at], same = both, same + 1
    return result if same >= PARTS_LETTERS_LEAST else None


def _bracketed(text: str) -> bool:
    return quantities.tidy(text).startswith(("(", "["))


def _one(over: Word, under: Word) -> Word:
    text = under.text if _bracketed(under.text) else f"[{under.text}]"
    return replace(
        over, text=f"{over.text} {text}", box=around([over.box, under.box]),
        confidence=min(over.confidence, under.confidence),
    )  # fmt: skip
