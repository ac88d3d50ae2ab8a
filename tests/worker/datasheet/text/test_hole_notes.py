"""Notes on holes as makers word them: the diameter and how many there are."""

from __future__ import annotations

import pytest

from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.text.quantities import bare_count, parse
from worker.datasheet.text.stacks import read


def _word(text: str, line: int = 0) -> Word:
    return Word(text, Box(0, 10 * line, 5.0 * len(text), 10 * line + 8), 0, 1.0, 8)


@pytest.mark.parametrize(
    ("text", "count", "diameter"),
    [
        ("Eight, 1 dia. holes", 8, 1.0),
        ("ø1.0-28", 28, 1.0),
        ("2-ø1 HOLE", 2, 1.0),
        ("5-0.9 dia. holes", 5, 0.9),
        ("1.0 DIA. (2 PLACES)", 2, 1.0),
        ("Drill 1.0 mm", None, 1.0),
        ("FOUR Ø1.3 HOLES", 4, 1.3),
        ("ø.035±.002 [ø0.89±0.05]", None, 0.89),
        ("Ø1.00", None, 1.0),
    ],
)
def test_a_note_on_holes_gives_diameter_and_count(text: str, count: int | None, diameter: float) -> None:
    found = parse(_word(text))
    assert found is not None
    assert (found.kind, found.count, found.value) == ("diameter", count, diameter)


@pytest.mark.parametrize(("text", "count"), [("HOLES 8 REQ'D", 8), ("(2 PLACES)", 2), ("4 HOLES", 4), ("3.5", None)])
def test_a_line_may_say_nothing_but_how_many_holes_there_are(text: str, count: int | None) -> None:
    assert bare_count(_word(text)) == count


def test_a_note_in_three_lines_is_one_dimension() -> None:
    """Inch over millimetres in a bracket, both with tolerances, over the number of holes."""
    found = read([_word("ø.062±.002"), _word("[ø1.57±0.05]", 1), _word("HOLES 2 REQ'D", 2)])
    assert [(q.kind, q.value, q.low, q.high, q.count, q.mm) for q in found] == [("diameter", 1.57, 1.52, 1.62, 2, True)]


@pytest.mark.parametrize(("text", "kind"), [("2.54", "length"), ("R0.5", "radius"), ("1.15 (16X)", "length")])
def test_other_dimensions_stay_what_they_are(text: str, kind: str) -> None:
    found = parse(_word(text))
    assert found is not None
    assert found.kind == kind
