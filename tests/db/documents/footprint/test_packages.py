"""The class of a package, where its terminals are, and what it is called; sizes in mm, y down."""

from __future__ import annotations

from typing import Any

import pytest

from db.documents.footprint import names, packages, patterns
from db.documents.footprint.ipc7351 import Range
from db.documents.footprint.packages import Place
from db.documents.kinds.datasheet import (
    Body,
    DatasheetResult,
    Dimension,
    LandPattern,
    Pad,
    Terminals,
    Value,
    Variant,
)

TERMINALS = Terminals(pitch=Value(nom=0.65), width=Value(min=0.2, max=0.3), foot_length=Value(min=0.4, max=0.6))
BODY = Body(length=Value(nom=3), width=Value(nom=3), height=Value(max=1.1))


def dual(each: int = 4, pitch: float = 0.65, x: float = 2.2, w: float = 1.0, h: float = 0.3, **more: Any) -> list[Pad]:
    ys = [round((i - (each - 1) / 2) * pitch, 4) for i in range(each)]
    left = [Pad(number=str(i + 1), x=-x, y=y, w=w, h=h, **more) for i, y in enumerate(ys)]
    return left + [Pad(number=str(2 * each - i), x=x, y=y, w=w, h=h, **more) for i, y in enumerate(ys)]


def quad(each: int = 2, pitch: float = 0.65, at: float = 1.5, role: str | None = None) -> list[Pad]:
    step = [(i - (each - 1) / 2) * pitch for i in range(each)]
    sides = [(-at, v, 1.0, 0.3) for v in step] + [(v, at, 0.3, 1.0) for v in step]
    sides += [(at, -v, 1.0, 0.3) for v in step] + [(-v, -at, 0.3, 1.0) for v in step]
    pads = [Pad(number=str(i + 1), x=x, y=y, w=w, h=h) for i, (x, y, w, h) in enumerate(sides)]
    return pads + ([Pad(number="99", x=0, y=0, w=1.5, h=1.5, role=role)] if role else [])  # type: ignore[arg-type]


def part(package: str | None, pads: list[Pad] | None = None, **more: Any) -> DatasheetResult:
    land = LandPattern(pads=pads, title=more.pop("title", None)) if pads is not None else None
    fields = {"body": BODY, "terminals": TERMINALS, "overall": {"x": Value(nom=4.9)}, **more}
    return DatasheetResult(package=package, land_pattern=land, **fields)


@pytest.mark.parametrize(
    ("package", "goals"),
    [
        ("TSSOP-8", "gull"),
        ("SOJ-8", "j_lead"),
        ("PLCC-20", "j_lead"),
        ("J-lead", "j_lead"),
        ("SOT-563", "flat_lead"),
        ("SOT-666", "flat_lead"),
        ("SC-89", "flat_lead"),
        ("SOD-923", "flat_lead"),
        ("SOD-123F", "flat_lead"),
        ("flat lead", "flat_lead"),
        ("QFN-16", "no_lead"),
        ("UFQFPN32", "no_lead"),
        ("WSON8", "no_lead"),
        ("leadless", "no_lead"),
        ("no-lead", "no_lead"),
        ("PDIP-8", None),
        ("TO-92", None),
        ("through hole", None),
    ],
)
def test_classes_by_their_names(package: str, goals: str | None) -> None:
    pads = None if goals is None else dual()
    assert packages.goals_of(part(package, pads)) == goals


def test_titles_and_chosen_variants_name_a_package_too() -> None:
    assert packages.goals_of(part(None, dual(), title="Recommended QFN land pattern")) == "no_lead"
    chosen = [Variant(name="QFN", chosen=False), Variant(name="SOJ", chosen=True)]
    assert packages.goals_of(part(None, dual(), variants=chosen)) == "j_lead"


@pytest.mark.parametrize(
    ("pitch", "goals"), [(0.5, "gull_fine"), (0.625, "gull_fine"), (0.635, "gull"), (1.27, "gull")]
)
def test_gull_wings_are_fine_up_to_a_pitch(pitch: float, goals: str) -> None:
    found = part("SOIC", dual(), terminals=TERMINALS.model_copy(update={"pitch": Value(nom=pitch)}))
    assert packages.goals_of(found) == goals


@pytest.mark.parametrize(("length", "goals"), [(1.59, "chip_small"), (1.6, "chip"), (3.2, "chip"), (None, "chip")])
def test_two_pads_without_leads_are_a_chip(length: float | None, goals: str) -> None:
    two = [Pad(number="1", x=-1, y=0, w=0.8, h=1), Pad(number="2", x=1, y=0, w=0.8, h=1)]
    body = Body(length=Value(nom=length), width=Value(nom=0.8), height=Value(max=0.5))
    assert packages.goals_of(part("0603", two, body=body, overall={})) == goals
    assert packages.goals_of(part("SOD", two, body=body)) in ("gull", "gull_fine"), "it reaches over its body"


def test_holes_and_balls_are_told_by_the_pads() -> None:
    holes = [pad.model_copy(update={"type": "thru_hole", "drill": (0.8, 0.8)}) for pad in dual()]
    assert packages.has_holes(part("X", holes))
    assert packages.goals_of(part("X", holes)) is None
    balls = [pad.model_copy(update={"shape": "circle"}) for pad in dual()]
    assert packages.has_balls(part("X", balls))
    assert packages.goals_of(part("X", balls)) is None
    assert not packages.has_balls(part("X", balls[:3]))
    assert not packages.has_balls(part("X", [*balls, dual()[0]]))
    assert not packages.has_holes(part("PDIP-8", dual())), "what is drawn counts more than a name"


def test_terminals_are_on_the_side_of_their_pads() -> None:
    found = packages.package_of(part("QFN-8", quad()))
    assert found is not None
    assert found.places == (
        Place("1", "left", -0.325), Place("2", "left", 0.325), Place("3", "bottom", -0.325), Place("4", "bottom", 0.325),
        Place("5", "right", 0.325), Place("6", "right", -0.325), Place("7", "top", 0.325), Place("8", "top", -0.325),
    )  # fmt: skip
    assert (found.pins, found.thermal) == (8, None)
    assert found.spans == (Range(3, 3), Range(3, 3)), "without leads the span is the body's side"


def test_an_exposed_pad_is_a_pin_more() -> None:
    found = packages.package_of(part("QFN-8", quad(role="thermal")))
    assert found is not None
    assert found.thermal is not None
    assert (found.pins, found.thermal.number) == (9, "99")
    assert names.name_of(part("QFN-8", quad(role="thermal")), "B") == "QFN65P300X300X110-9N"


@pytest.mark.parametrize(("read", "place"), [(0.33, 0.325), (0.34, 0.325), (0.345, 0.345), (-0.98, -0.975), (0.0, 0.0)])
def test_a_place_read_within_a_few_percent_is_on_the_pitch(read: float, place: float) -> None:
    pads = dual()
    pads[0] = pads[0].model_copy(update={"y": read})
    found = packages.package_of(part("TSSOP-8", pads))
    assert found is not None
    assert found.places[0].along == place


def test_rows_reach_over_their_leads() -> None:
    found = packages.package_of(part("TSSOP-8", dual()))
    assert found is not None
    assert (found.goals, found.spans) == ("gull", (Range(4.9, 4.9), None))
    assert (found.foot, found.width, found.pitch) == (Range(0.4, 0.6), Range(0.2, 0.3), 0.65)
    assert names.name_of(part("TSSOP-8", dual()), "A") == "SOP65P490X110-8M"


@pytest.mark.parametrize(("reach", "taken"), [(3.3, False), (3.31, True), (6.99, True), (7.0, False)])
def test_a_row_of_the_table_is_the_reach_when_it_is_a_little_larger_than_the_body(reach: float, taken: bool) -> None:
    rows = [
        Dimension(measures="E", value=Value(nom=reach, symbol="E")),
        Dimension(measures="X", value=Value(nom=5, symbol="X")),
    ]
    found = packages.package_of(part("TSSOP-8", dual(), overall={}, dimensions=rows))
    assert (found is not None) == taken
    if found is not None:
        assert found.spans[0] == Range(reach, reach)


def test_the_least_of_several_reaches_counts() -> None:
    rows = [Dimension(measures=s, value=Value(nom=n, symbol=s)) for s, n in (("D", 6.0), ("HE", 4.5), ("H", 5.0))]
    found = packages.package_of(part("TSSOP-8", dual(), overall={}, dimensions=rows))
    assert found is not None
    assert found.spans[0] == Range(4.5, 4.5)


@pytest.mark.parametrize("missing", ["foot_length", "width"])
def test_what_no_drawing_states_is_not_computed(missing: str) -> None:
    bare = TERMINALS.model_copy(update={missing: Value()})
    assert packages.package_of(part("TSSOP-8", dual(), terminals=bare)) is None
    assert patterns.patterns(part("TSSOP-8", dual(), terminals=bare)) == []
    letter = {"foot_length": "L", "width": "b"}[missing]
    rows = [Dimension(measures=letter, value=Value(nom=0.45, symbol=letter))]
    found = packages.package_of(part("TSSOP-8", dual(), terminals=bare, dimensions=rows))
    assert found is not None
    assert {"foot_length": found.foot, "width": found.width}[missing] == Range(0.45, 0.45)


def test_the_pitch_is_stated_or_the_least_step_between_pads() -> None:
    bare = TERMINALS.model_copy(update={"pitch": Value()})
    assert packages.pitch_of(part("X", dual())) == 0.65
    assert packages.pitch_of(part("X", dual(pitch=0.8), terminals=bare)) == 0.8
    land = LandPattern(pads=dual(), pitch=Value(nom=0.5))
    assert packages.pitch_of(DatasheetResult(land_pattern=land)) == 0.5
    near = [Pad(number=str(n), x=x, y=0, w=0.1, h=1) for n, x in enumerate((0, 0.2, 1.0, 2.2))]
    assert packages.pitch_of(part("X", near, terminals=bare)) == 0.8, "pads closer than that are not a pitch apart"
    assert packages.pitch_of(part("X", terminals=bare)) is None


@pytest.mark.parametrize(
    ("package", "count", "sides"),
    [
        ("TSSOP-8", None, {"left": 4, "right": 4}),
        ("QFN-16", None, {"left": 4, "bottom": 4, "right": 4, "top": 4}),
        ("LQFP 3.5 mm", 8, {"left": 2, "bottom": 2, "right": 2, "top": 2}),
        ("SOIC", 6, {"left": 3, "right": 3}),
    ],
)
def test_without_a_land_pattern_terminals_are_counted_around(
    package: str, count: int | None, sides: dict[str, int]
) -> None:
    terminals = TERMINALS.model_copy(update={"count": count})
    result = part(package, terminals=terminals, overall={"x": Value(nom=4.9), "y": Value(nom=4.9)})
    found = packages.package_of(result)
    assert found is not None
    assert [place.number for place in found.places] == [str(n + 1) for n in range(len(found.places))]
    assert {side: sum(place.side == side for place in found.places) for side in sides} == sides
    for side in sides:
        along = [place.along for place in found.places if place.side == side]
        assert sum(along) == pytest.approx(0)
        assert (along == sorted(along)) == (side in ("left", "bottom")), "counter-clockwise, y down"
        assert abs(along[1] - along[0]) == pytest.approx(0.65)


@pytest.mark.parametrize(
    ("package", "count"), [("TSSOP", None), ("TSSOP-7", None), ("QFN-18", None), ("SOIC", 402), ("QFN 3.5x3.5", None)]
)
def test_a_count_that_fits_no_package_gives_no_terminals(package: str, count: int | None) -> None:
    terminals = TERMINALS.model_copy(update={"count": count})
    assert packages.package_of(part(package, terminals=terminals)) is None


@pytest.mark.parametrize(
    ("package", "pads", "name"),
    [
        ("SOT-23", dual(3), "SOT65P490X110-6N"),
        ("SOJ-8", dual(), "SOJ65P490X110-8N"),
        ("SOT-563", dual(3), "SOTFL65P490X110-6N"),
        ("DFN-8", dual(), "SON65P300X300X110-8N"),
        ("QFP", quad(), "QFP65P490X490X110-8N"),
        ("PLCC", quad(), "PLCC65P490X490X110-8N"),
    ],
)
def test_names_by_class(package: str, pads: list[Pad], name: str) -> None:
    result = part(package, pads, overall={"x": Value(nom=4.9), "y": Value(nom=4.9)})
    assert names.name_of(result, "B") == name


@pytest.mark.parametrize(
    ("word", "head"),
    [
        ("resistor", "RESC"),
        ("Inductor", "INDC"),
        ("ferrite", "BEADC"),
        ("bead", "BEADC"),
        ("varistor", "VARC"),
        ("fuse", "FUSC"),
        ("LED", "LEDC"),
        ("diode", "DIOC"),
    ],
)
def test_a_chip_is_named_by_what_it_is(word: str, head: str) -> None:
    two = [Pad(number="1", x=-1, y=0, w=0.8, h=1), Pad(number="2", x=1, y=0, w=0.8, h=1)]
    body = Body(length=Value(nom=3.2), width=Value(nom=1.55), height=Value(max=0.555))
    assert names.name_of(part(f"1206 {word}", two, body=body, overall={}), "C") == f"{head}3216X56L"


def test_a_name_needs_a_height() -> None:
    flat = BODY.model_copy(update={"height": Value()})
    assert names.name_of(part("TSSOP-8", dual(), body=flat), "B") is None
    nominal = BODY.model_copy(update={"height": Value(nom=1.0)})
    assert names.name_of(part("TSSOP-8", dual(), body=nominal), "B") == "SOP65P490X100-8N"


def test_computed_pads_keep_number_side_and_place() -> None:
    (_, nominal, _) = patterns.patterns(part("QFN-8", quad(role="thermal")))
    assert nominal.note == "thermal pad as the vendor recommends"
    at = {pad.number: pad for pad in nominal.pads}
    assert (at["1"].x, at["1"].y) == (-at["6"].x, -0.325)
    assert (at["3"].x, at["3"].y) == (-0.325, -at["8"].y)
    assert at["1"].x < 0 < at["3"].y
    assert (at["1"].w, at["1"].h) == (at["3"].h, at["3"].w)
    assert (at["1"].status, at["1"].confidence) == ("derived", 0.9)
    assert at["99"].w == 1.5
    assert patterns.patterns(part("QFN-8", quad()))[0].note == ""
