"""Land patterns drawn as seen from below become those of the component side, and say so."""

from __future__ import annotations

import pytest

from db.documents.footprint.overlay import pad_box
from tests.worker.datasheet.sketch import Sketch, dual
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest
from worker.datasheet.thresholds.result import CONTRADICTED


def holes(title: str, under: str = "") -> Sketch:
    """Three holes of which the first, on the left, is named; the third stands apart."""
    sketch = Sketch(20.0)
    sketch.text(300, 600, title, 11)
    sketch.text(300, 586, under, 9)
    for name, x in (("1", -4), ("2", 0), ("3", 6)):
        sketch.circle(x, 0, 1.0)
        sketch.text(sketch.point(x, 0)[0], 425, name)
    sketch.across(-4, 0, -2.5, "4.00")
    sketch.across(0, 6, -2.5, "6.00")
    sketch.across(-4.5, -3.5, 2.5, "3-Ø1.00")
    sketch.text(300, 100, "ALL DIMENSIONS IN MM")
    return sketch


@pytest.mark.parametrize(
    ("title", "under"),
    [
        ("PC BOARD LAYOUT (VIEWED FROM SOLDERING SIDE)", ""),
        ("Recommended PCB hole layout", "(view from bottom side)"),
        ("Recommended PCB hole layout", "BOTTOM VIEW"),
        ("RECOMMENDED FOOTPRINT", "COPPER SIDE"),
    ],
)
def test_holes_drawn_from_the_soldering_side_are_mirrored(title: str, under: str) -> None:
    land = extract([holes(title, under).pdf()], ReadingRequest()).land_pattern
    assert land is not None
    assert {p.number: p.x for p in land.pads} == {"1": 5.0, "2": 1.0, "3": -5.0}
    assert (land.view, land.confidence <= CONTRADICTED) == ("bottom", True)
    box = pad_box(next(p for p in land.pads if p.number == "1"), land)
    assert box is not None
    assert (box[0] + box[2]) / 2 == pytest.approx(220, abs=0.5)  # where the drawing shows it


@pytest.mark.parametrize(
    ("title", "under"), [("PC BOARD LAYOUT (VIEWED FROM COMPONENT SIDE)", ""), ("Recommended PCB hole layout", "")]
)
def test_holes_drawn_from_the_component_side_stay(title: str, under: str) -> None:
    land = extract([holes(title, under).pdf()], ReadingRequest()).land_pattern
    assert land is not None
    assert {p.number: p.x for p in land.pads} == {"1": -5.0, "2": -1.0, "3": 5.0}
    assert land.view == "top"


def test_copper_without_holes_is_not_mirrored_but_doubted() -> None:
    sketch = dual(8, 1.27, 5.4, 1.5, 0.6)
    sketch.text(300, 685, "(VIEWED FROM SOLDER SIDE)", 9)
    result = extract([sketch.pdf()], ReadingRequest())
    assert result.land_pattern is not None
    assert result.land_pattern.view == "unknown"
    assert any("seen from below" in r.reason for r in result.needs_review)
    assert result.confidence <= CONTRADICTED
