"""Connector families: one drawing for many parts, whose letters a table explains for every number of circuits, or a formula."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from worker.datasheet.drawing import dimensions, drawing
from worker.datasheet.drawing.drawing import Drawing
from worker.datasheet.families import counts
from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.search import headings
from worker.datasheet.search.headings import COUNTED, OF_COUNTS, Region
from worker.datasheet.search.naming import plain
from worker.datasheet.search.titles import names_land
from worker.datasheet.text import quantities
from worker.datasheet.text.quantities import NUMBER, Quantity, number, tidy
from worker.datasheet.text.table_entry import OF_FAMILY, TableEntry
from worker.datasheet.thresholds.land import (
    COLUMN_PT,
    COUNT_GAP,
    COUNT_ROW,
    LEFT_GAP_PT,
    LEVEL_PT,
    OVER_HEAD,
    RIGHT_GAP_PT,
    SUBHEAD_PT,
)

_SINGLE = re.compile(rf"\bsingle\s+{COUNTED}\b", re.IGNORECASE)
_CONDITION = re.compile(rf"^\(?{OF_COUNTS.pattern}\s*\)?\s*[:：=]\s*", re.IGNORECASE)
_SYMBOLIC = re.compile(rf"^(?:DIM\.?\s*)?[A-Z](?:\s*±\s*{NUMBER})?$")
_HEAD = re.compile(rf"^{COUNTED}$", re.IGNORECASE)
_LETTER = re.compile(r"^(?:DIM\.?\s*)?\(?([A-Z])\)?$")
_CELL = re.compile(rf"^{NUMBER}$")
_PART = re.compile(r"^(?=.*\d)(?=.*[A-Z])[A-Z0-9][A-Z0-9\-/.*]{4,}$")
_OF_PART = rf"(?:[nN]|(?i:(?:no\.?|nos\.?|number)\s*of\s*[a-z]+\.?|{COUNTED}))"
_STEPS = re.compile(
    rf"^(?:(?P<to>[A-Z])\s*=\s*)?(?:(?P<step>{NUMBER})\s*[xX*]\s*)?\(\s*{_OF_PART}\s*-\s*(?P<less>\d)\s*\)"
    rf"(?:\s*[xX*]\s*(?P<step2>{NUMBER}))?(?:\s*\+\s*(?P<more>{NUMBER}))?(?:\s*=\s*(?P<is>[A-Z]))?"
)
MIN_ROWS = 3


@dataclass(frozen=True, slots=True)
class FamilyTable:
    """Rows by number of circuits, the words of the heading, and the place of a family's table."""

    rows: dict[int, list[Word]]
    over: list[Word]
    box: Box


@dataclass(frozen=True, slots=True)
class FamilyRow:
    """The row of a family's table that the package name chooses."""

    count: int
    entries: list[TableEntry]
    words: str  # over the column of the part number
    named: bool  # whether the part number itself is asked for
    box: Box


def row_of(page: Drawing, package: str) -> FamilyRow | None:
    """The row asked for by part number or number of circuits; of several tables the one beside the figure meant."""
    found = [row for table in tables_of(page.sheet.words) if (row := _row(table, package)) is not None]
    named = [r for r in found if r.named]
    if named or len(found) < 2:
        return next(iter(named or found), None)
    regions = headings.best(headings.regions(page), counts.without(package))
    return min(found, key=lambda r: r.box.gap(regions[0].heading.box)) if regions else None


def tables_of(words: list[Word]) -> list[FamilyTable]:
    """Every table with a column of counts under a word such as "circuits"."""
    level = [w for w in words if w.turn == 0]
    heads = [w for w in level if _HEAD.match(w.text)]
    return [t for head in heads if (t := _table(head, level)) is not None]


def _table(head: Word, words: list[Word]) -> FamilyTable | None:
    counts = _counts(head, words)
    if len(counts) < MIN_ROWS:
        return None
    rows = {int(w.text): _cells(w, words) for w in counts}
    box = around([head.box, *(c.box for row in rows.values() for c in row)])
    over = [
        w for w in words
        if head.box.y0 - OVER_HEAD * head.box.height < w.box.cy < counts[0].box.y0 and box.x0 - 1 < w.box.cx < box.x1 + 1
    ]  # fmt: skip
    return FamilyTable(rows, over, around([box, *(w.box for w in over)]))


def _cells(count: Word, words: list[Word]) -> list[Word]:
    """The words of one row, from its count outwards to the first wide gap on either side."""
    row = sorted(
        (w for w in words if abs(w.box.cy - count.box.cy) < COUNT_ROW * count.box.height), key=lambda w: w.box.x0
    )
    at = next(i for i, w in enumerate(row) if w is count)
    last = next((i for i in range(at, len(row) - 1) if _gap(row[i], row[i + 1]) > RIGHT_GAP_PT), len(row) - 1)
    first = next((i for i in range(at, 0, -1) if _gap(row[i - 1], row[i]) > LEFT_GAP_PT), 0)
    return row[first : last + 1]


def _gap(left: Word, right: Word) -> float:
    return right.box.x0 - left.box.x1


def _row(table: FamilyTable, package: str) -> FamilyRow | None:
    """The row that the package name chooses."""
    part = next(
        ((n, c) for n, row in table.rows.items() for c in row
         if _PART.match(c.text.replace(" ", "")) and plain(c.text) in plain(package)), None,
    )  # fmt: skip
    count = part[0] if part else counts.asked(package)
    if count is None or count not in table.rows:
        return None
    named = " ".join(w.text for w in table.over if part and _above(w, part[1]))
    wanted = headings.words_of(f"{package} {named}")
    letters = [(w, m[1]) for w in table.over if (m := _LETTER.match(w.text))]
    found = (_entry(w, name, letters, table.over, table.rows[count], wanted) for w, name in letters)
    entries = [e for e in found if e is not None]
    return FamilyRow(count, entries, named, part is not None, table.box) if entries else None


def _counts(head: Word, words: list[Word]) -> list[Word]:
    """The whole numbers right below a word, rising from row to row."""
    below = [
        w
        for w in words
        if w.turn == 0 and w.text.isdigit() and w.box.y0 > head.box.cy and abs(w.box.cx - head.box.cx) < COLUMN_PT
    ]
    found: list[Word] = []
    for word in sorted(below, key=lambda w: w.box.y0):
        last = found[-1] if found else head
        if word.box.y0 - last.box.y1 > COUNT_GAP * head.box.height or (found and int(word.text) <= int(last.text)):
            break
        found.append(word)
    return found


def _above(head: Word, cell: Word) -> bool:
    return head.box.x0 < cell.box.x1 and cell.box.x0 < head.box.x1


def _entry(
    letter: Word, name: str, letters: list[tuple[Word, str]], over: list[Word], row: list[Word], wanted: set[str]
) -> TableEntry | None:
    """The cell of a row under a letter; of several columns under one letter the one whose own heading is asked for."""
    others = [w for w in over if w is not letter and abs(w.box.cy - letter.box.cy) < LEVEL_PT]
    near = [
        c for c in row
        if _CELL.match(tidy(c.text)) and min(letters, key=lambda one: abs(one[0].box.cx - c.box.cx))[0] is letter
        and not any(_above(w, c) for w in others)
    ]  # fmt: skip
    ranked = sorted(
        ((_wanted(c, near, letter, over, wanted), -abs(c.box.cx - letter.box.cx), c) for c in near), key=lambda r: r[:2]
    )
    if not ranked or (len(ranked) > 1 and ranked[-1][0] == ranked[-2][0]):
        return None
    cell = ranked[-1][2]
    value = number(tidy(cell.text))
    quantity = Quantity(
        value, None, None, cell.text, cell.box, confidence=cell.confidence, size=cell.across, symbol=name, mm=True
    )  # fmt: skip
    return TableEntry(name, "", quantity, OF_FAMILY)


def _wanted(cell: Word, near: list[Word], letter: Word, over: list[Word], wanted: set[str]) -> int:
    """How many asked words stand over a cell below its letter, each word over the nearest cell."""
    below = [w for w in over if w.box.cy > letter.box.y1 and abs(w.box.cx - cell.box.cx) < SUBHEAD_PT]
    own = [w.text for w in below if min(near, key=lambda c: abs(c.box.cx - w.box.cx)) is cell]
    return len(headings.words_of(" ".join(own)) & wanted)


def steps(line: Word, count: int) -> Quantity | None:
    """A formula such as "1.25 x (n - 1) + 3 = B" with the number of circuits put in; letters on either side name it."""
    found = _STEPS.match(tidy(line.text))
    step = found and (found["step"] or found["step2"])
    if not found or not step:
        return None
    value = round(number(step) * (count - int(found["less"])) + number(found["more"] or "0"), 6)
    if value <= 0:
        return None
    return Quantity(
        value, None, None, line.text, line.box, line.turn, confidence=line.confidence, size=line.across,
        symbol=found["to"] or found["is"] or "", formula=f"{line.text}, n = {count}",
    )  # fmt: skip


def conditional(line: Word, count: int) -> Quantity | None:
    """A dimension such as "3 circuits or more: Ø0.9", where it holds for a part with this number of circuits."""
    found = _CONDITION.match(line.text)
    if not found or not _admits(line.text, count):
        return None
    return quantities.parse(replace(line, text=line.text[found.end() :]))


def _admits(heading: str, count: int) -> bool:
    """Whether a heading such as "3 circuits or more" speaks of parts with this count, or of no count."""
    found = OF_COUNTS.search(heading)
    if not found:
        return count == 1 or not _SINGLE.search(heading)
    least, most = int(found[1]), int(found[2] or found[1])
    return least <= count and (count <= most or found[3] is not None)


@dataclass(frozen=True, slots=True)
class PartFamily:
    """What chooses one part of a family: the number of circuits, the values of its letters, and the words of its figures."""

    count: int
    words: str
    row: FamilyRow | None = None
    page: int | None = None  # of the row

    def narrowed(self, page: Drawing) -> Drawing:
        """The figure of a page that the words mean, its letters and formulas read for this part."""
        own = self._of_figure(page)
        entries = self.row.entries if self.row else []
        labels = drawing.symbol_labels(own.lines, entries, [])
        if page.number == self.page:
            own.entries.extend(entries)
        else:
            labels = [replace(q, printed=q.symbol) for q in labels]  # the value stands on another page
        found = own.quantities + labels + [q for w in own.lines if (q := steps(w, self.count)) is not None]
        found += [q for w in own.lines if (q := conditional(w, self.count)) is not None]
        return replace(own, quantities=found, readings=dimensions.readings_of(own.spans, own.grid, found))

    def regions(self, page: Drawing) -> list[Region]:
        """The figures of a page that could be meant; more than one where headings do not tell them apart."""
        admitted = [r for r in headings.regions(page) if all(_admits(w.text, self.count) for w in r.chain)]
        found = headings.best(admitted, self.words)
        found = [r for r in found if any(OF_COUNTS.search(w.text) for w in r.chain)] or found
        return headings.beside(found, self.row.box) if self.row and page.number == self.page else found

    def _of_figure(self, page: Drawing) -> Drawing:
        """The page without its tables and, where headings tell the figures apart, without the other figures."""
        regions = self.regions(page)
        region = regions[0] if len(regions) == 1 else None
        titles, tables = headings.headings(page), [t.box for t in tables_of(page.sheet.words)]
        over = [*(region.chain if region else ()), *(w for w in page.lines if names_land(w.text))]

        def inside(box: Box) -> bool:
            listed = any(t.holds_point(box.cx, box.cy) for t in tables)
            return not listed and (region is None or headings.holds(region, box, titles))

        return replace(
            page, entries=list(page.entries), lines=[w for w in page.lines if inside(w.box) or w in over],
            shapes=[s for s in page.shapes if inside(s.box)], quantities=[q for q in page.quantities if inside(q.box)],
            spans=[s for s in page.spans if inside(dimensions.box_of(s))],
        )  # fmt: skip


def shown(page: Drawing) -> bool:
    """Whether a page has a table that gives letters for several numbers of circuits."""
    return any(_LETTER.match(w.text) for t in tables_of(page.sheet.words) for w in t.over)


def find(package: str | None, pages: list[Drawing]) -> PartFamily | None:
    """The part of a family that a package name asks for; None when the pages hold no family or the name chooses none."""
    if package is None:
        return None
    for page in pages:
        row = row_of(page, package)
        if row is not None:
            family = PartFamily(row.count, f"{counts.without(package)} {row.words}", row, page.number)
            shared = [r.words for r in family.regions(page)]
            return replace(family, words=" ".join([family.words, *(set.intersection(*shared) if shared else ())]))
    count = counts.asked(package) or next((n for page in pages if (n := counts.listed(page, package))), None)
    if count is None or not any(_of_several(page, counts.without(package), count) for page in pages):
        return None
    return PartFamily(count, counts.without(package))


def _of_several(page: Drawing, words: str, count: int) -> bool:
    """Whether a page shows what holds for several parts: formulas, letters for lengths, figures under headings of their own."""
    if any(steps(w, count) or _CONDITION.match(w.text) for w in page.lines):
        return True
    lines = dimensions.Lines(page.spans, page.grid)
    if any(_SYMBOLIC.match(tidy(w.text)) and lines.at(w.box) is not None for w in page.lines):
        return True
    among = headings.regions(page)
    return len(among) > 1 and len(headings.best(among, words)) < len(among)
