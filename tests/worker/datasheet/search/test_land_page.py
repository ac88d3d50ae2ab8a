"""Which pages may show the land pattern of the package that was asked for, by what they print."""

from __future__ import annotations

from worker.datasheet.search.land_page import land_pages
from worker.datasheet.search.page_choice import other_lands
from worker.datasheet.search.page_hit import PageHit
from worker.datasheet.search.page_search import Search

# a page that describes both packages in words, with the dimensions of the asked one
OUTLINE = PageHit(
    1, mechanical=8.0, outline=8.0, match=2.5, text="The SSOP-20 and the QFN-20. SSOP-20 dimensions", drawn=900
)


def land(number: int, text: str, match: float) -> PageHit:
    return PageHit(number, land=8.0, match=match, text=text, drawn=900, titled=True)


def test_the_land_pattern_of_another_package_is_none_of_the_asked_one() -> None:
    other = land(2, "QFN-20 recommended land pattern", 0.0)
    hits = [OUTLINE, other]
    assert land_pages(hits, OUTLINE, "SSOP-20") == [1]
    assert other_lands(Search(hits, mechanical=[1], land=[1]), "SSOP-20") == []


def test_a_land_pattern_that_names_no_package_may_be_that_of_the_asked_one() -> None:
    assert 2 in land_pages([OUTLINE, land(2, "Recommended land pattern", 0.0)], OUTLINE, "SSOP-20")


def test_a_page_that_says_less_of_the_asked_name_is_left_out_beside_one_that_says_all() -> None:
    own, other = land(2, "DBV0005A SOT-23 land pattern", 4.0), land(3, "DDC0006A SOT-23 land pattern", 1.5)
    outline = PageHit(1, mechanical=8.0, outline=8.0, match=4.0, text="DBV0005A SOT-23 outline", drawn=900)
    assert land_pages([outline, own, other], outline, "DBV0005A SOT-23") == [2]
    assert land_pages([outline, own, land(3, "DBV0005A SOT-23", 4.0)], outline, "DBV0005A SOT-23") == [2, 3]


def test_the_page_that_names_the_package_goes_before_one_beside_a_wrong_outline() -> None:
    own, other = land(2, "G package 24-lead SSOP", 4.0), land(3, "UH package QFN", 0.0)
    outline = PageHit(3, mechanical=8.0, outline=8.0, match=0.0, text="UH package", drawn=900)
    assert land_pages([PageHit(1), own, other], outline, "G package 24-lead SSOP") == [2]
