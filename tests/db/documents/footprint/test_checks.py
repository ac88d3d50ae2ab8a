"""Design rules on footprints made for them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from db.documents.footprint import checks
from db.documents.kinds.datasheet import Body, Check, DatasheetResult, LandPattern, Pad, Review, Terminals, Value


def result_of(*pads: Pad, **more: object) -> DatasheetResult:
    return DatasheetResult(land_pattern=LandPattern(pads=list(pads)), land_pattern_status="found", **more)


def row(count: int, pitch: float, w: float, y: float = 0.0, first: int = 1) -> list[Pad]:
    return [
        Pad(number=str(first + i), x=round((i - (count - 1) / 2) * pitch, 4), y=y, w=w, h=1.0) for i in range(count)
    ]


def named(result: DatasheetResult, rule: str) -> Check:
    return next(c for c in checks.look(result).checks if c.rule == rule)


@given(st.integers(2, 12), st.integers(40, 300), st.integers(20, 280))
def test_gap_and_overlap_follow_from_pitch_and_width(count: int, pitch: int, width: int) -> None:
    result = result_of(*row(count, pitch / 100, width / 100))
    assert named(result, "pad_overlap").passed == (width <= pitch)
    if width <= pitch:
        assert named(result, "pad_gap").passed == (pitch - width >= 10)


def test_a_failed_rule_asks_for_review_once() -> None:
    bad = result_of(*row(3, 0.5, 0.6))
    once = checks.look(bad)
    assert [r.reason for r in once.needs_review] == [c.message for c in once.checks if not c.passed]
    assert checks.look(once) == once


def test_a_rule_that_holds_after_a_correction_asks_no_more() -> None:
    bad, good = result_of(*row(3, 0.5, 0.6)), result_of(*row(3, 0.5, 0.3))
    doubt = Review(field="package", reason="not named")
    seen = checks.look(bad.model_copy(update={"needs_review": [doubt]}))
    corrected = seen.model_copy(update={"land_pattern": good.land_pattern})
    assert checks.look(corrected).needs_review == [doubt]


def test_exposed_pad_too_near() -> None:
    thermal = Pad(number="5", x=0, y=0, w=2.0, h=2.0, role="thermal")
    assert named(result_of(*row(4, 0.8, 0.3, 1.8), thermal), "exposed_pad_clearance").passed
    assert not named(result_of(*row(4, 0.8, 0.3, 1.55), thermal), "exposed_pad_clearance").passed


def test_holes_against_copper_and_leads() -> None:
    hole = Pad(number="1", type="thru_hole", shape="circle", x=0, y=0, w=1.0, h=1.0, drill=(0.9, 0.9))
    assert not named(result_of(hole), "annular_ring").passed
    wide = Terminals(width=Value(min=0.8, max=1.0))
    assert not named(result_of(hole, terminals=wide), "hole_larger_than_lead").passed
    narrow = Terminals(width=Value(min=0.4, max=0.6))
    assert named(result_of(hole, terminals=narrow), "hole_larger_than_lead").passed


def test_numbers_twice_and_missing() -> None:
    twice = result_of(*row(2, 1.0, 0.5), *row(2, 1.0, 0.5, y=3.0, first=2))
    assert named(twice, "unique_numbers").pads == ["2"]
    assert not named(result_of(*row(2, 1.0, 0.5), *row(1, 1.0, 0.5, y=3.0, first=4)), "numbers_complete").passed


def test_body_limits_out_of_order() -> None:
    body = Body(length=Value(min=3.2, max=3.0), width=Value(nom=4.0))
    result = DatasheetResult(body=body)
    assert {c.rule for c in checks.look(result).checks if not c.passed} == {
        "body_length_limits",
        "body_length_is_larger",
    }


def test_nothing_read_is_nothing_checked() -> None:
    assert checks.look(DatasheetResult()).checks == []
