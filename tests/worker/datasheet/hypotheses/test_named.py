"""A page of a series: sections with a line between them, in each the names of its parts beside the holes of the board."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest
from worker.datasheet.result import score

SECTIONS = (("QS102011MS2", 2.0, 600), ("QS103011MS8", 2.5, 330))


def _section(sketch: Sketch, name: str, step: float, y: float) -> None:
    """Three holes under the title of a board, and a table with the part at the left of them."""
    sketch.at = (380, y)
    sketch.text(380, y + 85, "PC MOUNTING", 9)
    for slot in (-1, 0, 1):
        sketch.circle(step * slot, 0.0, 0.8)
    sketch.across(-step, 0.0, -2.5, f"{step:.2f}")
    sketch.across(0.0, step, -2.5, f"{step:.2f}")
    px, py = sketch.point(step, 0.0)
    sketch.canvas.line(px + 5.5, py - 5.5, px + 40, py - 30)
    sketch.text(px + 66, py - 30, "3X Ø0.80", 7)
    sketch.text(110, y + 20, f"{name}QN1")
    sketch.text(110, y, f"{name}QS1")


def _page(line: bool = True) -> Sketch:
    sketch = Sketch(scale=16.0)
    sketch.text(300, 740, "QS Series slide switches, dimensions in mm", 11)
    for name, step, y in SECTIONS:
        _section(sketch, name, step, y)
    if line:
        sketch.canvas.line(60, 470, 540, 470)
    return sketch


@pytest.mark.parametrize(("package", "step"), [("QS102011MS2QN1", 2.0), ("QS103011MS8QS1", 2.5)])
def test_the_names_of_a_section_choose_its_holes(package: str, step: float) -> None:
    land = extract([_page().pdf()], ReadingRequest(package)).land_pattern
    assert land is not None
    assert [(p.number, round(p.x, 2), p.drill) for p in land.pads] == [
        (str(i + 2), step * i, (0.8, 0.8)) for i in (-1, 0, 1)
    ]  # fmt: skip


def test_a_part_of_no_section_gets_no_sure_holes() -> None:
    result = extract([_page().pdf()], ReadingRequest("QS909011MS2QN1"))
    assert result.needs_review
    assert all(p.confidence < 0.9 for p in (result.land_pattern.pads if result.land_pattern else []))


def _trimmer(balloons: bool) -> bytes:
    """Three lands with all their numbers, and below them the terminals of another type in circles without numbers."""
    sketch = Sketch(scale=16.0, at=(300, 520))
    sketch.text(300, 640, "RECOMMENDED LAND PATTERN", 10)
    for x, y, w in ((-1.2, 1.3, 1.1), (1.2, 1.3, 1.1), (0.0, -1.3, 1.6)):
        sketch.rect(x, y, w, 1.6)
    sketch.across(-0.8, 0.8, -3.2, "1.6")
    sketch.along(-2.1, -0.5, -2.5, "3X 1.6")
    sketch.along(-1.3, 1.3, 4.0, "2.6")
    sketch.across(-1.2, 1.2, 4.4, "2.4")
    sketch.across(-1.75, -0.65, 3.2, "1.1")
    for i, x in enumerate((-2.0, 0.0, 2.0, 4.0) if balloons else ()):
        sketch.circle(x, 6.2, 1.0)
        sketch.text(*sketch.point(x, 6.2), str(i % 3 + 1), 7)
    return sketch.pdf()


@pytest.mark.parametrize("balloons", [False, True])
def test_shapes_of_which_no_number_tells_are_no_pads_of_a_pattern_that_its_numbers_tell(balloons: bool) -> None:
    land = extract([_trimmer(balloons)], ReadingRequest()).land_pattern
    want = [{"number": str(i + 1), "type": "smd", "x": x, "y": y, "w": w, "h": 1.6} for i, (x, y, w) in
            enumerate(((-1.2, 1.3, 1.1), (1.2, 1.3, 1.1), (0.0, -1.3, 1.6)))]  # fmt: skip
    assert land is not None
    assert score.score_pads(want, [p.model_dump() for p in land.pads], 0.01).exact


def _series(sketch: Sketch, name: str, numbers: tuple[tuple[str, float, float], ...], at: tuple[float, float]) -> None:
    """A part seen from the top with the numbers of its terminals around it, under its name."""
    sketch.at = at
    sketch.rect(0.0, 0.0, 3.2, 3.5)
    sketch.text(at[0] - 70, at[1] + 40, f"{name}-1", 8)
    for number, x, y in numbers:
        sketch.text(*sketch.point(x, y), number, 7)


@pytest.mark.parametrize(("package", "order"), [("4413S", ["3", "2", "1"]), ("4413J", ["3", "1", "2"])])
def test_terminals_numbered_in_a_row_number_the_pads_in_its_order(package: str, order: list[str]) -> None:
    """Their lands stand in two rows, each in a place of its own along the side; of two parts the name chooses the view."""
    sketch = Sketch(scale=16.0, at=(300, 300))
    sketch.text(300, 420, "RECOMMENDED LAND PATTERN", 10)
    for x, y, w in ((-1.2, 1.3, 1.1), (1.2, 1.3, 1.1), (0.0, -1.3, 1.6)):
        sketch.rect(x, y, w, 1.6)
    sketch.across(-0.8, 0.8, -3.2, "1.6")
    sketch.along(-2.1, -0.5, -2.5, "3X 1.6")
    sketch.along(-1.3, 1.3, 4.0, "2.6")
    sketch.across(-1.2, 1.2, 4.4, "2.4")
    sketch.across(-1.75, -0.65, 3.2, "1.1")
    _series(sketch, "4413J", (("3", -1.2, 2.4), ("1", 0.0, 2.4), ("2", 1.2, 2.4)), (180, 620))
    _series(sketch, "4413S", (("3", -1.2, 2.4), ("2", 0.0, 2.4), ("1", 1.2, 2.4)), (450, 620))
    land = extract([sketch.pdf()], ReadingRequest(package)).land_pattern
    assert land is not None
    assert [number for _, number in sorted((p.x, p.number) for p in land.pads)] == order
