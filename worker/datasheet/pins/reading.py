"""The pins of the package asked for: the columns and figures that fit it, compared with each other."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from db.documents.kinds.datasheet import DatasheetResult, LandPattern, Review
from db.documents.kinds.datasheet_evidence import Evidence
from db.documents.kinds.datasheet_pin import Pin
from worker.datasheet.page import pages
from worker.datasheet.page.pages import Book
from worker.datasheet.pins import electrical, numbers, pin_pages
from worker.datasheet.pins.package_match import FOREIGN, package_match
from worker.datasheet.pins.pin_figure import PinFigure
from worker.datasheet.pins.pin_pages import PinSources
from worker.datasheet.pins.pin_row import PinRow
from worker.datasheet.pins.pin_table import PinColumn, PinTable
from worker.datasheet.result import review
from worker.datasheet.search.page_search import Search
from worker.datasheet.thresholds.pins import BOTH_SAY, IN_DOUBT, OF_COUNT, OF_FIGURE, OF_HEAD, OF_TABLE

MOST_TOLD = 8
_COUNTED = re.compile(r"\b(\d{1,3})[\s\-]*(?:lead|pin|ball|terminal|ld)s?\b", re.IGNORECASE)


@dataclass
class Chosen:
    """Rows by pin number, of the columns or the figures that fit best, and the words over those that fit as well."""

    rows: dict[str, list[PinRow]] = field(default_factory=dict)
    rivals: list[str] = field(default_factory=list)


def add(result: DatasheetResult, book: Book, search: Search) -> DatasheetResult:
    """The result with the pins of its package, and a review entry where table and figure disagree."""
    if book.pdf is None:
        return result
    texts = [(h.number, h.text) for h in search.hits] or [
        (n, pages.plain_text(book, n)) for n in range(1, book.pages + 1)
    ]
    sources = pin_pages.read(book, pin_pages.speaking(texts))
    count = _count(result.land_pattern, result.package)
    table, figure = _of_tables(sources, result.package, count), _of_figures(sources, result.package, count)
    pins = _pins(table.rows, figure.rows, _exposed(result.land_pattern))
    unclear = [_unclear(one) for one in (table, figure) if one.rivals and not one.rows]
    return result.model_copy(update={
        "pins": pins,
        "ambiguities": [*result.ambiguities, *([] if pins else unclear)],
        "needs_review": [*result.needs_review, *_reviews(pins)],
    })  # fmt: skip


def _unclear(one: Chosen) -> str:
    rivals = ", ".join(one.rivals[:MOST_TOLD])
    return f"the pins of several packages or parts are listed, and the words asked choose none: {rivals}"


def _count(land: LandPattern | None, package: str | None) -> int | None:
    """How many pins the package has, by its name or by the pads of its land pattern."""
    spoken = _COUNTED.search(package or "")
    told = int(spoken[1]) if spoken else review.pins_of(package)
    if told is None and land is not None:
        told = len({p.number for p in land.pads if p.role == "signal" and p.type != "np_thru_hole" and p.number})
    return told if told and told > 1 else None  # SOT765-1 is a name, not one pin


def _exposed(land: LandPattern | None) -> str | None:
    """The number of the one exposed pad of the land pattern."""
    thermal = {p.number for p in land.pads if p.role == "thermal" and p.number} if land is not None else set()
    return next(iter(thermal)) if len(thermal) == 1 else None


def _of_tables(sources: PinSources, package: str | None, count: int | None) -> Chosen:
    rated = [(_rate_column(t, c, package, count), c.rows, c.head) for t in sources.tables for c in t.columns if c.rows]
    return _best(rated)


def _rate_column(table: PinTable, column: PinColumn, package: str | None, count: int | None) -> float:
    own = package_match(package, column.head)
    about = 0 if len(table.columns) > 1 else package_match(package, table.caption)
    return OF_HEAD * own + about + OF_COUNT * _counted(column.rows, count)


def _counted(rows: list[PinRow] | tuple[PinRow, ...], count: int | None) -> float:
    """1 where as many pins are listed as the package has, -1 where others are."""
    listed = len({r.number for r in rows} - {numbers.EXPOSED})
    return 0.0 if count is None else 1.0 if listed in (count, count + 1) else -1.0


def _of_figures(sources: PinSources, package: str | None, count: int | None) -> Chosen:
    return _best([(_rate_figure(f, package, count), list(f.rows), f.title) for f in sources.figures])


def _rate_figure(figure: PinFigure, package: str | None, count: int | None) -> float:
    own = package_match(package, figure.title)
    part = 2 * max(package_match(package, figure.within), 0)
    return own + part + OF_COUNT * _counted(figure.rows, count) if own > FOREIGN else 2 * FOREIGN


def _best(rated: list[tuple[float, list[PinRow], str]]) -> Chosen:
    """The rows of the best ones where they number the same pins; else none, with the words over each."""
    found = Chosen()
    if not rated or max(r[0] for r in rated) < 0:
        return found
    best = max(r[0] for r in rated)
    chosen = [(rows, head) for score, rows, head in rated if score == best]
    whole = [(rows, head) for rows, head in chosen if _whole(rows)]  # others list pins of one kind alone
    chosen = whole or chosen
    if len({frozenset(r.number for r in rows) for rows, _ in chosen}) > 1:
        found.rivals = list(dict.fromkeys(head[-80:] for _, head in chosen))
        return found
    together: defaultdict[str, list[PinRow]] = defaultdict(list)
    for rows, _ in chosen:
        for row in rows:
            together[row.number].append(row)
    found.rows = dict(together)
    return found


def _whole(rows: list[PinRow]) -> bool:
    """Whether numbers run from 1 without a gap."""
    listed = {int(r.number) for r in rows if r.number.isdigit()}
    return bool(listed) and listed == set(range(1, len(listed) + 1))


def _pins(table: dict[str, list[PinRow]], figure: dict[str, list[PinRow]], exposed: str | None) -> list[Pin]:
    """A pin for each number that the table has, or the figure where there is no table."""
    wanted = sorted(table or figure, key=numbers.in_order)
    return [_pin(number, table.get(number, []), figure.get(number, []), exposed) for number in wanted]


def _pin(number: str, table: list[PinRow], figure: list[PinRow], exposed: str | None) -> Pin:
    rows = table or figure
    first = rows[0]
    names = {same(r.name) for r in rows}
    if not table:
        confidence = OF_FIGURE
    elif not figure:
        confidence = OF_TABLE
    else:
        confidence = BOTH_SAY if all(agree(t.name, f.name) for t in table for f in figure) else IN_DOUBT
    if len(names) > 1:
        confidence = IN_DOUBT
    shown = exposed if number == numbers.EXPOSED and exposed else number
    return Pin(
        number=shown, name=first.name[:200], type=electrical.type_of(first.kind, first.name), type_printed=first.kind[:200],
        sources=(["table"] if table else []) + (["figure"] if figure else []), confidence=confidence,
        evidence=[*(_evidence(r, "table") for r in table[:4]), *(_evidence(r, "text") for r in figure[:4])],
    )  # fmt: skip


def _evidence(row: PinRow, source: str) -> Evidence:
    box = (round(row.box.x0, 2), round(row.box.y0, 2), round(row.box.x1, 2), round(row.box.y1, 2))
    return Evidence.model_validate({"page": row.page, "box": box, "printed": row.name[:2000], "source": source})


def same(name: str) -> str:
    """A name as names are compared: without spaces, in capitals, one sign for every dash."""
    return re.sub(r"[\s_]+", "", re.sub(r"[‐‑–—−]", "-", name)).upper()


def agree(a: str, b: str) -> bool:
    """Whether two sources name a pin alike; one may list the functions that the other leaves out."""
    if same(a) == same(b) or (electrical.unconnected(a) and electrical.unconnected(b)):
        return True
    parts = [{same(part) for part in re.split(r"[/,()]", name) if part.strip()} for name in (a, b)]
    return bool(parts[0]) and bool(parts[1]) and (parts[0] <= parts[1] or parts[1] <= parts[0])


def _reviews(pins: list[Pin]) -> list[Review]:
    """Where the sources contradict each other."""
    doubted = [p for p in pins if p.confidence <= IN_DOUBT]
    if not doubted:
        return []
    told = "; ".join(
        f"{p.number}: {', '.join(dict.fromkeys(e.printed for e in p.evidence))}" for p in doubted[:MOST_TOLD]
    )
    return [Review(field="pins", reason=f"sources of pin names contradict each other: {told}")]
