"""A cited box contains the printed string, on pages as they are seen: upright, turned, and by the letters of a table."""

from __future__ import annotations

import io
from pathlib import Path

import pypdfium2
import pytest

from db.documents.footprint.overlay import pad_box
from tests.worker.datasheet.sketch import Sketch, dual
from worker.datasheet.evaluation import evidence
from worker.datasheet.evaluation.evidence import Citation
from worker.datasheet.extract import extract
from worker.datasheet.page import pages
from worker.datasheet.request import ReadingRequest
from worker.datasheet.synthetic import generate

WIDTH, HEIGHT = 612, 792


def turned(sketch: Sketch, degrees: int) -> bytes:
    pdf = pypdfium2.PdfDocument(sketch.pdf())
    pdf[0].set_rotation(degrees)
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def seen(x: float, y: float, degrees: int) -> tuple[float, float]:
    """Where a point of the PDF, y up, stands on the page as seen, y down."""
    return {0: (x, HEIGHT - y), 90: (y, x), 180: (WIDTH - x, y), 270: (HEIGHT - y, WIDTH - x)}[degrees]


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_boxes_lie_on_the_page_as_seen(degrees: int) -> None:
    sketch = dual(8, 1.27, 5.4, 1.5, 0.6)
    data = turned(sketch, degrees)
    result = extract([data], ReadingRequest())
    assert result.land_pattern is not None
    cited = evidence.citations(result)
    assert len(cited) >= 4
    book = pages.open_book([data])
    assert [c for c in cited if not evidence.shows(evidence.text_of(book, c), c.printed)] == []
    book.close()
    boxes = [pad_box(p, result.land_pattern) for p in result.land_pattern.pads]
    middles = {(round((b[0] + b[2]) / 2), round((b[1] + b[3]) / 2)) for b in boxes if b is not None}
    corners = [sketch.point(x, y) for x in (-2.7, 2.7) for y in (-1.905, 1.905)]
    for point in (seen(*corner, degrees) for corner in corners):
        assert any(abs(x - point[0]) <= 1 and abs(y - point[1]) <= 1 for x, y in middles)


@pytest.mark.parametrize("seed", [9004, 9006])
def test_a_letter_of_the_drawing_cites_the_row_that_explains_it(tmp_path: Path, seed: int) -> None:
    truth = generate.make(seed, tmp_path / "part.pdf", "dev")
    assert "outline_table" in truth["tags"]
    hints = truth["pages"]["mechanical"][0], truth["pages"]["land_pattern"][0]
    result = extract([tmp_path / "part.pdf"], ReadingRequest(None, *hints))
    cited = evidence.citations(result)
    assert [c for c in cited if not evidence.shows(evidence.truth_text(truth["evidence"], c), c.printed)] == []


@pytest.mark.parametrize(
    ("text", "printed", "held"),
    [
        ("2.70", "2.70", True),
        ("[.543]\r\n13.80", "13.80 / [.543]", True),
        ("e 0.80", "e 0.80 BSC", False),
        ("0,50", "0,50 BSC", False),
        ("8X 1.50", "8X 1.50", True),
        ("Φ1.0", "Ø1.0", True),
        ("", "1.0", False),
    ],
)
def test_what_shows_a_printed_string(text: str, printed: str, held: bool) -> None:
    assert evidence.shows(text, printed) is held


@pytest.mark.parametrize(("box", "held"), [((12, 10, 27, 15), True), ((12, 20, 27, 25), False)])
def test_a_number_may_be_cited_without_the_count_beside_it(box: tuple[float, float, float, float], held: bool) -> None:
    known = [{"page": 1, "box": (10, 10, 60, 15), "printed": "1.74 (2x)"}]
    assert evidence.shows(evidence.truth_text(known, Citation(1, box, "1.74")), "1.74") is held


def test_a_page_without_a_text_layer_is_read_from_its_pixels() -> None:
    page = pypdfium2.PdfDocument(dual(8, 1.27, 5.4, 1.5, 0.6).pdf())[0]
    png = io.BytesIO()
    page.render(scale=200 / 72).to_pil().save(png, "PNG")
    cited = evidence.citations(extract([png.getvalue()], ReadingRequest()))
    book = pages.open_book([png.getvalue()])
    assert len(cited) >= 2
    assert [c for c in cited if not evidence.shows(evidence.text_of(book, c), c.printed)] == []
    assert evidence.text_of(book, Citation(1, (1, 1, 9, 9), "1.27")) == ""
