"""Which pages of a document are the outline and the land pattern of the package that is asked for."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from worker.datasheet.page import pages
from worker.datasheet.search import page_choice, page_search

OVERVIEW = ("Package dimensions of all parts: DFN MC and SOT-23.", "MIN MAX", "1.0 2.0", "DIMENSIONS IN MILLIMETERS")
OUTLINE = (
    "TOP VIEW",
    "SIDE VIEW",
    "BSC",
    "Overall Height",
    "DIMENSIONS IN MILLIMETERS",
    "MIN NOM MAX",
    "0.80 0.90 1.00",
)
LAND = ("RECOMMENDED LAND PATTERN", "8-Lead Plastic Dual Flat, DFN MC 2x3x0.9mm Body")
ASKED = "8-Lead Plastic Dual Flat DFN MC 2x3x0.9mm Body"


def document(*sheets: tuple[Sequence[str], int]) -> bytes:
    """Pages of some lines of text and of as many strokes."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(612, 792))
    for lines, strokes in sheets:
        for i, line in enumerate(lines):
            canvas.drawString(60, 700 - 20 * i, line)
        for i in range(strokes):
            canvas.line(60 + i, 100, 60 + i, 300)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def chosen(*sheets: tuple[Sequence[str], int]) -> tuple[int, int]:
    book = pages.open_book([document(*sheets)])
    found = page_search.search(book, ASKED, lambda *_: None)
    book.close()
    return found.mechanical[0], found.land[0]


def test_an_outline_that_does_not_name_its_package_stands_before_its_land_pattern() -> None:
    assert chosen((OVERVIEW, 40), (OUTLINE, 300), (LAND, 300)) == (2, 3)


def test_an_outline_of_another_package_does_not() -> None:
    other = (*OUTLINE, "5-Lead Plastic Small Outline SOT-23")
    assert chosen((OVERVIEW, 40), (other, 300), (LAND, 300)) == (1, 3)


def found(package: str | None, *sheets: tuple[Sequence[str], int]) -> page_search.Search:
    book = pages.open_book([document(*sheets)])
    search = page_search.search(book, package, lambda *_: None)
    book.close()
    return search


HEAD = "LM339: a comparator"


def of(name: str) -> list[tuple[Sequence[str], int]]:
    """Outline and land pattern of one package on two pages."""
    outline = (HEAD, name, "PACKAGE OUTLINE", "TOP VIEW", "SIDE VIEW", "DIMENSIONS IN MILLIMETERS", "0.80 0.90 1.00")
    return [(outline, 300), ((HEAD, name, "SUGGESTED PAD LAYOUT", "1.27 0.60"), 300)]


def test_the_only_package_that_begins_with_the_asked_name_is_taken() -> None:
    search = found("LM339 TSSOP", *of("PDIP-14"), *of("TSSOP-14"), *of("SOIC-14"))
    assert (search.mechanical[0], search.land[0], search.matched) == (3, 4, True)
    assert "TSSOP14" in search.notes("TSSOP")[0]
    assert search.review_reason("TSSOP") is None


def test_a_name_that_begins_two_drawn_ones_means_neither() -> None:
    search = found("TSSOP", *of("TSSOP-14"), *of("TSSOP-20"))
    assert not search.matched
    assert [name for name, _ in search.names] == ["TSSOP-14", "TSSOP-20"]


def test_a_word_on_every_drawing_chooses_none_of_them() -> None:
    assert not found("LM339", *of("PDIP-14"), *of("TSSOP-14")).matched


def test_the_only_package_of_a_document_may_be_named_on_every_page() -> None:
    search = found("SOT-23", *of("SOT-23"))
    assert search.matched
    assert search.review_reason("SOT-23") is None


def test_drawings_without_a_name_are_those_of_a_document_about_one_package() -> None:
    search = found("SOD-323", ((HEAD, "in SOD-323"), 5), *of(""))
    assert (search.mechanical[0], search.land[0], search.matched) == (2, 3, False)
    assert search.review_reason("SOD-323") is None


def test_drawings_without_a_name_are_doubted_in_a_document_about_several() -> None:
    search = found("SOD-323", ((HEAD, "in SOD-323 or SOT-23"), 5), *of(""))
    assert search.review_reason("SOD-323") is not None


def test_several_packages_without_an_asked_one_are_a_doubt() -> None:
    search = found(None, *of("PDIP-14"), *of("TSSOP-14"))
    assert (search.mechanical[0], search.land[0]) == (1, 2)
    assert "TSSOP-14" in (search.review_reason(None) or "")


def test_an_outline_has_its_land_pattern_behind_it() -> None:
    graphs = (HEAD, "TYPICAL CHARACTERISTICS", "MIN MAX", "DIMENSIONS", *["1.0 2.0 3.0 4.0"] * 10)
    assert found(None, (graphs, 300), *of("")).mechanical[0] == 2


def test_a_picture_under_the_name_of_a_package_is_its_drawing() -> None:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(612, 792))
    picture = ImageReader(Image.new("L", (200, 150), 128))
    for _ in range(8):
        canvas.drawString(60, 700, HEAD)
        canvas.showPage()
    for lines, strokes in (
        ((HEAD, "DIP20", "PACKAGE OUTLINE", "DIMENSIONS IN MILLIMETERS", "MIN MAX", "25.7 26.5"), 300),
        ((HEAD, "SOP20"), 0),
    ):
        for i, line in enumerate(lines):
            canvas.drawString(60, 700 - 20 * i, line)
        for i in range(strokes):
            canvas.line(60 + i, 100, 60 + i, 300)
        if not strokes:
            canvas.drawImage(picture, 60, 100, 400, 300)
        canvas.showPage()
    canvas.save()
    book = pages.open_book([file.getvalue()])
    search = page_search.search(book, "SOP20", lambda *_: None)
    book.close()
    assert (search.mechanical[0], search.matched) == (10, True)


GRAPHS = (
    "ON RESISTANCE VS TEMPERATURE",
    "0.5 1.0 1.5 2.0 2.5 V",
    "Drain Current 0.10 0.20 0.30 A",
    "DIMENSIONS 1.0 2.0",
)
BOTH = ("LAND PATTERN RECOMMENDATION", "2.92 ± 0.20", "1.30 ± 0.15", "0.95 ± 0.05", "1.20 MAX", "0.50 ± 0.10", "2.20")


def outline_page(*sheets: tuple[Sequence[str], int]) -> int:
    return found("SOT-23", *sheets).mechanical[0]


def test_numbers_with_tolerances_tell_an_outline_beside_its_land_pattern_from_graphs() -> None:
    assert outline_page((GRAPHS, 400), (GRAPHS, 400), (BOTH, 400)) == 3


def test_an_outline_is_not_lost_for_the_reel_it_comes_on() -> None:
    shown = ("Physical Dimension Tape and Reel Information", "SOT-23", "6.5 ± 0.2", "2.3 ± 0.2", "device per reel 2500")
    assert outline_page((("Features of SOT-23", *GRAPHS), 200), (shown, 300)) == 2


def test_electrical_characteristics_that_name_the_package_are_no_outline() -> None:
    rows = ("SOT-23 Package", *[f"Output Voltage {i}.00 {i}.50 V, Supply Current {i} mA" for i in range(1, 8)])
    outline = ("SOT-23 Package Description", "2.90 BSC", "1.50 MAX", "0.95 BSC", "2.80 BSC")
    assert outline_page((rows, 300), (outline, 300)) == 2


def test_a_title_with_words_that_were_not_asked_is_that_of_another_part() -> None:
    common = ("XH CONNECTOR Header", "circuits", "OUTLINE DIMENSIONS", "TOP VIEW", "7.0±0.1 3.4±0.1")
    sheets = [
        ((*common, "Top entry type with a boss", "1.2±0.1 4.5±0.1"), 300),
        ((*common, "Top entry type"), 300),
        (("Recommended PCB layout", "Top entry type", "2.5"), 200),
    ]
    asked = "XH connector header, top entry type, 4 circuits"
    assert found(asked, *sheets).mechanical[0] == 2
    assert found(asked.replace("type,", "type with a boss,"), *sheets).mechanical[0] == 1


def test_the_outline_of_another_package_stands_for_none_that_shows_no_body() -> None:
    numbers = ("MECHANICAL CASE OUTLINE", "TOP VIEW", "DIMENSIONS IN MILLIMETERS", "0.80 0.90 1.00", "+/-0.10")
    pages_of_both = [
        ((HEAD, "the part"), 0),
        (("TO-220 5-LEAD OFFSET CASE 314B", *numbers), 300),
        (("D2PAK 5-LEAD CASE 936A", *numbers), 300),
    ]
    search = found("D2PAK 5-LEAD CASE 936A", *pages_of_both)
    assert search.mechanical == [3, 2]
    assert page_choice.other_outlines(search) == []
    unnamed = found("D2PAK 5-LEAD CASE 936A", *pages_of_both[:1], (numbers, 300), *pages_of_both[2:])
    assert page_choice.other_outlines(unnamed) == [2]


def test_pages_of_another_package_are_doubted() -> None:
    asked_elsewhere = (("Pin table of the SOIC-8", "1 2 3"), 10)
    result = found("8-Lead SOIC", asked_elsewhere, *of("8-Lead DFN"))
    assert "DFN" in (result.review_reason("8-Lead SOIC") or "")
    assert found("8-Lead DFN", asked_elsewhere, *of("8-Lead DFN")).review_reason("8-Lead DFN") is None


ORDERING = (
    "ORDERING INFORMATION",
    "QX1113 Reflective Rectangular (Through Hole) 1600 / Tube",
    "QX1113GR Reflective Rectangular (Surface Mount) 1000 / Tape",
)


@pytest.mark.parametrize(("code", "page"), [("QX1113GR", 3), ("QX1113", 2)])
def test_an_order_code_means_the_drawing_that_the_ordering_information_describes(code: str, page: int) -> None:
    def case(title: str, name: str) -> tuple[Sequence[str], int]:
        return (title, name, "MECHANICAL CASE OUTLINE", "PACKAGE DIMENSIONS", "TOP VIEW", "0.80±0.1 1.20±0.1"), 300

    sheets = [
        (ORDERING, 20),
        case("REFLECTIVE RECTANGULAR THROUGH HOLE", "CASE 100AQ"),
        case("REFLECTIVE RECTANGULAR SURFACE MOUNT", "CASE 100CY"),
    ]
    result = found(code, *sheets)
    assert result.matched
    assert result.mechanical[0] == page


def test_a_page_of_text_before_the_land_pattern_is_no_outline_where_that_follows() -> None:
    """Some makers print the land pattern among the notes on use, and the outline after it names the package."""
    text = ("APPLICATIONS INFORMATION", "Threads in the board: 1.0 2.0")
    land = ("RECOMMENDED PRINTED WIRING BOARD LAND PATTERN", "0.5 1.0")
    outline = ("OUTLINE DIMENSIONS", "LGA-14 package", "TOP VIEW", "DIMENSIONS SHOWN IN MILLIMETERS", "3.00 BSC")
    assert found("LGA-14", (text, 300), (land, 200), (outline, 300)).mechanical[0] == 3


def test_reels_and_tapes_are_no_outline_however_many_tolerances_they_have() -> None:
    sizes = ("DIMENSIONS", "SIZE  L (mm)  W (mm)  H (mm)", "QR0603 1.60 0.80 0.45", "QR2512 6.35 3.10 0.55")
    reel = (
        "REEL SPECIFICATION",
        "DIMENSIONS Unit: mm",
        "QR2512 180.0±0.5 60.0±0.5 13.0±0.2 MIN MAX",
        "9.0±0.3 12.4±0.1",
    )
    book = pages.open_book([document((OVERVIEW[1:3], 40), (sizes, 300), (reel, 300))])
    search = page_search.search(book, "2512", lambda *_: None)
    book.close()
    assert search.mechanical[0] == 2


def test_a_note_on_copper_under_a_part_names_no_land_pattern() -> None:
    note = (
        "Mounted on P.C. board with 3 mm2",
        "copper pad at each terminal, Montage auf Leiterplatte mit 3 mm2",
        "Lötpad je Anschluss",
    )
    drawn = ("Dimensions - Maße [mm]", "2.7±0.1 1.6±0.1 1.0±0.1 0.55±0.1", *note)
    (hit,) = found(None, (drawn, 300)).hits
    assert not hit.titled
    assert hit.mechanical > 0


def test_a_page_with_outline_and_land_pattern_may_follow_the_outline_of_another_package() -> None:
    shown = ("RECOMMENDED SOLDER PAD LAYOUT", "3.00 ± 0.10", "4.90 ± 0.15", "1.10 MAX", "0.65 BSC", "0.53 ± 0.15")
    dfn, msop = ("DFN-6 Package", "TOP VIEW", *shown), ("MSOP-8 Package", *shown)
    search = found("MSOP-8", (OVERVIEW[1:3], 40), (dfn, 300), (msop, 300))
    assert (search.mechanical[0], search.land[0]) == (3, 3)


def test_a_titled_land_pattern_goes_before_a_page_that_only_speaks_of_one() -> None:
    notes = (
        "Mounting SOT-23 transistors",
        "materials have been changed, while the recommended footprint of the",
        "part stays",
    )
    minimum = ("RECOMMENDED MINIMUM PADS FOR SOT-23", "0.037 0.053", "0.97 0.49")
    outline = ("SOT-23 Package Outline", *OUTLINE)
    assert found("SOT-23", (outline, 300), (notes, 300), (minimum, 300)).land[0] == 3
