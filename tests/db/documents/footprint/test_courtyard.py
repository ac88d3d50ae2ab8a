"""The body over the pads, the courtyard around both, and the silkscreen beside the copper; sizes in mm, y down."""

from __future__ import annotations

import pytest

from db.documents.footprint import courtyard as around
from db.documents.footprint.courtyard import Rect
from db.documents.kinds.datasheet import Body, DatasheetResult, LandPattern, Pad, Value

TWO = [Pad(number="1", x=-1, y=0, w=0.8, h=1), Pad(number="2", x=1, y=0, w=0.8, h=1)]


def rect(pad: Pad) -> tuple[float, ...] | None:
    area = around.copper(pad)
    return area and (area.x0, area.y0, area.x1, area.y1)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (Value(min=1, nom=1.2, max=2), 1.2),
        (Value(min=1, max=2), 1.5),
        (Value(min=1), 1),
        (Value(max=2), 2),
        (Value(nom=0, max=2), 0),
        (Value(), None),
    ],
)
def test_the_number_a_drawing_is_made_to(value: Value, number: float | None) -> None:
    assert around.nominal(value) == number


@pytest.mark.parametrize(
    ("more", "area"),
    [
        ({"w": 2, "h": 1}, (9, 19.5, 11, 20.5)),
        ({"w": 2, "h": 1, "rotation": 90}, (9.5, 19, 10.5, 21)),
        ({"w": 2, "h": 2, "rotation": 45}, (10 - 2**0.5, 20 - 2**0.5, 10 + 2**0.5, 20 + 2**0.5)),
        ({"drill": (1, 3), "type": "thru_hole"}, (9.5, 18.5, 10.5, 21.5)),
        ({"w": 2, "h": 2, "drill": (1, 1), "type": "thru_hole"}, (9, 19, 11, 21)),
        ({"w": 2}, None),
        ({}, None),
    ],
)
def test_the_area_that_a_pad_takes(more: dict[str, object], area: tuple[float, ...] | None) -> None:
    found = rect(Pad(**{"number": "1", "x": 10, "y": 20, **more}))
    assert found == (area and pytest.approx(area))


def test_areas_that_only_touch_do_not_meet() -> None:
    one = Rect(0, 0, 2, 2)
    assert one.meets(Rect(1, 1, 3, 3))
    assert one.meets(Rect(0.5, 0.5, 1, 1))
    for other in (Rect(2, 0, 3, 2), Rect(-1, 0, 0, 2), Rect(0, 2, 2, 3), Rect(0, -1, 2, 0), Rect(3, 3, 4, 4)):
        assert not one.meets(other)
    assert Rect(1, 2, 3, 5).grown(0.5) == Rect(0.5, 1.5, 3.5, 5.5)


def part(pads: list[Pad], length: float | None, width: float | None, **frame: str) -> DatasheetResult:
    body = Body(length=Value(nom=length), width=Value(nom=width))
    return DatasheetResult(body=body, land_pattern=LandPattern(pads=pads), body_in_land_frame=frame)


FLAT, UPRIGHT = Rect(-1.5, -0.5, 1.5, 0.5), Rect(-0.5, -1.5, 0.5, 1.5)


def test_the_body_lies_as_the_result_says() -> None:
    assert around.body_rect(part(TWO, 3, 1, x="length")) == FLAT
    assert around.body_rect(part(TWO, 3, 1, x="width")) == UPRIGHT


def test_else_it_lies_so_that_the_pads_are_at_its_edges() -> None:
    ends = [Pad(number="1", x=-1.5, y=0, w=1, h=1), Pad(number="2", x=1.5, y=0, w=1, h=1)]
    assert around.body_rect(part(ends, 3, 1)) == FLAT
    above = [Pad(number="1", x=0, y=-1.5, w=1, h=1), Pad(number="2", x=0, y=1.5, w=1, h=1)]
    assert around.body_rect(part(above, 3, 1)) == UPRIGHT
    sides = [
        Pad(number=str(k), x=x, y=y, w=0.3, h=0.3)
        for k, (x, y) in enumerate([(-0.6, -1), (-0.6, 1), (0.6, -1), (0.6, 1)])
    ]
    assert around.body_rect(part(sides, 3, 1)) == UPRIGHT, "rows of leads lie along the length"


@pytest.mark.parametrize(("length", "width"), [(None, 1), (3, None), (0, 1), (3, 0), (-3, 1)])
def test_a_body_without_a_size_is_none(length: float | None, width: float | None) -> None:
    assert around.body_rect(part(TWO, length, width)) is None


def test_a_courtyard_is_around_pads_and_body_rounded_outwards() -> None:
    yard = around.courtyard(TWO, None)
    assert yard is not None
    assert (yard.x0, yard.y0, yard.x1, yard.y1) == (-1.65, -0.75, 1.65, 0.75)
    larger = around.courtyard(TWO, Rect(-1.001, -2, 1.001, 3.004), excess=0.5)
    assert larger is not None
    assert (larger.x0, larger.y0, larger.x1, larger.y1) == (-1.9, -2.5, 1.9, 3.51)
    odd = around.courtyard([Pad(number="1", x=0.0001, y=0, w=1, h=1)], None)
    assert odd is not None
    assert (odd.x0, odd.x1) == (-0.75, 0.76)


def test_without_pads_or_body_there_is_no_courtyard() -> None:
    assert around.courtyard([], None) is None
    assert around.courtyard([Pad(number="1", x=0, y=0)], None) is None
    assert around.courtyard([], Rect(0, 0, 1, 1)) is not None


def test_silkscreen_is_the_body_a_little_larger() -> None:
    assert around.silk_lines(Rect(-1, -2, 1, 2), []) == [
        (-1.11, -2.11, 1.11, -2.11),
        (-1.11, 2.11, 1.11, 2.11),
        (-1.11, -2.11, -1.11, 2.11),
        (1.11, -2.11, 1.11, 2.11),
    ]


def test_silkscreen_keeps_away_from_copper() -> None:
    """A pad of 1 mm over the right edge: 0.2 mm and half a line away from it."""
    lines = around.silk_lines(Rect(-1, -2, 1, 2), [Pad(number="1", x=1, y=0.5, w=1, h=1)])
    assert (1.11, -2.11, 1.11, -0.26) in lines
    assert (1.11, 1.26, 1.11, 2.11) in lines
    assert len(lines) == 5


def test_stretches_too_short_to_print_are_left_out() -> None:
    pad = Pad(number="1", x=1, y=-1.45, w=1, h=1)  # leaves 0.1 mm above it
    right = [line for line in around.silk_lines(Rect(-1, -2, 1, 2), [pad]) if line[0] == line[2] == 1.11]
    assert right == [(1.11, -0.69, 1.11, 2.11)]


def test_a_pad_that_does_not_reach_an_edge_cuts_nothing() -> None:
    assert len(around.silk_lines(Rect(-1, -2, 1, 2), [Pad(number="1", x=0, y=0, w=0.5, h=0.5)])) == 4


def test_a_body_hidden_by_its_pads_has_no_silkscreen() -> None:
    assert around.silk_lines(Rect(-1, -1, 1, 1), [Pad(number="1", x=0, y=0, w=4, h=4)]) == []


def test_the_mark_of_pin_1_stands_beside_it_away_from_the_middle() -> None:
    assert around.pin1_mark(TWO) == pytest.approx((-1.85, 0))
    named = [Pad(number="A1", x=1, y=2, w=1, h=1)]
    assert around.pin1_mark(named) == pytest.approx((1, 2.95))


def test_the_mark_gives_way_to_other_pads() -> None:
    beside = [*TWO, Pad(number="3", x=-2.2, y=0, w=0.8, h=1)]
    mark = around.pin1_mark(beside)
    assert mark is not None
    assert mark[0] == -1
    assert abs(mark[1]) == pytest.approx(0.95)


def test_without_a_first_pad_or_its_size_there_is_no_mark() -> None:
    assert around.pin1_mark([Pad(number="2", x=0, y=0, w=1, h=1)]) is None
    assert around.pin1_mark([Pad(number="1", x=0, y=0)]) is None
