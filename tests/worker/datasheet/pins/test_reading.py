"""Pins of the package asked: the column that fits it, sources that agree or not, the footprint's count, the symbol."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from kiutils.symbol import SymbolLib

from db.documents.footprint import files
from db.documents.footprint.derive import derive
from db.documents.kinds.datasheet import DatasheetResult, LandPattern, Pad
from tests.worker.datasheet.pins.tabled import Pages, Row
from worker.datasheet.page import pages
from worker.datasheet.pins import reading
from worker.datasheet.search.page_search import Search
from worker.datasheet.thresholds.pins import BOTH_SAY, IN_DOUBT, OF_TABLE

FIVE = ("STAT", "VSS", "VBAT", "VDD", "PROG")
HEAD = ("Pin DFN", "Pin SOT-23-5", "Symbol", "Description")
ROWS = [
    ("1", "4", "VDD", "supply"),
    ("2", "3", "VBAT", ""),
    ("3", "1", "STAT", ""),
    ("4", "2", "VSS", ""),
    ("5", "5", "PROG", ""),
    ("6", "-", "NC", ""),
]


def document(figure: tuple[str, ...] | None = FIVE, rows: Sequence[Row] = ROWS) -> Pages:
    drawn = Pages()
    drawn.text(200, 60, "PIN DESCRIPTION: pin names and pin numbers")
    drawn.table(60, 100, (60, 60, 60, 200), [HEAD, *rows])
    if figure:
        drawn.dual(250, 400, figure, "SOT-23-5 pin configuration")
    return drawn


def read(drawn: Pages, package: str = "SOT-23-5", pads: int = 5) -> DatasheetResult:
    land = LandPattern(pads=[Pad(number=str(n), x=n, y=0, w=0.5, h=0.5, confidence=1.0) for n in range(1, pads + 1)])
    book = pages.open_book([drawn.pdf()])
    try:
        return reading.add(DatasheetResult(package=package, land_pattern=land), book, Search())
    finally:
        book.close()


def test_the_column_of_the_package_is_read_and_a_figure_makes_it_sure() -> None:
    result = read(document())
    assert {p.number: p.name for p in result.pins} == {str(i): name for i, name in enumerate(FIVE, 1)}
    assert {p.confidence for p in result.pins} == {BOTH_SAY}
    assert [p.sources for p in result.pins] == [["table", "figure"]] * 5
    assert {e.page for p in result.pins for e in p.evidence} == {1}
    assert result.pins[3].type == "power_in"


def test_a_cited_box_holds_the_printed_name() -> None:
    drawn = document()
    book = pages.open_book([drawn.pdf()])
    words, _ = pages.read_text(book, 1)
    for pin in read(drawn).pins:
        for one in pin.evidence:
            x0, y0, x1, y1 = one.box
            inside = [w.text for w in words if x0 <= w.box.cx <= x1 and y0 <= w.box.cy <= y1]
            assert pin.name in inside
    book.close()


def test_a_table_alone_is_not_sure() -> None:
    result = read(document(figure=None))
    assert {p.confidence for p in result.pins} == {OF_TABLE}
    assert not result.needs_review


def test_sources_that_disagree_ask_for_a_review() -> None:
    result = read(document(figure=("STAT", "VSS", "VDD", "VBAT", "PROG")))
    assert {p.number: p.confidence for p in result.pins} == {
        "1": BOTH_SAY,
        "2": BOTH_SAY,
        "3": IN_DOUBT,
        "4": IN_DOUBT,
        "5": BOTH_SAY,
    }
    assert [r.field for r in result.needs_review] == ["pins"]
    assert "3: VBAT, VDD" in result.needs_review[0].reason


def test_where_words_choose_no_column_only_pins_that_all_name_alike_are_above_doubt() -> None:
    result = read(document(figure=None, rows=ROWS[:5]), package="the part", pads=5)
    assert [p.number for p in result.pins if p.confidence > IN_DOUBT] == ["5"]


def test_a_symbol_shows_what_contradicts() -> None:
    _, written = files.write(derive(read(document(figure=("STAT", "VSS", "VDD", "VBAT", "PROG"))), "B"), [])
    text = next(f.text for f in written if f.name.endswith(".kicad_sym"))
    assert '"VBAT or VDD?"' in text
    assert "2 of 5 pins have no second source" in text


@pytest.mark.parametrize(("pads", "passed"), [(5, True), (6, False), (4, False)])
def test_the_pins_must_be_those_of_the_footprint(pads: int, passed: bool) -> None:
    result = derive(read(document(), pads=pads), "B")
    (check,) = [c for c in result.checks if c.rule == "pins_match_pads"]
    assert check.passed is passed
    assert any(r.field == "pins" for r in result.needs_review) is not passed


def test_an_exposed_pad_that_the_table_leaves_out_is_no_failure() -> None:
    result = read(document())
    land = LandPattern(
        pads=[
            *(result.land_pattern.pads if result.land_pattern else []),
            Pad(number="6", role="thermal", x=0, y=3, w=1, h=1),
        ]
    )
    checks = derive(result.model_copy(update={"land_pattern": land}), "B").checks
    assert next(c for c in checks if c.rule == "pins_match_pads").passed


def test_kicad_reads_the_symbol(tmp_path: Path) -> None:
    done, written = files.write(derive(read(document()), "B"), [])
    assert done.files.kicad_sym == "SOT-23-5.kicad_sym"
    path = tmp_path / done.files.kicad_sym
    path.write_text(next(f.text for f in written if f.name == path.name))
    (symbol,) = SymbolLib.from_file(str(path)).symbols
    drawn = [pin for unit in symbol.units for pin in unit.pins]
    assert {(p.number, p.name, p.electricalType) for p in drawn} == {(p.number, p.name, p.type) for p in done.pins}
    places = {(p.position.X, p.position.Y) for p in drawn}
    assert len(places) == 5
    assert all(
        round(v / 1.27, 6) == round(v / 1.27) for place in places for v in place
    )  # on the grid that wires snap to
    assert {p.key: p.value for p in symbol.properties}["Footprint"] == "SOT-23-5"


def test_without_pins_no_symbol_is_written() -> None:
    done, written = files.write(DatasheetResult(package="X"), [])
    assert done.files.kicad_sym is None
    assert not [f for f in written if f.name.endswith(".kicad_sym")]


def test_the_part_named_inside_a_figure_chooses_among_figures_of_one_package() -> None:
    drawn = Pages()
    drawn.text(200, 60, "PIN DESCRIPTION: pin names and pin numbers")
    for i, (part, last) in enumerate((("X24074", "ITERM"), ("X24075", "SYSOFF"))):
        drawn.dual(150 + 260 * i, 400, ("STAT", "VSS", "VBAT", "VDD", last), "SOT-23-5")
        drawn.text(190 + 260 * i, 421, part, 6)
    assert read(drawn, "X24075 SOT-23-5").pins[4].name == "SYSOFF"
