"""The borders of each design rule, and what its message says; sizes in mm."""

from __future__ import annotations

import pytest

from db.documents.footprint import checks
from db.documents.kinds.datasheet import Body, Check, DatasheetResult, LandPattern, Pad, Terminals, Value


def looked(*pads: Pad, pins: int | None = None, **more: object) -> dict[str, Check]:
    result = DatasheetResult(land_pattern=LandPattern(pads=list(pads), pins=pins), **more)
    return {check.rule: check for check in checks.look(result).checks}


def pad(number: str, x: float, y: float = 0.0, w: float = 1.0, h: float = 1.0, **more: object) -> Pad:
    return Pad(number=number, x=x, y=y, w=w, h=h, **more)


@pytest.mark.parametrize(
    ("gap", "overlap", "enough"),
    [
        (-0.01, True, True),
        (-0.004, False, False),
        (0, False, False),
        (0.094, False, False),
        (0.096, False, True),
        (0.5, False, True),
    ],
)
def test_gap_and_overlap_of_two_pads(gap: float, overlap: bool, enough: bool) -> None:
    found = looked(pad("1", 0), pad("2", 1 + gap))
    assert found["pad_overlap"].passed == (not overlap)
    assert found["pad_gap"].passed == enough
    if overlap:
        assert found["pad_overlap"].message == "1 pairs of pads overlap"
        assert found["pad_overlap"].pads == ["1", "2"]
        assert found["pad_gap"].message == "no two pads are near each other"
    else:
        assert found["pad_overlap"].message == "no pads overlap"
        assert found["pad_gap"].message == f"smallest gap {gap:.3f} mm between pads 1 and 2"
        assert found["pad_gap"].pads == ["1", "2"]


def test_a_gap_over_the_corner_is_the_straight_way() -> None:
    assert looked(pad("1", 0), pad("2", 1.3, 1.4))["pad_gap"].message.startswith("smallest gap 0.500 mm")


def test_the_smallest_of_all_gaps_counts() -> None:
    found = looked(pad("1", 0), pad("2", 1.5), pad("3", 2.7))
    assert found["pad_gap"].message == "smallest gap 0.200 mm between pads 2 and 3"


def test_pads_of_one_number_may_overlap_and_pads_far_apart_are_not_looked_at() -> None:
    assert looked(pad("1", 0), pad("1", 0.5))["pad_overlap"].passed
    assert looked(pad("1", 0), pad("2", 2.01))["pad_gap"].severity == "info"
    assert looked(pad("1", 0), pad("2", 1.99))["pad_gap"].severity == "warning"


def test_pads_that_are_not_made_as_copper_are_not_looked_at() -> None:
    for role in ("via", "paste", "stencil", "optional"):
        assert looked(pad("1", 0), pad("2", 0.2, role=role))["pad_overlap"].passed


@pytest.mark.parametrize(("gap", "passed"), [(0.144, False), (0.146, True), (1.0, True)])
def test_clearance_of_the_exposed_pad(gap: float, passed: bool) -> None:
    found = looked(pad("1", -1 - gap), pad("2", 2), pad("3", 0, role="thermal"))["exposed_pad_clearance"]
    assert (found.passed, found.pads) == (passed, ["3"])
    assert found.message == f"the exposed pad is {gap:.3f} mm from the nearest pad"


def test_an_exposed_pad_alone_has_no_clearance() -> None:
    assert "exposed_pad_clearance" not in looked(pad("1", 0, role="thermal"))


def hole(w: float, drill: float, **more: object) -> Pad:
    return pad("1", 0, w=w, h=w + 1, type="thru_hole", shape="oval", drill=(drill, drill), **more)


@pytest.mark.parametrize(("drill", "passed"), [(0.8, True), (0.808, True), (0.812, False)])
def test_the_ring_around_a_hole(drill: float, passed: bool) -> None:
    found = looked(hole(1.0, drill))["annular_ring"]
    assert (found.passed, found.severity) == (passed, "error")
    assert found.message == f"smallest annular ring {(1 - drill) / 2:.3f} mm"
    assert found.pads == ([] if passed else ["1"])


@pytest.mark.parametrize(
    ("width", "passed"), [(Value(min=0.6, max=0.79), True), (Value(max=0.8), False), (Value(nom=0.81), False)]
)
def test_leads_must_go_into_their_holes(width: Value, passed: bool) -> None:
    found = looked(hole(1.2, 0.8), terminals=Terminals(width=width))["hole_larger_than_lead"]
    assert (found.passed, found.pads) == (passed, [] if passed else ["1"])
    assert found.message == f"holes of 0.800 mm for leads {width.max or width.nom:.3f} mm wide"


def test_holes_of_pegs_and_parts_on_the_surface_are_not_asked_for_leads() -> None:
    lead = Terminals(width=Value(max=0.9))
    assert "hole_larger_than_lead" not in looked(hole(1.2, 0.8, role="mechanical"), terminals=lead)
    assert "hole_larger_than_lead" not in looked(hole(1.2, 0.8))
    assert "annular_ring" not in looked(pad("1", 0))


def test_numbers_are_used_once_and_without_gaps() -> None:
    good = looked(pad("1", 0), pad("2", 2), pad("3", 4))
    assert good["unique_numbers"].message == "every number is used once"
    assert good["numbers_complete"].message == "numbers run from 1 to 3"
    twice = looked(pad("2", 0), pad("2", 2), pad("1", 4))["unique_numbers"]
    assert (twice.passed, twice.message, twice.pads) == (False, "numbers used more than once: 2", ["2"])
    gaps = looked(pad("2", 0), pad("4", 2))["numbers_complete"]
    assert (gaps.passed, gaps.severity, gaps.message) == (False, "info", "numbers from 2 to 4 have gaps")
    assert "numbers_complete" not in looked(pad("1", 0), pad("A", 2))
    assert looked(pad("1", 0), pad("1", 4, role="mechanical"))["unique_numbers"].passed
    assert looked(pad("", 0), pad("", 4))["unique_numbers"].passed


def test_every_pad_needs_a_size_and_every_pin_a_pad() -> None:
    whole = looked(pad("1", 0), pad("2", 2), pins=2)
    assert whole["pads_stated"].message == "every pad has a stated size or hole"
    assert whole["pads_for_all_pins"].message == "the 2 pins of the part have pads"
    bare = looked(pad("1", 0), Pad(number="2", x=2, y=0), pins=3)
    assert (bare["pads_stated"].passed, bare["pads_stated"].pads) == (False, ["2"])
    assert not bare["pads_for_all_pins"].passed
    assert "pads_for_all_pins" not in looked(pad("1", 0))


@pytest.mark.parametrize(("other", "alike"), [(1.0, True), (1.019, False), (1.021, True)])
def test_sizes_that_are_nearly_the_same_were_misread(other: float, alike: bool) -> None:
    found = looked(pad("1", 0), pad("2", 3, w=other))["sizes_alike"]
    assert found.passed == alike
    said = "pad sizes are equal or clearly different" if alike else "1 pairs of pad sizes differ by less than 0.02 mm"
    assert found.message == said


def test_a_pad_turned_by_a_quarter_is_of_the_same_size() -> None:
    assert looked(pad("1", 0, w=0.5, h=1.01), pad("2", 3, w=1.01, h=0.5))["sizes_alike"].passed


@pytest.mark.parametrize(
    ("value", "passed", "text"),
    [
        (Value(min=1, nom=1.1, max=1.2), True, "length 1 <= 1.1 <= 1.2"),
        (Value(min=1, max=1), True, "length 1 <= 1"),
        (Value(min=1.2, max=1), False, "length 1.2 <= 1"),
        (Value(min=0, max=1), False, "length 0 <= 1"),
    ],
)
def test_limits_of_the_body_are_in_order(value: Value, passed: bool, text: str) -> None:
    found = looked(body=Body(length=value))["body_length_limits"]
    assert (found.passed, found.message, found.severity) == (passed, text, "error")


@pytest.mark.parametrize(("length", "passed"), [(2.0, True), (1.996, True), (1.994, False), (3.0, True)])
def test_length_is_the_larger_side(length: float, passed: bool) -> None:
    found = looked(body=Body(length=Value(nom=length), width=Value(nom=2)))["body_length_is_larger"]
    assert (found.passed, found.message) == (passed, f"length {length:g} and width 2 mm")


def test_one_limit_alone_is_not_compared() -> None:
    assert looked(body=Body(length=Value(nom=2))) == {}


def test_a_broken_rule_asks_for_a_look_at_the_field_that_it_is_about() -> None:
    bad = DatasheetResult(
        land_pattern=LandPattern(pads=[pad("1", 0), pad("2", 0.5)]), body=Body(length=Value(min=2, max=1))
    )
    fields = {review.field for review in checks.look(bad).needs_review}
    assert fields == {"land_pattern.pads", "body"}
    gaps = DatasheetResult(land_pattern=LandPattern(pads=[pad("2", 0), pad("4", 3)]))
    assert checks.look(gaps).needs_review == [], "what is only for information asks for nothing"
