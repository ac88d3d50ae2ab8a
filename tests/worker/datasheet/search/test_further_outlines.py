"""Pages that nothing calls an outline, read where the likelier ones show no body."""

from __future__ import annotations

from db.documents.kinds.datasheet import Body
from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest
from worker.datasheet.search.page_choice import further_outlines
from worker.datasheet.search.page_hit import PageHit
from worker.datasheet.search.page_search import Search


def body(height: bool) -> Body:
    """A page that speaks of an outline and measures nothing, then one with the part and no word, with its height or without."""
    sketch = Sketch()
    sketch.text(300, 740, "XY12 PACKAGE OUTLINE, DIMENSIONS IN MILLIMETERS", 11)
    for x in (-3.0, 0.0, 3.0):
        sketch.rect(x, 0.0, 2.0, 1.0 + 0.2 * x)
    sketch.page()
    sketch.text(100, 740, "XY12", 11)
    sketch.rect(0, 0, 4.0, 3.0)
    sketch.across(-2, 2, -2.6, "4.00")
    sketch.along(-1.5, 1.5, 2.8, "3.00")
    sketch.rect(0, 4, 4.0, 1.2)
    if height:
        sketch.along(3.4, 4.6, 2.8, "1.20")
    return extract([sketch.pdf()], ReadingRequest("XY12")).body


def test_a_page_with_all_three_sides_shows_the_body_and_stays_unsure() -> None:
    found = body(height=True)
    assert (found.length.nom, found.width.nom, found.height.nom) == (4.0, 3.0, 1.2)
    assert max(v.confidence for v in (found.length, found.width, found.height)) < 0.7


def test_a_page_with_fewer_does_not() -> None:
    assert body(height=False).length.nom is None


def test_pages_that_name_the_part_go_first_and_those_of_another_package_never() -> None:
    hits = [PageHit(1, text="outline", drawn=50), PageHit(2, text="graphs", drawn=50, outline=2.0)]
    hits += [PageHit(3, text="SOT-23 layout", drawn=50, match=1.5), PageHit(4, text="SOT-89", drawn=50)]
    hits += [PageHit(5, text="words alone", match=1.5)]
    assert further_outlines(Search(hits, mechanical=[1])) == [3, 2]


def test_pages_of_tapes_are_none_and_of_pages_alike_the_first_is_likelier() -> None:
    hits = [PageHit(1, text="outline", drawn=50), PageHit(2, text="[XY12]\n[Taping : 1]\nUnit : mm", drawn=50)]
    hits += [PageHit(n, text="[XY12] Figure", drawn=50) for n in (3, 4)]
    assert further_outlines(Search(hits, mechanical=[1])) == [3, 4]


def test_of_pages_without_words_the_last_is_likelier() -> None:
    assert further_outlines(Search([PageHit(n, images=1) for n in (1, 2, 3)], mechanical=[1])) == [3, 2]
