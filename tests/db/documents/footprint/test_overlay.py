"""What was read, drawn over its pages as SVG: pads, body values, evidence, and the pictures read back."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from db.documents.footprint.overlay import (
    COLOURS,
    GAP_PT,
    MAX_TEXT,
    PNG,
    PagePicture,
    clean,
    draw,
    pages_read,
    pictures,
)
from db.documents.kinds.datasheet import Body, DatasheetResult, Evidence, LandPattern, Pad, Value

SVG = "{http://www.w3.org/2000/svg}"
BOX = (10.0, 20.0, 30.0, 25.0)
CITED = Evidence(page=2, box=BOX, printed="<0.80>")
PADS = [
    Pad(number="1", x=-1, y=0, w=0.8, h=1, evidence=[CITED], confidence=0.875),
    Pad(number="2", x=1, y=0, w=0.8, h=1, evidence=[CITED]),
    Pad(number="3", x=0, y=0, role="thermal", w=0.5, h=0.5),
    Pad(number="4", x=0, y=5),
]
RESULT = DatasheetResult(
    body=Body(length=Value(nom=3, page=4, box=BOX, printed="3.0"), width=Value(nom=1, page=2)),
    land_pattern=LandPattern(page=2, pads=PADS, origin=(100, 50), points_per_mm=(10, 20)),
)
PAGES = [PagePicture(2, 200, 100, PNG + b"two"), PagePicture(4, 300.5, 50, PNG + b"four")]


def drawn(result: DatasheetResult = RESULT, pages: list[PagePicture] = PAGES) -> ET.Element:
    return ET.fromstring(draw(result, pages))  # noqa: S314 - we wrote it


def rects(group: ET.Element) -> list[tuple[str, dict[str, str]]]:
    return [(rect.findtext(f"{SVG}title") or "", dict(rect.attrib)) for rect in group.iter(f"{SVG}rect")]


def test_pages_are_those_that_anything_was_read_from() -> None:
    assert pages_read(RESULT) == [2, 4]
    assert pages_read(DatasheetResult()) == []


def test_pages_stand_one_below_the_other() -> None:
    root = drawn()
    groups = root.findall(f"{SVG}g")
    assert [group.get("data-page") for group in groups] == ["2", "4"]
    assert [group.get("transform") for group in groups] == ["translate(0 0)", f"translate(0 {100 + GAP_PT:g})"]
    assert root.get("viewBox") == f"0 0 300.5 {100 + GAP_PT + 50:g}"
    assert (root.get("width"), root.get("height")) == ("300.5", f"{150 + GAP_PT:g}")
    assert drawn(pages=[]).get("viewBox") == "0 0 1 1"


def test_pads_lie_where_they_are_printed_in_the_colour_of_their_role() -> None:
    first, second, thermal, evidence = rects(drawn().findall(f"{SVG}g")[0])
    assert first[0] == "pad 1: smd rect, 0.8 x 1 mm, at -1, 0 mm, confidence 0.88"
    assert [first[1][side] for side in ("x", "y", "width", "height")] == ["86", "40", "8", "20"]
    assert (first[1]["fill"], first[1]["stroke"]) == (COLOURS["signal"], COLOURS["signal"])
    assert second[1]["x"] == "106"
    assert thermal[1]["fill"] == COLOURS["thermal"]
    assert evidence[0] == "<0.80>", "once, however many pads cite it"
    assert (evidence[1]["fill"], evidence[1]["stroke-dasharray"]) == ("none", "2 1")


def test_a_value_of_the_body_is_marked_on_its_page_where_it_has_a_box() -> None:
    ((title, place),) = rects(drawn().findall(f"{SVG}g")[1])
    assert title == "body length: 3.0"
    assert [place[side] for side in ("x", "y", "width", "height")] == ["10", "20", "20", "5"]


def test_a_box_without_a_size_can_still_be_seen() -> None:
    flat = RESULT.model_copy(update={"land_pattern": None, "body": Body(height=Value(page=4, box=(5, 6, 5, 6)))})
    ((title, place),) = rects(drawn(flat).findall(f"{SVG}g")[1])
    assert title == "body height: "
    assert (place["width"], place["height"]) == ("0.1", "0.1")


def test_a_hostile_text_stays_text() -> None:
    hostile = Evidence(page=2, box=BOX, printed='</title><script>alert("x")</script>\x00\x1b' + "x" * 300)
    land = LandPattern(
        page=2, pads=[Pad(number="<b>", x=0, y=0, w=1, h=1, evidence=[hostile])], origin=(0, 0), points_per_mm=(1, 1)
    )
    text = draw(DatasheetResult(land_pattern=land), PAGES)
    assert "<script>" not in text
    titles = [title for title, _ in rects(ET.fromstring(text))]  # noqa: S314 - we wrote it
    assert titles[0].startswith("pad <b>: ")
    assert titles[1].startswith('</title><script>alert("x")</script>x')
    assert len(titles[1]) == MAX_TEXT


def test_text_for_xml_has_no_control_characters_and_an_end() -> None:
    assert clean("a\x00b\tc\nd\ud800e\uffff") == "ab\tc\nde"
    assert clean("x" * (MAX_TEXT + 1)) == "x" * MAX_TEXT


def test_the_pictures_are_found_again_in_what_was_drawn() -> None:
    assert pictures(draw(RESULT, PAGES).encode()) == PAGES
    assert pictures(draw(RESULT, [PagePicture(1, 10, 10, b"no picture")]).encode()) == []
    assert pictures(b"<svg/>") == []
