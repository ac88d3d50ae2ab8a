"""Which name in a table of parts is the one asked for, and which rows a name set over several of them stands for."""

from __future__ import annotations

import re

from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.thresholds.page import (
    PARTS_BEGUN,
    PARTS_EXACT,
    PARTS_NAME_LEAST,
    PARTS_NAME_LEVEL,
    PARTS_OF_LETTER,
    PARTS_SIZE,
    PARTS_WORD,
)


def plain(text: str) -> str:
    """A name without spaces and dashes, in capitals: as names are compared."""
    return re.sub(r"[\s\-–−_]+", "", text).upper()


_CASE = re.compile(r"case|code|size", re.IGNORECASE)
_SIZE = re.compile(r"(?<!\d)\d{4,5}(?!\d)")  # of a chip: 0805, 2512, 01005


def fit(name: str, package: str) -> float:
    """How well a name in a table is the part asked for, 0 where it is another one.

    "RC2512" and "2512 1W" are a 2512; a name that the asked order code begins with is its series, the longest one first.
    """
    own, asked = plain(name), plain(package)
    if own == asked:
        return PARTS_EXACT
    words = {plain(w) for w in re.split(r"[\s,;()]+", name)} - {""}
    wanted = {plain(w) for w in re.split(r"[\s,;()]+", package)} - {""}
    first = next(
        (plain(w) for w in package.split() if not _CASE.fullmatch(w)), ""
    )  # a case of one letter is named first
    if own == first or any(w in wanted and len(w) >= PARTS_NAME_LEAST for w in words):
        return PARTS_WORD
    begun = [w for w in words for a in wanted if _begins(w, a) or _begins(a, w)]
    if begun:
        return PARTS_BEGUN + PARTS_OF_LETTER * max(map(len, begun))
    sizes = set(_SIZE.findall(name)) & set(_SIZE.findall(package))
    return PARTS_SIZE if sizes else 0.0


def _begins(short: str, long: str) -> bool:
    """Whether a name with a number in it begins another one, and does so not amid a number."""
    told = len(short) >= PARTS_NAME_LEAST and re.search(r"\d", short) and re.search(r"[A-Z]", short)
    amid = short[-1:].isdigit() and long[len(short) : len(short) + 1].isdigit()
    return bool(told) and long.startswith(short) and long != short and not amid


def spread(names: list[Word], rows: list[Box]) -> list[list[str]]:
    """The names of every row; a name in a cell over several rows stands in their middle and is that of all of them.

    `rows` go from top to bottom. Where the first names do not stand so, each is that of the row on its level alone.
    """
    own = [[n.text for n in names if abs(n.box.cy - r.cy) < PARTS_NAME_LEVEL * r.height] for r in rows]
    edge = min(n.box.x0 for n in names)
    first = sorted((n for n in names if n.box.x0 < edge + n.box.height), key=lambda n: n.box.cy)
    if len(first) > len(rows) and (grouped := _grouped(first, rows)):
        return grouped
    if all(any(n.text in texts for n in first) for texts in own) or len(rows) < 2:
        return own
    return _over(first, rows, own)


def _grouped(names: list[Word], rows: list[Box]) -> list[list[str]]:
    """The names of each row where several share the values that stand in their middle; empty where they do not stand so."""
    found: list[list[str]] = []
    at = 0
    for row in rows:
        slack = PARTS_NAME_LEVEL * row.height
        ends = [i for i in range(at, len(names)) if abs((names[at].box.cy + names[i].box.cy) / 2 - row.cy) < slack]
        if not ends:
            return []
        found.append([n.text for n in names[at : ends[-1] + 1]])
        at = ends[-1] + 1
    return found


def _over(first: list[Word], rows: list[Box], own: list[list[str]]) -> list[list[str]]:
    """The rows with the name of the cell that each is in: a cell ends as far under its name as it begins over it."""
    found = [list(texts) for texts in own]
    at = 0
    for name in first:
        start, end = at, at
        while end < len(rows) and rows[end].cy < 2 * name.box.cy - rows[start].cy + PARTS_NAME_LEVEL * rows[end].height:
            end += 1
        middle = (rows[start].cy + rows[end - 1].cy) / 2 if end > start else name.box.cy - 2 * name.box.height
        if abs(middle - name.box.cy) > PARTS_NAME_LEVEL * name.box.height:
            return own
        for i in range(start, end):
            found[i].append(name.text)
        at = end
        if at >= len(rows):
            break
    return found if at >= len(rows) else own
