"""Which page is the outline where its words speak for another one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.worker.datasheet.search.test_page_search import LAND, found
from worker.datasheet.search import page_choice, titles


def test_a_page_that_names_the_package_whole_goes_before_one_that_names_a_part_of_it() -> None:
    """A circuit and prose stand over the first outline, which alone is called a TSSOP."""
    busy = (
        "TYPICAL APPLICATIONS", "Regulator with tracking and 6V input, tape and reel", "FE Package 28-Lead Plastic TSSOP",
        "PACKAGE OUTLINE", "RECOMMENDED SOLDER PAD LAYOUT", "6.60 ±0.10", "9.60 BSC", "DIMENSIONS ARE IN MILLIMETERS",
    )  # fmt: skip
    clear = (
        "PACKAGE DESCRIPTION", "UFD Package 28-Lead Plastic QFN", "PACKAGE OUTLINE", "RECOMMENDED SOLDER PAD LAYOUT",
        *("4.00 ±0.10 5.00 ±0.10 MAX BSC",) * 4,
    )  # fmt: skip
    assert found("FE 28-Lead Plastic TSSOP", (busy, 300), (clear, 300)).mechanical[0] == 1


@pytest.mark.parametrize(("asked", "page"), [("3.2 x 2.5 mm Plastic Package", 1), ("2.5 x 2.0 mm Plastic Package", 2)])
def test_the_size_of_a_body_chooses_its_page(asked: str, page: int) -> None:
    def size(sides: str) -> tuple[Sequence[str], int]:
        return (f"{sides} mm Plastic Package", "External Dimensions", "Recommended Land Pattern", "0.85±0.05"), 300

    assert found(asked, size("3.2 x 2.5"), size("2.5 x 2.0")).mechanical[0] == page


def test_a_family_without_its_number_is_no_other_package() -> None:
    """A document of one package, called by its family on one page, holds the package asked for."""
    outline = (
        ("The UDFN package is compliant", "UDFN-6L package information", "package outline", "MAX MIN", "1.45±0.1"),
        300,
    )
    land = (("RECOMMENDED LAND PATTERN", "UDFN-6L package information"), 300)
    search = found("UDFN-6L", outline, land)
    assert search.matched
    assert [name for name, _ in search.names] == ["UDFN-6L"]


def test_a_page_with_rows_for_the_sides_may_show_the_body_where_no_drawing_does() -> None:
    rows = (
        "Size",
        "Length(L) 2.00mm ±0.20mm",
        "Width(W) 1.25mm ±0.20mm",
        "Thickness(T) 0.85mm ±0.20mm",
        "Weight 0.008g",
    )
    graphs = (("Characteristic Graphs", "Dimensions TOP VIEW"), 300)
    search = found("MPX2012", ((*rows, "tape and reel", "carrier tape"), 3), graphs, ((*LAND, "MPX2012"), 300))
    assert 1 in page_choice.other_outlines(search)


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("PACKAGE INFORMATION\nTOP VIEW\nFRONT VIEW\nRECOMMENDED LAND PATTERN", False),
        ("RECOMMENDED LAND PATTERN\nTOP VIEW", True),
    ],
)
def test_a_page_with_views_of_the_part_shows_no_land_pattern_alone(text: str, alone: bool) -> None:
    assert titles.of_land_alone(text) is alone


def test_a_note_of_the_limits_of_both_sides_tells_the_size() -> None:
    assert titles.tells_size("D: Max =\nE: Max =\n1.648 mm, Min =\n1.248 mm, Min =")
    assert not titles.tells_size("D: Max = 3 V\nLength of cable 2.0 mm")
