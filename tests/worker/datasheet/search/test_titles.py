"""The words makers set over their figures, in many tongues and orders, and words that only sound like them."""

from __future__ import annotations

import pytest

from worker.datasheet.search import titles
from worker.datasheet.segmentation.captions import CIRCUIT, LAND, kind_of

LANDS = """
Recommended Land Pattern · RECOMMENDED SOLDERING FOOTPRINT* · Suggested pad layout · Suggested PCB Layout · SOLDERING FOOTPRINT
Mounting footprint · PCB layout (top view) · Hole layout · P.C.B. mounting dimensions · Recommended solder pad layout
Recommended footprint · Reflow soldering footprint · Recommended mounting pad · Recommend PCB Layout · Recommanded Pad
RECOMMENDED P.C.B LAYOUT · RECOMMENDED PC BOARD LAYOUT · Recommended PCB Mounting Holes · Land pattern recommendation
Footprint (recommended) · Pad layout, recommended · LAND PATTERN EXAMPLE · EXAMPLE BOARD LAYOUT · Recommended minimum pads
Recommended 0.8 mm pitch BGA land pattern · Recommended pad dimensions · Recommended P.C. Board Hole Layout · Solder lands
Circuit board layout · Printed wiring board pattern · Mounting pattern · Drill pattern · Typical pad layout · PCB footprint
推荐焊盘 · 推荐焊盘尺寸 · 参考焊盘尺寸 · 焊盘布局 · 建议焊盘布局 · 建議焊墊尺寸 · 推荐PCB封装 · 推奨ランドパターン · 参考パターン
Through-hole type (viewed from soldering side) · Seen from component side
基板取付穴寸法図 · Empfohlenes Lötpad · Empfohlenes Pad-Layout · Lochbild · Empreinte recommandée
"""
OUTLINES = """
Package Outline · PACKAGE DIMENSIONS · Mechanical Case Outline · MECHANICAL DATA · Outline Drawing · Physical Dimensions
Dimensional drawing · External dimensions · Shape and dimensions · 外形尺寸 · 封装外形图 · 产品尺寸 · 外形寸法図
IC Package diagram · Sensor Package Diagram · Package Information of QFN-6x6-48L · Maßzeichnung · Gehäuseabmessungen
"""
OTHERS = """
Recommended operating conditions · Recommended reflow profile · Recommended soldering conditions · Recommended solder paste
Typical application circuit · Typical characteristics · Reference voltage · Pin configuration · Carrier tape dimensions
It is recommended that the supply is decoupled · Typical evaluation board · Functional block diagram · Thermal pad
Mounting instructions · recommended for new designs · Soldering information
"""


def each(table: str) -> list[str]:
    return [title.strip() for line in table.strip().splitlines() for title in line.split("·")]


@pytest.mark.parametrize("title", each(LANDS))
def test_a_title_names_a_land_pattern(title: str) -> None:
    assert titles.names_land(title)


@pytest.mark.parametrize("title", each(OUTLINES))
def test_a_title_names_an_outline(title: str) -> None:
    assert titles.is_titled(title)
    assert not titles.names_land(title)


@pytest.mark.parametrize("title", each(OTHERS))
def test_other_words_name_no_figure_of_a_package(title: str) -> None:
    assert not titles.names_land(title)
    assert not titles.is_titled(title)


@pytest.mark.parametrize(
    "title", ["推荐焊盘布局", "推奨ランドパターン", "Empfohlenes Lötpad", "Hole layout", "Solder lands"]
)
def test_a_title_in_any_tongue_speaks_for_the_figure_under_it(title: str) -> None:
    assert kind_of(title) == LAND


def test_a_sentence_about_a_figure_elsewhere_does_not_make_a_page_an_outline() -> None:
    front = "See detailed ordering and shipping information in the package\ndimensions section on page 23 of this data sheet."
    assert titles.mechanical_score(front) == 0.0
    assert titles.mechanical_score("MECHANICAL CASE OUTLINE\nPACKAGE DIMENSIONS") > titles.mechanical_score(front)


def test_a_list_of_facts_is_no_outline() -> None:
    """Diodes: what they weigh and what they are made of stands under "Mechanical Data"."""
    facts = "Mechanical Data\n- Moisture Sensitivity: Level 1\n- Weight: 0.116 grams"
    assert not titles.is_titled(facts)
    assert not titles.outline_caption(facts)
    assert titles.mechanical_score(facts) == 0.0
    assert titles.of_land_alone(f"Suggested Pad Layout\n{facts}")
    assert titles.is_titled("MECHANICAL DATA\nD (R-PDSO-G8) PLASTIC SMALL OUTLINE")


def test_a_line_from_the_middle_of_a_sentence_is_no_caption() -> None:
    assert titles.land_caption("materials have been changed, while the footprint of the\npackages remains") is None
    assert titles.land_caption("Recommended Landing Pattern (Continued)") is not None


def test_copper_that_spreads_heat_is_no_pad() -> None:
    assert kind_of("FIGURE 1. Footprint With Copper Spreading") == CIRCUIT


def test_a_title_of_both_figures_names_the_outline_too() -> None:
    title = "Package Information(15) and Recommended Landing Pattern (Continued)\n5-Pin SOT23 (M5)"
    assert titles.is_titled(title)
    assert not titles.of_land_alone(title)
    assert titles.mechanical_score("Package Information\nMarking 5501") == 0.0


def test_a_page_of_tapes_and_reels_is_no_outline() -> None:
    assert titles.distractions("Tape & Reel Information\nDimensions are shown in millimeters") == 1
    assert titles.distractions("Packing Options\nTube\nTape & Reel\n") == 0
