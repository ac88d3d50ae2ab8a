"""Pages that are read where those chosen by their words show no land pattern: others with a title, and drawings without words."""

from __future__ import annotations

import pytest

from db.documents.kinds.datasheet import DatasheetResult
from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest
from worker.datasheet.search.page_choice import other_lands
from worker.datasheet.search.page_hit import PageHit
from worker.datasheet.search.page_search import Search


def outline(sketch: Sketch) -> None:
    sketch.text(300, 740, "SOIC-4 PACKAGE OUTLINE, DIMENSIONS IN MILLIMETERS", 11)
    sketch.rect(0, 0, 4.0, 3.0)
    sketch.across(-2, 2, -2.6, "4.00 ±0.10")
    sketch.along(-1.5, 1.5, 2.8, "3.00 ±0.10")
    sketch.page()


def without_numbers(sketch: Sketch) -> None:
    """The heat that two patterns lead away: a title of a land pattern over shapes that nothing measures."""
    sketch.text(300, 740, "SOIC-4 RECOMMENDED LAND PATTERN, THERMAL PERFORMANCE", 11)
    for x in (-3.0, 0.0, 3.0):
        sketch.rect(x, 0.0, 2.0, 1.0 + 0.2 * x)
    sketch.page()


def four_pads(sketch: Sketch, title: str) -> None:
    sketch.text(300, 740, title, 11)
    for x in (-2.0, 2.0):
        for y in (-1.0, 1.0):
            sketch.rect(x, y, 1.5, 0.6)
    sketch.across(-2.75, 2.75, -2.2, "5.50")
    sketch.across(-2.75, -1.25, 2.2, "1.50")
    sketch.along(-1.0, 1.0, 3.6, "2.00")
    sketch.along(0.7, 1.3, -3.6, "0.60")
    sketch.page()


def read(title: str) -> DatasheetResult:
    sketch = Sketch()
    outline(sketch)
    without_numbers(sketch)
    without_numbers(sketch)
    four_pads(sketch, title)
    return extract([sketch.pdf()], ReadingRequest("SOIC-4"))


def test_a_title_over_shapes_without_numbers_leads_on_to_the_next_one() -> None:
    result = read("RECOMMENDED MINIMUM PADS FOR SOIC-4")
    assert result.land_pages == [4]
    assert result.land_pattern is not None
    assert sorted((p.x, p.y, p.w, p.h) for p in result.land_pattern.pads) == [
        (x, y, 1.5, 0.6) for x in (-2.0, 2.0) for y in (-1.0, 1.0)
    ]


def test_a_page_that_names_no_land_pattern_is_none() -> None:
    assert read("SOIC-4 BOTTOM VIEW").land_pattern_status == "not_read"


@pytest.mark.parametrize(
    ("words", "status"), [("NON-SOLDERMASK DEFINED", "found"), ("VIEW A", "found"), ("BOTTOM VIEW", None)]
)
def test_a_drawing_that_says_next_to_nothing_is_read_and_stays_unsure_without_a_name(
    words: str, status: str | None
) -> None:
    sketch = Sketch()
    outline(sketch)
    for i in range(200):  # what makes it a drawing: hatches of the border
        sketch.canvas.line(30 + i, 20, 32 + i, 24)
    four_pads(sketch, words)
    result = extract([sketch.pdf()], ReadingRequest("SOIC-4"))
    assert (result.land_pattern_status == "found") is (status == "found")
    pads = result.land_pattern.pads if result.land_pattern else []
    assert all(p.confidence < 0.9 for p in pads)
    assert any("no title names" in r.reason for r in result.needs_review) is (words == "VIEW A")


def test_drawings_without_words_come_into_question_where_no_page_has_a_title() -> None:
    spoken, titled = "ratings of the part " * 40, PageHit(3, land=6.0, titled=True, text="Land pattern")
    first, drawn = PageHit(1, text=spoken, drawn=900), PageHit(2, text="A B", drawn=900)
    assert other_lands(Search([first, drawn], mechanical=[1], land=[1]), "SOIC-4") == [2]
    assert other_lands(Search([first, drawn, titled], mechanical=[1], land=[1]), "SOIC-4") == [3]
