"""A part's symbol for KiCad: a box, its pins on both sides, and what its description owns up to; mm, y up."""

from __future__ import annotations

from itertools import pairwise

import pytest

from db.documents.footprint import symbol
from db.documents.footprint.sexpr import Expr, child, children, parse
from db.documents.kinds.datasheet import DatasheetResult, Evidence
from db.documents.kinds.datasheet_pin import Pin


def pin(number: int, name: str = "IO", confidence: float = 0.95, **more: object) -> Pin:
    return Pin(number=str(number), name=name, confidence=confidence, **more)


def written(*pins: Pin, package: str | None = "SOIC-8", footprint: str | None = "part") -> list[Expr]:
    text = symbol.write(DatasheetResult(package=package, pins=[*pins]), "part", footprint)
    assert text is not None
    (found,) = children(parse(text), "symbol")
    return found


def numbers(expr: list[Expr] | None) -> list[float]:
    return [float(n) for n in (expr or [])[1:] if isinstance(n, int | float)]


def drawn(*pins: Pin) -> tuple[tuple[list[float], list[float]], list[tuple[str, list[float]]]]:
    """The corners of the box, and each pin with its place and turn."""
    body, units = children(written(*pins), "symbol")
    box = child(body, "rectangle") or []
    placed = [(str((child(one, "number") or [])[1]), numbers(child(one, "at"))) for one in children(units, "pin")]
    return (numbers(child(box, "start")), numbers(child(box, "end"))), placed


def test_without_pins_there_is_no_symbol() -> None:
    assert symbol.write(DatasheetResult(), "x", None) is None


def test_pins_go_around_as_on_a_package_with_two_rows() -> None:
    (start, end), pins = drawn(*(pin(n) for n in range(1, 5)))
    assert [number for number, _ in pins] == ["1", "2", "4", "3"], "down on the left, up on the right"
    assert [place[2] for _, place in pins] == [0, 0, 180, 180]
    assert start[0] == -end[0] < 0
    assert start[1] == -end[1] == 3.81
    assert [place[0] for _, place in pins] == [start[0] - 2.54] * 2 + [end[0] + 2.54] * 2, "a pin's length outside"
    assert [place[1] for _, place in pins] == [1.27, -1.27, 1.27, -1.27]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 9, 40])
def test_every_pin_has_a_place_of_its_own_beside_the_box(count: int) -> None:
    (start, end), pins = drawn(*(pin(n) for n in range(1, count + 1)))
    assert len(pins) == count
    assert len({tuple(place) for _, place in pins}) == count
    assert sum(1 for _, place in pins if place[2] == 0) == (count + 1) // 2
    assert all(end[1] + 1.27 <= place[1] <= start[1] - 1.27 for _, place in pins)
    levels = sorted({place[1] for _, place in pins})
    assert all(b - a == pytest.approx(2.54) for a, b in pairwise(levels))


def test_the_box_has_room_for_the_longest_names_of_both_sides() -> None:
    (narrow, _), _ = drawn(pin(1, "A"), pin(2, "B"))
    (wide, _), _ = drawn(pin(1, "A" * 20), pin(2, "B" * 10))
    assert narrow[0] == -5.08, "two steps of the grid at least"
    assert 2 * -wide[0] >= 30 * 1.27
    assert wide[0] % 2.54 == pytest.approx(0, abs=1e-9) or wide[0] % 2.54 == pytest.approx(2.54)


@pytest.mark.parametrize(("length", "half"), [(4, 5.08), (6, 7.62), (8, 7.62), (9, 10.16)])
def test_the_width_grows_in_steps_of_the_grid(length: int, half: float) -> None:
    (start, _), _ = drawn(pin(1, "X" * length))
    assert start[0] == -half


def test_a_pin_says_what_it_is() -> None:
    _, units = children(written(pin(1, "VDD", type="power_in"), pin(2, "")), "symbol")
    first, second = children(units, "pin")
    assert first[1:3] == ["power_in", "line"]
    assert (child(first, "name") or [])[1] == "VDD"
    assert numbers(child(first, "length")) == [2.54]
    assert (child(second, "name") or [])[1] == "~", "no name is said as KiCad says it"


@pytest.mark.parametrize(("confidence", "name"), [(0.31, "TX"), (0.3, "TX or RX?"), (0.1, "TX or RX?")])
def test_sources_that_contradict_each_other_are_both_named(confidence: float, name: str) -> None:
    seen = [Evidence(page=1, box=(0, 0, 1, 1), printed=text) for text in ("TX", "RX", "TX")]
    _, units = children(written(pin(1, "TX", confidence, evidence=seen)), "symbol")
    (only,) = children(units, "pin")
    assert (child(only, "name") or [])[1] == name


def test_properties_stand_above_the_box_or_are_hidden() -> None:
    found = {str(one[1]): one for one in children(written(pin(1), pin(2)), "property")}
    assert [found[name][2] for name in ("Reference", "Value", "Footprint", "Datasheet")] == ["U", "part", "part", ""]
    assert numbers(child(found["Reference"], "at")) == [0, 5.08, 0]
    assert numbers(child(found["Value"], "at")) == [0, 3.81, 0]
    hidden = {name for name, one in found.items() if "hide" in (child(one, "effects") or [])}
    assert hidden == {"Footprint", "Datasheet", "ki_description"}
    assert [numbers(child(one, "id")) for one in found.values()] == [[0], [1], [2], [3], [4]]
    assert written(pin(1), footprint=None) != []


def test_the_description_says_from_where_and_how_sure() -> None:
    seen = [Evidence(page=page, box=(0, 0, 1, 1)) for page in (7, 3)]
    found = {
        str(one[1]): one[2] for one in children(written(pin(1, evidence=seen), pin(2, confidence=0.5)), "property")
    }
    assert found["ki_description"] == "SOIC-8: pins from page 3, 7 of its datasheet; 1 of 2 pins have no second source"
    sure = {str(one[1]): one[2] for one in children(written(pin(1, evidence=seen), package=None), "property")}
    assert sure["ki_description"] == "part: pins from page 3, 7 of its datasheet"
