"""One page understood as a drawing: shapes, spans, numbers and tables, found once for the readers of pads and body."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from db.documents.kinds.datasheet import MOST_MM
from worker.datasheet.drawing import (
    arrowheads,
    chance_spans,
    dimensions,
    drawn_signs,
    extension_lines,
    parted_spans,
    shapes,
    variations,
)
from worker.datasheet.drawing.dimensions import DimensionReading, DimensionSpan
from worker.datasheet.drawing.shapes import Shape
from worker.datasheet.drawing.spans import spans_of
from worker.datasheet.geometry.grid import StrokeGrid
from worker.datasheet.geometry.primitives import Box, Sheet, Word, around
from worker.datasheet.text import letter_notes, letter_rows, letter_tables, part_rows, phrases, stacks, tables
from worker.datasheet.text.quantities import INCH_MM, Quantity
from worker.datasheet.text.table_entry import TableEntry
from worker.datasheet.thresholds.drawing import LETTER_NAME_LEAST_PT, LETTER_NAME_MOST

_PREFIX = re.compile(r"^(\d{1,3})\s*[xX×]\s*(?=[A-Za-z])|^(\d{1,3})\s*[-–]\s*(?=[A-Za-z])")


_MM_IN = {"inch": INCH_MM, "mil": INCH_MM / 1000, "um": 1 / 1000}


@dataclass
class Drawing:
    sheet: Sheet
    grid: StrokeGrid
    lines: list[Word]
    entries: list[TableEntry]
    tables: list[Box]
    quantities: list[Quantity]
    spans: list[DimensionSpan]
    readings: list[DimensionReading]
    shapes: list[Shape]
    unit: str  # mm, inch, mil or um: of the numbers without a unit of their own
    aside: list[TableEntry] = field(default_factory=list)  # rows of a table for other numbers of pins than the part's
    rivals: list[TableEntry] = field(default_factory=list)  # of rows for other parts that fit what was asked as well

    @property
    def number(self) -> int:
        """The number of its page, from 1."""
        return self.sheet.number


def unit_of(text: str) -> str:
    """The unit a page says its drawing is in; millimetres when it says nothing."""
    low = text.lower()
    if re.search(r"dimensions?\s+(?:shown\s+|given\s+)?(?:are\s+)?in\s+(?:micromet\w+|microns?|[µμ]m)\b", low):
        return "um"
    metric = re.search(r"mil+i?m|\bmm\b|dimensions? (?:are )?in mm|unit\s*[:：]?\s*mm|单位\s*[:：]?\s*mm", low)
    if metric:
        return "mm"
    if re.search(r"dimensions?[^.\n]{0,30}\bmils?\b|unit\s*[:：]?\s*mil", low):
        return "mil"
    if re.search(r"dimensions?[^.\n]{0,40}\binch(?:es)?\b|unit\s*[:：]?\s*inch", low):
        return "inch"
    return "mm"


def _possible(q: Quantity) -> bool:
    return max(v for v in (q.low, q.value, q.high, 0.0) if v is not None) <= MOST_MM


def symbol_labels(words: list[Word], entries: list[TableEntry], boxes: list[Box]) -> list[Quantity]:
    """Letters on the drawing that stand for a row of a table, with the row's values and the letter's place."""
    known: dict[str, list[TableEntry]] = {}
    for row in entries:
        known.setdefault(row.symbol, []).append(row)
    if not known:
        return []
    places = _tables(entries)
    found = []
    for word in tables.subscripts_joined(tables.split(words)):
        if any(b.holds_point(word.box.cx, word.box.cy) for b in boxes):
            continue
        count = _PREFIX.match(word.text)
        name = word.text[count.end() :] if count else word.text
        rows = _rows(known, _bare(name, known), word.confidence < 1.0) if len(name) < LETTER_NAME_MOST else []
        entry = min(rows, key=lambda row: places[row.table].gap(word.box), default=None)
        if entry is not None:
            number = int(count[1] or count[2]) if count else None
            found.append(
                replace(
                    entry.quantity,
                    box=word.box,
                    turn=word.turn,
                    count=number,
                    size=max(word.across, LETTER_NAME_LEAST_PT),
                    confidence=word.confidence,
                )
            )
    return _surest(found)


def _surest(labels: list[Quantity]) -> list[Quantity]:
    """Without strokes taken for a letter that the page prints as text too: arrow heads look like an A."""
    printed = {q.symbol for q in labels if q.confidence == 1.0}
    return [q for q in labels if q.confidence == 1.0 or q.symbol not in printed]


def _bare(name: str, known: dict[str, list[TableEntry]]) -> str:
    """A letter without the brackets, dashes and bars around it; a bar reads like the letter I, which a table may have too."""
    plain = name.strip("()[]{}-–_|— ")
    return plain if plain in known else plain.strip("()[]{}-–_|—I ")


def _rows(known: dict[str, list[TableEntry]], name: str, pixels: bool) -> list[TableEntry]:
    """The rows of a symbol, of one table or more; pixels do not tell a capital W from a small one."""
    if name in known or not pixels:
        return known.get(name, [])
    alike = [rows for symbol, rows in known.items() if symbol.lower() == name.lower()]
    return alike[0] if len(alike) == 1 else []


def _tables(entries: list[TableEntry]) -> dict[int, Box]:
    """Where each table stands: of several with the same letters a figure means the one beside it."""
    boxes: dict[int, list[Box]] = {}
    for entry in entries:
        boxes.setdefault(entry.table, []).append(entry.quantity.box)
    return {table: around(own) for table, own in boxes.items()}


def interpret(sheet: Sheet, units: str = "auto", package: str | None = None) -> Drawing:
    """Reads a sheet; `units` is the unit of numbers that print none, auto takes the one the page names.

    The name of the package chooses among the rows of a table that hold for one number of pins each.
    """
    grid = StrokeGrid.of(sheet)
    entries, boxes = tables.read(sheet.words)
    parted = tables.subscripts_joined(tables.split(sheet.words))
    for kind in (letter_tables, letter_rows):
        lettered, more = kind.read(parted, boxes)
        entries, boxes = entries + lettered, boxes + more
    noted, more = letter_notes.read(sheet.words)
    entries, boxes = entries + noted, boxes + more
    listed = part_rows.read(parted, boxes, package)
    entries, boxes = entries + listed.entries, boxes + listed.boxes
    entries, aside = variations.chosen([e for e in entries if _possible(e.quantity)], sheet.words, package)
    free = [w for w in sheet.words if not any(b.holds_point(w.box.cx, w.box.cy) for b in boxes)]
    exact = [w for w in free if w.confidence == 1.0]
    lines = phrases.join(exact) + phrases.join([w for w in free if w.confidence < 1.0])
    unit = unit_of(" ".join(w.text for w in phrases.join(sheet.words))) if units == "auto" else units
    texts = [w.box for w in lines] + [q.box for q in stacks.read(lines)]
    found_spans = spans_of(arrowheads.tips_of(sheet, grid), grid, texts)
    jogs = extension_lines.jogs_of(sheet.lines)
    spans = [extension_lines.past_jogs(extension_lines.onto_lines(s, grid), jogs, grid) for s in found_spans]
    numbers = stacks.read(lines, dimensions.Lines(spans, grid).apart)
    if unit != "mm":
        numbers = [q if q.mm else q.scaled(_MM_IN[unit]) for q in numbers]
    drawn = shapes.find(sheet)
    numbers = drawn_signs.marked([q for q in numbers if _possible(q)], drawn)
    drawn = drawn_signs.without_digits(drawn, numbers)
    labels = symbol_labels(free, entries, boxes)
    found = numbers + labels
    spans = parted_spans.parted(spans, found, grid)
    spans, readings = chance_spans.without(spans, dimensions.readings_of(spans, grid, found), grid)
    return Drawing(
        sheet, grid, lines, entries, boxes, found, spans, readings, drawn, unit, aside, listed.rivals
    )  # fmt: skip
