"""A plotter font: letters as strokes on a 4 x 6 grid, for drawings whose text has no text layer."""

from __future__ import annotations

# Strokes of a glyph are separated by spaces; each point is a column and a row, row 0 at the base line and 6 at the top.
GLYPHS = {
    "0": "103041453616050110",
    "1": "152620",
    "2": "05163645440040",
    "3": "05163645443313 334241301001",
    "4": "30360242",
    "5": "46060314344341301001",
    "6": "453616050110304142331302",
    "7": "064610",
    "8": "13020110304142331304051636454433",
    "9": "011030414536160504133344",
    ".": "1011",
    ",": "111000",
    ":": "1112 1415",
    "-": "0343",
    "+": "0343 2125",
    "±": "0444 2622 0141",
    "(": "36242230",
    ")": "16242210",
    "/": "0046",
    "[": "36161030",
    "]": "16363010",
    "A": "002640 1232",
    "B": "00063645443303 3342413000",
    "C": "4536160501103041",
    "D": "00062644422000",
    "E": "46060040 0333",
    "F": "460600 0333",
    "G": "45361605011030414323",
    "H": "0006 4046 0343",
    "I": "2026 1030 1636",
    "J": "4641301001",
    "K": "0006 4602 1340",
    "L": "060040",
    "M": "0006234640",
    "N": "00064046",
    "O": "103041453616050110",
    "P": "00063645443303",
    "Q": "103041453616050110 2240",
    "R": "00063645443303 2340",
    "S": "453616050413334241301001",
    "T": "0646 2620",
    "U": "060110304146",
    "V": "062046",
    "W": "0610233046",
    "X": "0046 0640",
    "Y": "062346 2320",
    "Z": "06460040",
    "Ø": "103041453616050110 0046",
    " ": "",
}
NARROW = frozenset(".,:")
ROWS = 6


def _advance(letter: str) -> float:
    return 2.6 if letter in NARROW else 6.0


def _unit(size: float) -> float:
    return 0.72 * size / ROWS


def width(text: str, size: float) -> float:
    """Length of a line of text in points."""
    return max(0.0, sum(_advance(c) for c in text) - 2.0) * _unit(size)


def runs(text: str, size: float) -> list[list[tuple[float, float]]]:
    """The strokes of a line of text: points right of its start and above its base line."""
    unit, at, found = _unit(size), 0.0, []
    for letter in text.upper():
        for stroke in GLYPHS.get(letter, GLYPHS["-"]).split():
            points = zip(stroke[::2], stroke[1::2], strict=True)
            found.append([((at + int(x)) * unit, int(y) * unit) for x, y in points])
        at += _advance(letter)
    return found
