"""A footprint file line by line: texts, body, courtyard, mark, pads, and what had to be assumed; mm, y down."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from db.documents.footprint import kicad
from db.documents.footprint.kicad import d_outline, safe_name
from db.documents.footprint.sexpr import Expr, child, children, parse
from db.documents.kinds.datasheet import (
    Body,
    Corrected,
    Courtyard,
    DatasheetResult,
    LandPattern,
    Pad,
    Review,
    Value,
    Via,
)

TWO = [Pad(number="1", x=-1.5, y=0, w=0.8, h=1), Pad(number="2", x=1.5, y=0, w=0.8, h=1)]
BODY = Body(length=Value(nom=4), width=Value(nom=2))


def part(*pads: Pad, **more: object) -> DatasheetResult:
    fields = {key: more.pop(key) for key in ("page", "vias", "paste") if key in more}
    return DatasheetResult(package="CHIP", land_pattern=LandPattern(pads=[*pads], **fields), **more)


def written(result: DatasheetResult) -> tuple[list[Expr], list[str]]:
    footprint = kicad.write(result, "part")
    assert footprint is not None
    return parse(footprint.text), footprint.notes


def lines(expr: list[Expr], layer: str) -> list[tuple[float, ...]]:
    found = [one for one in children(expr, "fp_line") if child(one, "layer") == ["layer", layer]]
    return [(*_numbers(one, "start"), *_numbers(one, "end"), *_numbers(one, "width")) for one in found]


def _numbers(expr: list[Expr], name: str) -> list[float]:
    return [float(n) for n in (child(expr, name) or [])[1:] if isinstance(n, int | float)]


def test_the_head_of_a_file() -> None:
    expr, notes = written(part(*TWO, page=7))
    assert expr[:2] == ["footprint", "part"]
    assert [child(expr, name) for name in ("version", "generator", "layer", "tags", "attr")] == [
        ["version", 20211014], ["generator", "bm3vl"], ["layer", "F.Cu"], ["tags", "CHIP"], ["attr", "smd"]
    ]  # fmt: skip
    assert child(expr, "descr") == ["descr", "CHIP from page 7 of its datasheet"]
    assert notes == []


def test_a_part_with_one_hole_is_one_for_holes() -> None:
    expr, _ = written(
        part(*TWO, Pad(number="3", type="thru_hole", shape="circle", x=0, y=2, w=1, h=1, drill=(0.5, 0.5)))
    )
    assert child(expr, "attr") == ["attr", "through_hole"]


def test_the_description_warns_of_everything() -> None:
    changed = [
        Corrected(field=field, before=1.0, value=value, author="ann", at=datetime(2026, 1, 1, tzinfo=UTC))
        for field, value in [("body.length", 2.0), ("body.length", 3.0), ("body.width", 1.0), ("body.height", 2.0)]
    ]
    doubt = [Review(field="body", reason="look")]
    expr, _ = written(part(*TWO, Pad(number="3", x=0, y=0), corrections=changed, needs_review=doubt))
    assert child(expr, "descr") == [
        "descr",
        "CHIP; pad 3 left out: its size is not stated; 2 numbers corrected by hand; needs review",
    ]
    one, _ = written(part(*TWO, corrections=changed[:1]))
    assert child(one, "descr") == ["descr", "CHIP; 1 number corrected by hand"]


def test_texts_stand_above_and_below_the_courtyard() -> None:
    expr, _ = written(part(*TWO, courtyard=Courtyard(x0=-2, y0=-1.5, x1=2, y1=1.25)))
    reference, value = children(expr, "fp_text")
    assert (reference[1:3], _numbers(reference, "at")) == (["reference", "REF**"], [0, -2.3])
    assert (value[1:3], _numbers(value, "at")) == (["value", "part"], [0, 2.05])
    assert lines(expr, "F.CrtYd") == [
        (-2, -1.5, 2, -1.5, 0.05), (2, -1.5, 2, 1.25, 0.05), (2, 1.25, -2, 1.25, 0.05), (-2, 1.25, -2, -1.5, 0.05)
    ]  # fmt: skip


def test_a_courtyard_is_computed_where_the_result_has_none() -> None:
    expr, _ = written(part(*TWO))
    assert lines(expr, "F.CrtYd")[0] == (-2.15, -0.75, 2.15, -0.75, 0.05)


def test_the_body_has_a_chamfer_at_pin_1() -> None:
    """A quarter of the smaller side, 1 mm at most."""
    expr, _ = written(part(*TWO, body=BODY))
    assert lines(expr, "F.Fab") == [
        (-2, -0.5, -1.5, -1, 0.1), (-1.5, -1, 2, -1, 0.1), (2, -1, 2, 1, 0.1), (2, 1, -2, 1, 0.1), (-2, 1, -2, -0.5, 0.1)
    ]  # fmt: skip
    large = Body(length=Value(nom=12), width=Value(nom=10))
    assert lines(written(part(*TWO, body=large, body_in_land_frame={"x": "length"}))[0], "F.Fab")[0] == (
        -6,
        -4,
        -5,
        -5,
        0.1,
    )


@pytest.mark.parametrize(
    ("x", "y", "cut"), [(1, -1, (1.5, -1, 2, -0.5)), (1, 1, (2, 0.5, 1.5, 1)), (-1, 1, (-1.5, 1, -2, 0.5))]
)
def test_the_chamfer_is_at_the_corner_nearest_to_pin_1(x: float, y: float, cut: tuple[float, ...]) -> None:
    pads = [Pad(number="A1", x=x, y=y, w=0.2, h=0.2), Pad(number="B1", x=-x, y=-y, w=0.2, h=0.2)]
    fab = lines(written(part(*pads, body=BODY, body_in_land_frame={"x": "length"}))[0], "F.Fab")
    assert (*cut, 0.1) in fab
    assert len(fab) == 5


def test_without_a_first_pin_the_body_is_a_rectangle() -> None:
    pads = [one.model_copy(update={"number": str(k + 5)}) for k, one in enumerate(TWO)]
    expr, _ = written(part(*pads, body=BODY))
    assert len(lines(expr, "F.Fab")) == 4
    assert [*children(expr, "fp_circle")] == []


def test_the_mark_of_pin_1_is_a_dot_beside_it() -> None:
    (mark,) = children(written(part(*TWO))[0], "fp_circle")
    assert (_numbers(mark, "center"), _numbers(mark, "end")) == ([-2.35, 0], [-2.25, 0])
    assert child(mark, "layer") == ["layer", "F.SilkS"]


def test_pads_without_a_size_are_left_out_or_assumed_around_their_hole() -> None:
    bare = Pad(number="2", x=2, y=0)
    plated = Pad(number="3", type="thru_hole", shape="circle", x=4, y=0, drill=(0.8, 1.0))
    peg = Pad(number="9", type="np_thru_hole", shape="circle", x=6, y=0, drill=(1.1, 1.1))
    flat = Pad(number="", x=8, y=0, w=0, h=1)
    expr, notes = written(part(TWO[0], bare, plated, peg, flat))
    made = [(one[1], _numbers(one, "size"), _numbers(one, "drill")) for one in children(expr, "pad")]
    assert made == [("1", [0.8, 1], []), ("3", [1.3, 1.5], [0.8, 1]), ("", [1.1, 1.1], [1.1])]
    assert notes == [
        "pad 2 left out: its size is not stated",
        "copper of pad 3 assumed: hole + 0.5 mm",
        "pad (none) left out: its size is not stated",
    ]


def test_a_result_without_any_pad_that_can_be_made_has_no_file() -> None:
    assert kicad.write(DatasheetResult(), "x") is None
    assert kicad.write(part(), "x") is None
    assert kicad.write(part(Pad(number="1", x=0, y=0)), "x") is None


def test_pads_are_turned_rounded_and_told_where_they_are_no_rectangles() -> None:
    turned = Pad(number="1", x=0, y=0, w=1, h=2, rotation=30)
    round_ = Pad(number="2", shape="roundrect", x=3, y=0, w=1, h=2, corner_radius=0.25)
    most = Pad(number="3", shape="roundrect", x=6, y=0, w=1, h=2, corner_radius=0.9)
    odd = Pad(number="4", shape="custom", x=9, y=0, w=1, h=2)
    expr, notes = written(part(turned, round_, most, odd))
    pads = [*children(expr, "pad")]
    assert _numbers(pads[0], "at") == [0, 0, 30]
    assert [_numbers(one, "roundrect_rratio") for one in pads] == [[], [0.25], [0.5], []]
    assert pads[3][3] == "rect"
    assert notes == ["pad 4 written as the rectangle around its outline"]


def test_thermal_vias_and_paste() -> None:
    thermal = Pad(number="9", x=0, y=0, w=2, h=2, role="thermal")
    expr, notes = written(part(*TWO, thermal, vias=[Via(x=0.5, y=-0.5, drill=0.2), Via(x=0, y=0)]))
    via = [*children(expr, "pad")][-1]
    assert (via[1], _numbers(via, "at"), _numbers(via, "size")) == ("9", [0.5, -0.5], [0.4, 0.4])
    assert notes == ["paste of pad 9 as large as the pad: no windows read", "1 vias left out: no drill read"]
    windows = [Pad(number="9", x=0.5, y=0, w=0.8, h=0.8, role="paste")]
    expr, notes = written(part(*TWO, thermal, paste=windows))
    (pasted,) = [one for one in children(expr, "pad") if child(one, "layers") == ["layers", "F.Paste"]]
    assert (pasted[1], _numbers(pasted, "size")) == ("", [0.8, 0.8])
    assert notes == []


@pytest.mark.parametrize(("x", "y", "size"), [(-1, 0, (2, 1)), (1, 0, (2, 1)), (0, -1, (1, 2)), (0, 1, (1, 2))])
def test_a_d_shape_is_round_towards_the_middle(x: float, y: float, size: tuple[float, float]) -> None:
    points = d_outline(size, x, y)
    assert len(points) == 19
    assert max(abs(a) for a, _ in points) == pytest.approx(size[0] / 2)
    assert max(abs(b) for _, b in points) == pytest.approx(size[1] / 2)
    towards = [-(a * x + b * y) for a, b in points]
    far, near = max(points, key=lambda p: -(p[0] * x + p[1] * y)), min(towards)
    assert math.hypot(*far) == pytest.approx(1), "the tip lies on the middle line"
    assert sum(1 for one in towards if one == pytest.approx(near)) == 2, "the other end is flat"
    arc = [(a, b) for a, b in points if -(a * x + b * y) > 0.5 - 1e-9]
    assert all(math.hypot(a + 0.5 * x, b + 0.5 * y) == pytest.approx(0.5) for a, b in arc)


def test_a_d_shaped_pad_is_an_outline_around_an_anchor() -> None:
    expr, _ = written(part(Pad(number="1", shape="d_shape", x=-1, y=0, w=2, h=1), TWO[1]))
    (pad, _) = children(expr, "pad")
    assert (pad[3], _numbers(pad, "size")) == ("custom", [0.8, 0.8])


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("QFN-16_3x3", "QFN-16_3x3"),
        ("a/b\\c d", "a_b_c_d"),
        ("..x..", "x"),
        ("", "footprint"),
        ("...", "footprint"),
        ("x" * 99, "x" * 80),
    ],
)
def test_names_of_files_are_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe
