"""The nearest part of a library folder, on footprints of our own making."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.documents.footprint import kicad
from db.documents.kinds.datasheet import DatasheetResult, LandPattern, Pad
from worker.datasheet.result import library


def dual(pitch: float, w: float, across: float = 5.4, count: int = 4) -> list[Pad]:
    at = [round((i - (count - 1) / 2) * pitch, 4) for i in range(count)]
    left = [Pad(number=str(i + 1), x=-across / 2, y=y, w=w, h=0.6) for i, y in enumerate(at)]
    return left + [Pad(number=str(2 * count - i), x=across / 2, y=y, w=w, h=0.6) for i, y in enumerate(at)]


def put(folder: Path, name: str, pads: list[Pad]) -> None:
    footprint = kicad.write(DatasheetResult(land_pattern=LandPattern(pads=pads)), name)
    assert footprint is not None
    path = folder / "Package_SO.pretty" / f"{name}.kicad_mod"
    path.parent.mkdir(exist_ok=True)
    path.write_text(footprint.text)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    put(tmp_path, "SOIC-8", dual(1.27, 1.55))
    put(tmp_path, "SOP-8", dual(1.25, 1.9))
    put(tmp_path, "SOIC-16", dual(1.27, 1.55, count=8))
    (tmp_path / "broken.kicad_mod").write_text("(footprint " + "(pad " * 20)
    return tmp_path


def test_the_same_part_is_found_with_its_differences(shelf: Path) -> None:
    part = library.nearest(dual(1.27, 1.5), shelf)
    assert part is not None
    assert part.name == "Package_SO:SOIC-8"
    assert (part.max_position_diff_mm, part.max_size_diff_mm, part.numbers_equal) == (0.0, 0.05, 8)


def test_a_turned_part_is_the_same_part(shelf: Path) -> None:
    turned = [p.model_copy(update={"x": -p.y, "y": p.x, "w": p.h, "h": p.w}) for p in dual(1.27, 1.55)]
    part = library.nearest(turned, shelf)
    assert part is not None
    assert (part.name, part.max_position_diff_mm, part.max_size_diff_mm, part.numbers_equal) == (
        "Package_SO:SOIC-8",
        0.0,
        0.0,
        8,
    )
    assert part.rotation_deg in (90, 270)


def test_no_library_no_answer(tmp_path: Path) -> None:
    assert library.nearest(dual(1.27, 1.5), None) is None
    assert library.nearest(dual(1.27, 1.5), tmp_path) is None
    assert library.nearest([], tmp_path) is None


@given(st.integers(-300, 300), st.integers(-300, 300))
def test_where_the_origin_lies_does_not_matter(dx: int, dy: int) -> None:
    spots = library._spots(dual(1.27, 1.5))
    moved = [p.model_copy(update={"x": p.x + dx / 100, "y": p.y + dy / 100}) for p in dual(1.27, 1.5)]
    assert library._differences(spots, library._spots(moved)) == pytest.approx((0, 0, 8), abs=1e-9)
