"""What a user of the reader sees: pads and body from a drawn PDF, an image of it, and clear errors for anything else."""

from __future__ import annotations

import io

import numpy as np
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from db.documents.kinds.datasheet import DatasheetResult
from db.failures import Failure
from tests.worker.datasheet.sketch import Sketch, dual
from worker.datasheet.extract import extract
from worker.datasheet.handler import complete
from worker.datasheet.request import ReadingProgress, ReadingRequest
from worker.datasheet.result import score
from worker.errors import Permanent, Stopped


def expected(pins: int, pitch: float, rows: float, w: float, h: float) -> list[score.Pad]:
    half = pins // 2
    left = [{"number": str(i + 1), "x": -rows / 2, "y": (i - (half - 1) / 2) * pitch} for i in range(half)]
    right = [{"number": str(pins - i), "x": rows / 2, "y": (i - (half - 1) / 2) * pitch} for i in range(half)]
    return [dict(p, type="smd", w=w, h=h) for p in left + right]


def read_pads(result: DatasheetResult) -> list[score.Pad]:
    assert result.land_pattern is not None
    return [p.model_dump(mode="json") for p in result.land_pattern.pads]


@settings(max_examples=12, deadline=None)
@given(
    pins=st.sampled_from([4, 6, 8, 10]),
    pitch=st.sampled_from([0.95, 1.0, 1.27]),
    rows=st.sampled_from([4.9, 5.4, 6.2]),
    w=st.sampled_from([1.2, 1.35, 1.5]),
    h=st.sampled_from([0.5, 0.62]),
)
def test_a_dual_pattern_is_read_exactly(pins: int, pitch: float, rows: float, w: float, h: float) -> None:
    result = extract([dual(pins, pitch, rows, w, h).pdf()], ReadingRequest())
    assert score.score_pads(expected(pins, pitch, rows, w, h), read_pads(result), 0.01).exact == 1.0


def test_every_dimension_names_where_it_stands() -> None:
    result = extract([dual(8, 1.27, 5.4, 1.5, 0.6).pdf()], ReadingRequest())
    assert result.land_pattern is not None
    printed = {d.value.printed for d in result.land_pattern.dimensions}
    assert printed == {"6.90", "8X 1.50", "8X 0.60", "1.27"}
    assert all(d.held and d.value.page == 1 and d.value.box for d in result.land_pattern.dimensions)


def test_printed_numbers_win_over_a_drawing_off_scale() -> None:
    sketch = dual(8, 1.27, 5.4, 1.5, 0.6)
    pdf = sketch.pdf().replace(b"(6.90)", b"(7.40)")
    result = extract([pdf], ReadingRequest())
    assert score.score_pads(expected(8, 1.27, 5.9, 1.5, 0.6), read_pads(result), 0.01).exact == 1.0
    assert any("scale" in r.reason for r in result.needs_review)


def test_numbers_by_convention_are_flagged() -> None:
    result = extract([dual(8, 1.27, 5.4, 1.5, 0.6).pdf()], ReadingRequest())
    assert any(r.field == "land_pattern.pads.number" for r in result.needs_review)


@pytest.mark.parametrize(("package", "doubted"), [("SOIC-8", False), ("SOIC-10", True), ("SOIC", False)])
def test_fewer_pads_than_pins_are_doubted(package: str, doubted: bool) -> None:
    sketch = dual(8, 1.27, 5.4, 1.5, 0.6)
    sketch.text(*sketch.point(-2.7, -1.905), "1")
    sketch.text(300, 730, package, 11)
    result = complete(extract([sketch.pdf()], ReadingRequest(package)), "B")
    assert result.land_pattern is not None
    assert any("the part has 10 pins" in r.reason for r in result.needs_review) is doubted
    assert (max(p.confidence for p in result.land_pattern.pads) < 0.9) is doubted


def test_a_pad_with_a_cut_corner_is_told_to_be_no_rectangle() -> None:
    sketch = dual(8, 1.27, 5.4, 1.5, 0.6)
    path = sketch.canvas.beginPath()
    path.moveTo(*sketch.point(-3.45, 3.0))
    for corner in ((-1.95, 3.0), (-1.95, 3.6), (-3.15, 3.6), (-3.45, 3.3)):
        path.lineTo(*sketch.point(*corner))
    path.close()
    sketch.canvas.drawPath(path)
    result = extract([sketch.pdf()], ReadingRequest())
    assert result.land_pattern is not None
    cut = [p.number for p in result.land_pattern.pads if p.shape == "custom"]
    assert len(cut) == 1
    assert any(r.reason.startswith(f"pad {cut[0]} is not a rectangle; ") for r in result.needs_review)


def test_an_image_of_the_drawing_gives_the_same_pads() -> None:
    page = pypdfium2.PdfDocument(dual(8, 1.27, 5.4, 1.5, 0.6).pdf())[0]
    png = io.BytesIO()
    page.render(scale=200 / 72).to_pil().save(png, "PNG")
    result = extract([png.getvalue()], ReadingRequest())
    assert score.score_pads(expected(8, 1.27, 5.4, 1.5, 0.6), read_pads(result), 0.05).exact == 1.0
    assert any("pixels" in r.reason for r in result.needs_review)


def test_holes_without_a_printed_diameter_have_none() -> None:
    sketch = Sketch(12.0)
    sketch.text(300, 700, "RECOMMENDED P.C.B. LAYOUT", 11)
    for x in (-4, 0, 4):
        sketch.circle(x, 0, 1.0)
    sketch.across(-4, 0, -2.5, "4.00")
    sketch.text(300, 100, "ALL DIMENSIONS IN MM")
    pads = read_pads(extract([sketch.pdf()], ReadingRequest()))
    assert [(p["number"], p["x"], p["type"], p["w"], p["drill"]) for p in pads] == [
        ("1", -4.0, "thru_hole", None, None),
        ("2", 0.0, "thru_hole", None, None),
        ("3", 4.0, "thru_hole", None, None),
    ]


def body_page() -> Sketch:
    sketch = Sketch(20.0, (250.0, 550.0))
    sketch.text(300, 760, "PACKAGE OUTLINE", 11)
    sketch.rect(0, 0, 8.0, 4.0)
    sketch.across(-4, 4, -3.2, "8.00±0.1")
    sketch.along(-2, 2, 5.5, "4.00")
    sketch.rect(0, 8, 8.0, 1.5)
    sketch.along(7.25, 8.75, 5.5, "1.50 MAX")
    sketch.text(300, 100, "ALL DIMENSIONS IN MM")
    return sketch


def test_body_is_read_from_its_own_dimensions() -> None:
    body = extract([body_page().pdf()], ReadingRequest()).body
    assert (body.length.min, body.length.nom, body.length.max) == (7.9, 8.0, 8.1)
    assert (body.width.nom, body.height.max, body.height.nom) == (4.0, 1.5, None)


def test_what_lies_within_a_bottom_view_is_no_height() -> None:
    """The pads in its corners leave a cross of the view, which is no shape of a pad but a full view of the body."""
    sketch = body_page()
    cross = [(-1, -2), (1, -2), (1, -1), (4, -1), (4, 1), (1, 1), (1, 2), (-1, 2), (-1, 1), (-4, 1), (-4, -1), (-1, -1)]
    path = sketch.canvas.beginPath()
    path.moveTo(*sketch.point(-1, 12))
    for x, y in cross[1:]:
        path.lineTo(*sketch.point(x, y + 14))
    path.close()
    sketch.canvas.drawPath(path)
    sketch.along(13, 15, 5.0, "2.00")
    assert extract([sketch.pdf()], ReadingRequest()).body.height.printed == "1.50 MAX"


def test_an_outline_alone_is_answered_with_no_land_pattern() -> None:
    result = extract([body_page().pdf()], ReadingRequest())
    assert result.land_pattern is None
    assert result.land_pattern_status == "not_in_document"


def test_pages_are_found_in_a_long_document() -> None:
    sketch = Sketch()
    for number in range(60):
        sketch.text(300, 700, f"Typical characteristics {number}")
        sketch.page()
    drawn = dual(8, 1.27, 5.4, 1.5, 0.6)
    book = pypdfium2.PdfDocument.new()
    for data in (sketch.pdf(), body_page().pdf(), drawn.pdf()):
        book.import_pages(pypdfium2.PdfDocument(data))
    out = io.BytesIO()
    book.save(out)
    seen: list[ReadingProgress] = []
    result = extract([out.getvalue()], ReadingRequest(), seen.append)
    assert (result.mechanical_pages, result.land_pages) == ([61], [62])
    assert seen[-1].stage == "done"
    assert seen[-1].pads == 8


def test_a_job_stops_between_pages() -> None:
    def stop(_: ReadingProgress) -> None:
        raise Stopped("canceled")

    with pytest.raises(Stopped):
        extract([dual(8, 1.27, 5.4, 1.5, 0.6).pdf()], ReadingRequest(), stop)


def _png(size: tuple[int, int], noise: bool = False) -> bytes:
    rng = np.random.default_rng(0)
    pixels = (
        rng.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
        if noise
        else np.zeros((size[1], size[0], 3), np.uint8)
    )
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", Failure.BAD_DOCUMENT),
        (b"%PDF-1.7 nothing", Failure.BAD_DOCUMENT),
        (b"plain words", Failure.BAD_DOCUMENT),
        (_png((1, 1)), Failure.BAD_DOCUMENT),
        (_png((400, 300), noise=True), Failure.BAD_DOCUMENT),
        (_png((9000, 7000)), Failure.TOO_LARGE),
    ],
    ids=["empty", "damaged", "text", "one pixel", "photo", "bomb"],
)
def test_what_is_no_drawing_is_refused(data: bytes, code: Failure) -> None:
    with pytest.raises(Permanent) as caught:
        extract([data], ReadingRequest())
    assert caught.value.code == code


def test_a_page_beyond_the_document_is_a_bad_parameter() -> None:
    with pytest.raises(Permanent) as caught:
        extract([dual(8, 1.27, 5.4, 1.5, 0.6).pdf()], ReadingRequest(land_page=7))
    assert caught.value.code == Failure.BAD_PARAMS
