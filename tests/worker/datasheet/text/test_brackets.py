"""What pixels lose of a printed number is told by what stands with it: its other unit, its bracket, its like in the drawing."""

from __future__ import annotations

import pytest

from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.text import brackets, quantities, stacks


def word(text: str, y: float = 100.0, x: float = 100.0, sure: float = 0.95) -> Word:
    return Word(text, Box(x, y, x + 4.5 * len(text), y + 8), 0, sure, 8.0)


def test_a_lost_leading_point_of_inches_is_told_by_the_millimetres_below() -> None:
    (found,) = stacks.read([word("788"), word("20.02", 109.0)])
    assert (found.value, found.mm) == (20.02, True)


def test_a_lost_point_is_told_behind_a_count_as_well() -> None:
    (found,) = stacks.read([word("2X 059"), word("(1,50)", 109.0)])
    assert (found.value, found.count, found.mm) == (1.5, 2, True)


def test_what_a_font_spells_is_not_mended() -> None:
    assert {q.value for q in stacks.read([word("788", sure=1.0), word("20.02", 109.0, sure=1.0)])} == {788.0, 20.02}


@pytest.mark.parametrize(("other", "kind"), [(".079", "diameter"), ("0.079", "length")])
def test_a_nought_before_the_point_is_a_diameter_where_other_inches_have_none(other: str, kind: str) -> None:
    lines = [word("9X 0.008"), word(".20", 109.0, 110.0), word(other, 300.0), word("2.00", 309.0)]
    assert {q.value: q.kind for q in stacks.read(lines)} == {0.2: kind, 2.0: "length"}


def test_the_shelf_of_a_leader_is_no_part_of_its_number() -> None:
    found = quantities.parse(word("Ø2.10 [.083] TYP —"))
    assert found is not None
    assert (found.value, found.kind) == (2.1, "diameter")


def test_a_bracket_that_lost_its_beginning_is_put_to_its_number() -> None:
    words = [word("4.65"), word(".183] TYP", x=123.0), word(".244]", x=400.0)]
    assert [w.text for w in brackets.joined(words)] == ["4.65 [.183] TYP", ".244]"]


def test_the_tail_of_a_cut_number_is_no_upper_limit() -> None:
    found = stacks.read([word("06"), word("2.70", 109.0)])
    assert [q.value for q in found] == [6.0, 2.7]


def test_inches_with_a_tolerance_stand_over_their_millimetres() -> None:
    """The font of a CAD program spells the sign as a grave accent."""
    (found,) = stacks.read([word(".177 `.010", sure=1.0), word("[4.5 `0.254]", 109.0, sure=1.0)])
    assert (found.low, found.value, found.high, found.mm) == (4.246, 4.5, 4.754, True)


def test_a_bracket_may_stand_higher_than_the_digits_over_it() -> None:
    """Letters drawn as strokes have the height of what they draw, which brackets exceed."""
    inches = Word("[.083]", Box(100, 112.0, 130, 125), 0, 0.95, 13.0)
    (found,) = stacks.read([word("2.10"), inches])
    assert (found.value, found.mm) == (2.1, True)


def test_limits_over_the_same_limits_in_inches_are_one_dimension() -> None:
    (found,) = stacks.read([word("3.20 – 3.45"), word("(.126 –.136)", 109.0)])
    assert (found.low, found.high, found.mm) == (3.2, 3.45, True)
