"""Where pads stand on their page, and the copper assumed around holes whose pads have no stated size."""

from __future__ import annotations

import pytest

from db.documents.footprint import kicad
from db.documents.footprint.overlay import pad_box
from db.documents.kinds.datasheet import DatasheetResult, LandPattern, Pad

PAD = Pad(number="1", x=1, y=2, w=0.5, h=1.5)
OVAL = Pad(number="1", type="thru_hole", shape="oval", x=0, y=0, drill=(0.8, 1.6))


def land(*pads: Pad, **more: object) -> LandPattern:
    return LandPattern(**{"pads": list(pads), "origin": (100.0, 50.0), "points_per_mm": (10.0, 20.0), **more})


@pytest.mark.parametrize(
    ("more", "box"),
    [
        ({}, (107.5, 75.0, 112.5, 105.0)),
        ({"view": "bottom"}, (87.5, 75.0, 92.5, 105.0)),
        ({"turn_deg": 270}, (45.0, 57.5, 75.0, 62.5)),
        ({"turn_deg": 180}, (87.5, -5.0, 92.5, 25.0)),
    ],
)
def test_a_pad_stands_on_its_page_in_points(more: dict[str, object], box: tuple[float, ...]) -> None:
    assert pad_box(PAD, land(PAD, **more)) == pytest.approx(box)


def test_a_hole_stands_for_a_pad_without_a_size() -> None:
    assert pad_box(OVAL, land(OVAL)) == pytest.approx((96.0, 34.0, 104.0, 66.0))


@pytest.mark.parametrize("more", [{"origin": None}, {"points_per_mm": None}])
def test_without_a_scale_or_a_place_there_is_no_box(more: dict[str, object]) -> None:
    assert pad_box(PAD, land(PAD, **more)) is None


def test_copper_is_assumed_around_each_side_of_an_oval_hole() -> None:
    written = kicad.write(DatasheetResult(land_pattern=land(OVAL), land_pattern_status="found"), "part")
    assert written is not None
    assert "(size 1.3 2.1)" in " ".join(written.text.split())
    assert "copper of pad 1 assumed: hole + 0.5 mm" in written.notes
