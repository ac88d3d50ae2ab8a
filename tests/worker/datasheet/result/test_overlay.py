"""The overlay: pads where the page shows them, evidence boxes, and hostile text kept as text."""

from __future__ import annotations

import base64
import io
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from db.documents.footprint import overlay
from db.documents.kinds.datasheet import Body, DatasheetResult, Evidence, LandPattern, Pad, Value
from worker.datasheet.page import pages
from worker.datasheet.page.pages import Book
from worker.datasheet.result import overlay as rendered
from worker.datasheet.synthetic import generate

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    path: Path = tmp_path_factory.mktemp("overlay") / "part.pdf"
    generate.make(7, path)
    opened = pages.open_book([path])
    yield opened
    opened.close()


def drawn(book: Book, number: str = "1", printed: str = "1.27") -> DatasheetResult:
    cited = [Evidence(page=1, box=(300, 500, 330, 507), printed=printed)]
    pads = [Pad(number=number, x=x, y=0, w=1.0, h=0.5, evidence=cited) for x in (-2.0, 2.0)]
    land = LandPattern(page=1, pads=pads, origin=(300.0, 600.0), points_per_mm=(20.0, 10.0))
    body = Body(length=Value(nom=5, printed=printed, page=1, box=(100, 100, 120, 107)))
    return DatasheetResult(body=body, land_pattern=land)


def draw(result: DatasheetResult, book: Book) -> str:
    return overlay.draw(result, rendered.pictures(result, book))


def rects(text: str) -> list[tuple[ET.Element, str]]:
    root = ET.fromstring(text)  # noqa: S314 (our own text)
    return [(r, r.findtext(f"{SVG}title") or "") for r in root.iter(f"{SVG}rect")]


def test_pads_and_evidence_stand_where_they_were_read(book: Book) -> None:
    found = rects(draw(drawn(book), book))
    places = [tuple(float(r.get(k, "nan")) for k in ("x", "y", "width", "height")) for r, _ in found]
    assert places == [(100, 100, 20, 7), (250, 597.5, 20, 5), (330, 597.5, 20, 5), (300, 500, 30, 7)]


def test_the_page_is_in_it(book: Book) -> None:
    root = ET.fromstring(draw(drawn(book), book))  # noqa: S314
    image = next(root.iter(f"{SVG}image"))
    data = base64.b64decode(image.get("href", "").removeprefix("data:image/png;base64,"))
    width, height = Image.open(io.BytesIO(data)).size
    assert (width / rendered.PX_PER_PT, height / rendered.PX_PER_PT) == pytest.approx((595, 842), abs=1)


def test_the_pages_can_be_taken_out_again(book: Book) -> None:
    shown = rendered.pictures(drawn(book), book)
    assert shown
    assert overlay.pictures(overlay.draw(drawn(book), shown).encode()) == shown


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(max_size=30),
    st.sampled_from(["</title><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "]]>", "&lt;", ""]),
)
def test_hostile_text_stays_text(book: Book, tail: str, printed: str) -> None:
    text = draw(drawn(book, "A1" + tail, printed + tail), book)
    root = ET.fromstring(text)  # noqa: S314
    assert {e.tag for e in root.iter()} <= {f"{SVG}{t}" for t in ("svg", "g", "image", "rect", "title")}
    assert any(overlay.clean(printed + tail).split() == t.split() for _, t in rects(text))


def test_a_result_without_anything_is_an_empty_picture(book: Book) -> None:
    assert rects(draw(DatasheetResult(), book)) == []


def test_pages_that_do_not_exist_are_left_out(book: Book) -> None:
    beyond = DatasheetResult(body=Body(length=Value(nom=1, page=9999, box=(0, 0, 1, 1))))
    assert rects(draw(beyond, book)) == []
