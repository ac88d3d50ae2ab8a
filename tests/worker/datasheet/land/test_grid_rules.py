"""Ball grids of which makers print no figure but rules: a pitch, a pad diameter, and an outline with as many balls."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest

TABLE = (("A", 0.46, 0.53, 0.60), ("b", 0.17, 0.28, 0.33), ("D", 4.85, 5.0, 5.15), ("D1", 3.45, 3.5, 3.55),
         ("E", 4.85, 5.0, 5.15), ("E1", 3.45, 3.5, 3.55), ("e", None, 0.5, None))  # fmt: skip


def document(pitch: str = "0.5", diameter: str = "0.280 mm") -> bytes:
    """An outline of 8 x 8 balls at a pitch of 0.5 mm, and a page of rules with one pad of it."""
    sketch = Sketch(scale=30.0, at=(300, 560))
    sketch.text(300, 740, "Figure 1. UFBGA64 - Outline", 11)
    sketch.rect(0, 0, 5, 5)
    for i in range(64):
        sketch.circle((i % 8 - 3.5) * 0.5, (i // 8 - 3.5) * 0.5, 0.28)
    sketch.across(-2.5, 2.5, -3.2, "E")
    sketch.along(-2.5, 2.5, -3.2, "D")
    sketch.text(300, 440, "Table 1. UFBGA64 - Mechanical data", 10)
    for x, head in ((150, "Symbol"), (250, "Min"), (350, "Typ"), (450, "Max")):
        sketch.text(x, 420, head)
    for row, (symbol, *limits) in enumerate(TABLE):
        sketch.text(150, 400 - 18 * row, symbol)
        for x, limit in zip((250, 350, 450), limits, strict=True):
            sketch.text(x, 400 - 18 * row, "-" if limit is None else f"{limit:.3f}")
    sketch.page()
    sketch.text(300, 740, "Figure 2. UFBGA64 - Recommended footprint", 11)
    sketch.circle(0, 0, 1.4)
    sketch.circle(0, 0, 1.0)
    sketch.across(-0.5, 0.5, 1.4, "Dpad")
    sketch.text(300, 440, "Table 2. UFBGA64 - Recommended PCB design rules (0.5 mm pitch BGA)", 10)
    for row, (name, value) in enumerate(
        (("Pitch", pitch), ("Dpad", diameter), ("Dsm", "0.370 mm typ."), ("Stencil opening", "0.300 mm"))
    ):
        sketch.text(150, 400 - 18 * row, name)
        sketch.text(350, 400 - 18 * row, value)
    return sketch.pdf()


def test_a_grid_follows_from_rules_and_outline() -> None:
    result = extract([document()], ReadingRequest(package="UFBGA64"))
    land = result.land_pattern
    assert land is not None
    assert [(p.number, p.x, p.y) for p in land.pads[:2]] == [("A1", -1.75, -1.75), ("A2", -1.25, -1.75)]
    assert (len(land.pads), land.pads[-1].number, land.pads[-1].x, land.pads[-1].y) == (64, "H8", 1.75, 1.75)
    assert {(p.w, p.h, p.shape) for p in land.pads} == {(0.28, 0.28, "circle")}
    assert {e.printed for e in land.pads[0].evidence} == {"Dpad 0.280 mm", "e - 0.500 -"}
    assert any("no figure shows the pads" in r.reason for r in result.needs_review)
    assert max(p.confidence for p in land.pads) < 0.9


def test_decimal_commas_are_read() -> None:
    land = extract([document(diameter="0,280 mm")], ReadingRequest(package="UFBGA64")).land_pattern
    assert land is not None
    assert land.pads[0].w == 0.28


@pytest.mark.parametrize(
    ("package", "pitch", "diameter"),
    [
        ("UFBGA63", "0.5", "0.280 mm"),
        ("UFBGA64", "0.4", "0.280 mm"),
        ("UFBGA64", "0.5", "0.600 mm"),
        ("UFBGA", "0.5", "0.280 mm"),
    ],
)
def test_numbers_that_do_not_close_give_no_grid(package: str, pitch: str, diameter: str) -> None:
    land = extract([document(pitch, diameter)], ReadingRequest(package=package)).land_pattern
    assert land is None or len(land.pads) != 64
