"""The body of parts that are drawn from the front and from the side, not from the top."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest

LENGTH, WIDTH, HEIGHT = 20.0, 9.0, 11.0


def relay(feet: float, leads: bool) -> Sketch:
    """A case seen from the front and, right of it, from the side; its height stands beside the second view."""
    sketch = Sketch(9.0, (200.0, 500.0))
    sketch.text(300, 740, "PACKAGE DIMENSIONS", 12)
    _views(sketch, feet, leads)
    sketch.text(300, 100, "ALL DIMENSIONS ARE IN MILLIMETERS")
    return sketch


def _views(sketch: Sketch, feet: float, leads: bool) -> None:
    for middle, wide in ((0.0, LENGTH), (20.0, WIDTH)):
        sketch.rect(middle, -feet / 2, wide, HEIGHT - feet)
        for x in (middle - wide / 3, middle + wide / 3):
            for side in (-0.4, 0.4) if leads else ():
                start = sketch.point(x + side, HEIGHT / 2 - feet)
                sketch.canvas.line(*start, *sketch.point(x + side, HEIGHT / 2 + 3.0))
        for x in (middle - wide / 2, middle + wide / 2) if feet else ():
            sketch.rect(x + (0.3 if x < middle else -0.3), HEIGHT / 2 - feet / 2, 0.6, feet)
        sketch.across(middle - wide / 2, middle + wide / 2, -HEIGHT / 2 - 2.0, f"{wide:.1f}")
    sketch.along(-HEIGHT / 2, HEIGHT / 2, 20.0 + WIDTH / 2 + 3.0, f"{HEIGHT:.1f}")


def sides(sketch: Sketch) -> tuple[float | None, ...]:
    body = extract([sketch.pdf()], ReadingRequest()).body
    return body.length.nom, body.width.nom, body.height.nom


@pytest.mark.parametrize("feet", [0.0, 0.6])
def test_the_side_that_two_views_with_leads_below_share_is_the_height(feet: float) -> None:
    """It is no side of the body, though the front view alone looks like a top view of 20 by 11."""
    assert sides(relay(feet, leads=True)) == (LENGTH, WIDTH, HEIGHT)


def test_parts_of_two_views_are_no_views_beside_a_larger_top_view() -> None:
    """A top view of 24 by 16 under two small faces with leads."""
    sketch = relay(0.0, leads=True)
    sketch.at = (250.0, 290.0)
    sketch.rect(0, 0, 24.0, 16.0)
    sketch.across(-12.0, 12.0, 10.0, "24.0")
    sketch.along(-8.0, 8.0, -15.0, "16.0")
    assert sides(sketch)[:2] == (24.0, 16.0)


def test_a_coil_without_a_top_view_is_its_two_views() -> None:
    """A waist leaves little of the sides of both views; the least of the three numbers is the height."""
    sketch = Sketch(25.0, (200.0, 500.0))
    sketch.text(300, 740, "DIMENSIONS", 12)
    for middle, wide in ((0.0, 4.5), (7.0, 3.2)):
        for y, high in ((-1.0, 0.6), (1.0, 0.6)):
            sketch.rect(middle, y, wide, high)
        sketch.across(middle - wide / 2, middle + wide / 2, 2.4, f"{wide:.1f}±0.2")
    sketch.along(-1.3, 1.3, 3.6, "2.6±0.2")
    sketch.text(300, 100, "ALL DIMENSIONS ARE IN MILLIMETERS")
    assert sides(sketch) == (4.5, 3.2, 2.6)


def test_the_page_of_the_land_pattern_gives_the_body_where_the_page_chosen_by_its_words_shows_none() -> None:
    """The first page speaks more of outlines than the second, and draws a mark alone."""
    sketch = Sketch(9.0, (200.0, 500.0))
    for y, words in ((720, "PACKAGE OUTLINE AND DIMENSIONS"), (700, "OUTLINE DIMENSIONS 1.0 MAX 2.0 MAX 3.0 MAX")):
        sketch.text(300, y, words, 12)
    for x in range(14):
        sketch.canvas.line(100 + 10 * x, 300, 105 + 10 * x, 340)
    sketch.page()
    sketch.text(160, 740, "DIMENSIONS", 12)
    _views(sketch, 0.0, leads=True)
    sketch.at = (250.0, 230.0)
    sketch.text(250, 330, "PCB MOUNTING HOLES (RECOMMENDED LAYOUT)", 10)
    for x in (-5.08, 5.08):
        for y in (-3.81, 3.81):
            sketch.circle(x, y, 1.0)
    sketch.across(-5.08, 5.08, -6.0, "10.16")
    sketch.along(-3.81, 3.81, 8.0, "7.62")
    result = extract([sketch.pdf()], ReadingRequest())
    body = result.body
    assert (body.length.nom, body.width.nom, body.height.nom) == (LENGTH, WIDTH, HEIGHT)
    assert result.mechanical_pages == [2]


def test_the_height_of_a_side_view_beside_the_top_view() -> None:
    """All views stand in one row with their thickness upright; a lid is drawn apart, the bottom view comes last."""
    sketch = Sketch(15.0, (120.0, 500.0))
    sketch.text(300, 740, "PACKAGE DIMENSIONS", 12)
    sketch.rect(0, 0, 4.0, 2.4)
    sketch.across(-2.0, 2.0, -2.4, "4.0±0.1")
    sketch.along(-1.2, 1.2, 3.4, "2.4±0.1")
    sketch.rect(9.0, 0.7, 4.0, 1.0)
    sketch.rect(9.0, 0.12, 3.4, 0.15)
    sketch.along(0.05, 1.2, 12.5, "1.1 max.")
    sketch.rect(18.0, 0, 4.0, 2.4)
    for x in (16.6, 19.4):
        sketch.rect(x, 0, 0.9, 2.0)
    sketch.along(-1.0, 1.0, 21.5, "2.0")
    sketch.text(300, 100, "ALL DIMENSIONS ARE IN MILLIMETERS")
    body = extract([sketch.pdf()], ReadingRequest()).body
    assert (body.length.nom, body.width.nom, body.height.max) == (4.0, 2.4, 1.1)


def test_an_end_view_below_the_front_view_gives_the_third_side() -> None:
    """The front view is dimensioned; of the end view, which has its height, only the width is."""
    sketch = Sketch(30.0, (300.0, 600.0))
    sketch.text(300, 740, "PACKAGE DIMENSIONS", 12)
    sketch.rect(0, 0, 4.0, 1.5)
    sketch.across(-2.0, 2.0, -1.6, "4.0±0.2")
    sketch.along(-0.75, 0.75, 3.0, "1.5±0.2")
    sketch.rect(0, 6.0, 2.2, 1.5)
    sketch.across(-1.1, 1.1, 4.6, "2.2±0.2")
    sketch.text(300, 100, "ALL DIMENSIONS ARE IN MILLIMETERS")
    body = extract([sketch.pdf()], ReadingRequest()).body
    assert {v.nom for v in (body.length, body.width, body.height)} == {4.0, 1.5, 2.2}


def test_the_front_view_over_the_bottom_view_gives_the_height() -> None:
    """Leads run down from the larger view; the other one is as wide and as deep as the part, its pins 5 mm apart."""
    sketch = Sketch(9.0, (250.0, 560.0))
    sketch.text(300, 740, "PACKAGE DIMENSIONS", 12)
    sketch.rect(0, 0, LENGTH, 16.0)
    for x in (-7.0, 7.0):
        for side in (-0.4, 0.4):
            sketch.canvas.line(*sketch.point(x + side, 8.0), *sketch.point(x + side, 11.0))
    sketch.across(-LENGTH / 2, LENGTH / 2, -10.0, f"{LENGTH:.1f}")
    sketch.along(-8.0, 8.0, -LENGTH / 2 - 3.0, "16.0")
    sketch.at = (250.0, 330.0)
    sketch.rect(0, 0, LENGTH, WIDTH)
    sketch.along(-WIDTH / 2, WIDTH / 2, -LENGTH / 2 - 3.0, f"{WIDTH:.1f}")
    for y in (-2.5, 2.5):
        sketch.canvas.line(*sketch.point(-LENGTH / 2, y), *sketch.point(LENGTH / 2, y))
    sketch.along(-2.5, 2.5, LENGTH / 2 + 3.0, "5.0")
    assert sides(sketch) == (LENGTH, WIDTH, 16.0)


def test_front_views_of_two_variants_are_not_the_two_views_of_one() -> None:
    sketch = Sketch(5.0, (110.0, 500.0))
    sketch.text(300, 740, "MECHANICAL DRAWING", 12)
    for at in (110.0, 360.0):
        sketch.at = (at, 500.0)
        _views(sketch, 0.0, leads=True)
    assert sides(sketch) == (LENGTH, WIDTH, HEIGHT)


def test_a_flat_part_whose_leads_overlap_both_its_sides_is_seen_from_the_top() -> None:
    """The side view under it is as wide, and is no bottom view under a front view."""
    sketch = Sketch(60.0, (300.0, 520.0))
    sketch.text(300, 740, "PACKAGE DIMENSIONS", 12)
    sketch.rect(0, 0, 2.9, 1.6)
    for x in (-0.95, 0.95):
        for y in (-1.05, 1.05):
            sketch.rect(x, y, 0.4, 0.6)
    sketch.across(-1.45, 1.45, -2.0, "2.90")
    sketch.along(-0.8, 0.8, -2.2, "1.60")
    sketch.rect(0, 3.0, 2.9, 1.0)
    sketch.along(2.5, 3.5, -2.2, "1.00")
    assert sides(sketch) == (2.9, 1.6, 1.0)
