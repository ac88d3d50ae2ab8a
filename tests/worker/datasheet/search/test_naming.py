"""Which drawn packages an asked name means."""

from __future__ import annotations

import pytest

from worker.datasheet.search import naming


@pytest.mark.parametrize(
    ("asked", "page", "names"),
    [
        ("TSSOP", "TSSOP−14 WB\nCASE 948G", {"TSSOP14"}),
        ("SOP", "SSOP-16", set()),
        ("SOT-23", "SOT-23-5 outline", {"SOT235"}),
        ("SOT-23", "SOT-236", set()),
        ("LM339 TSSOP", "TSSOP-14", {"TSSOP14"}),
        ("SOIC-14", "14-Lead Plastic Small Outline (SL) [SOIC]", {"SOIC14"}),
        ("SOIC-14", "8-Lead Plastic Small Outline (SN) [SOIC]", set()),
        ("SOIC-24", "PACKAGE OUTLINE, .300 SOIC\nVARIATIONS: N 16 18 20 24 28", {"SOIC"}),
        ("SOIC-24", "SOIC-16 outline", set()),
        ("QFN-48", "Package Information of QFN-6x6-48L Package", {"QFN48"}),
        ("QFN-48", "Package Information of QFN-6x6-56L Package", set()),
        ("DFN-8", "PDIP-8", set()),
        ("SOT-23-5", "5-Lead Plastic Small Outline Transistor (OT) [SOT-23]", {"SOT235"}),
        ("SOT-23-6", "5-Lead Plastic Small Outline Transistor (OT) [SOT-23]", set()),
        ("SOT-23-6", "6-Lead Plastic Small Outline, SOT-23-5", set()),
    ],
)
def test_a_name_may_begin_a_longer_one(asked: str, page: str, names: set[str]) -> None:
    assert naming.begun_by(asked, page) == names


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("PACKAGE OUTLINE VQFN - 1 mm max height", "VQFN"),
        ("MECHANICAL CASE OUTLINE CASE 646-06 ISSUE S", "CASE 646-06"),
        ("EXAMPLE BOARD LAYOUT DBV0005A", "DBV0005A"),
        ("RDSON over temperature", None),
        ("REV0012A", None),
    ],
)
def test_the_package_a_page_names(page: str, name: str | None) -> None:
    assert naming.first_name(page) == name


def test_a_case_number_identifies_a_package_and_a_count_does_not() -> None:
    assert "64606" in naming.tokens("PDIP-14, CASE 646-06 ISSUE S")
    assert not {"14", "CASE", "ISSUE"} & set(naming.tokens("14 CASE ISSUE S"))


@pytest.mark.parametrize("printed", ["B4B -XH -A", "B4B-XH -A", "B4B - XH-A"])
def test_a_part_number_set_with_spaces_beside_its_dashes_is_found(printed: str) -> None:
    assert "B4BXHA" in naming.words_of(f"4 {printed} 6.0")


def test_a_case_is_found_with_its_revision() -> None:
    assert "936A" in naming.words_of("CASE 936A−02 ISSUE E")
    assert "646" not in naming.words_of("CASE 646−06 ISSUE S")


def test_a_size_is_one_word_however_it_is_printed() -> None:
    assert naming.sizes("2.5 x 2.0 mm, 4mm × 5mm") == {"2.5X2", "4X5"}
    assert naming.sizes("Header 2x6, 0.1 pitch") == set()
