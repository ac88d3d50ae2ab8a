"""Which files of the desktop application's batch belong together."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtGui", exc_type=ImportError)

from bm3vl.app.datasheet import evidence, page_found
from bm3vl.app.pairing import requests

ONE = {"page": 3, "box": [1, 2, 3, 4]}


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (["a.pdf", "b.pdf"], [("both", "a.pdf"), ("both", "b.pdf")]),
        (["q-outline.png", "q-land.png"], [("both", "q-outline.png", "q-land.png")]),
        (["q_footprint.TIF", "q_mechanical.bmp"], [("both", "q_mechanical.bmp", "q_footprint.TIF")]),
        (["land.png", "outline.png"], [("both", "outline.png", "land.png")]),
        (["q-outline.png", "r-land.png"], [("mechanical", "q-outline.png"), ("footprint", "r-land.png")]),
        (["q-land.png", "q-land.jpg"], [("footprint", "q-land.png"), ("footprint", "q-land.jpg")]),
        (["island.png", "photo.png"], [("footprint", "island.png"), ("footprint", "photo.png")]),
        (["x/q-outline.png", "y/q-land.png"], [("mechanical", "x/q-outline.png"), ("footprint", "y/q-land.png")]),
        (["outline.pdf", "land.png"], [("both", "outline.pdf"), ("footprint", "land.png")]),
    ],
)
def test_two_images_that_differ_in_what_they_show_are_one_part(names: list[str], groups: list[tuple[str, ...]]) -> None:
    made = requests(map(Path, names))
    assert [(one.show, *(str(file) for file in one.files)) for one in made] == groups


def test_the_drawing_found_is_the_land_patterns_then_the_outlines() -> None:
    result = {"land_pattern": {"page": 3, "pads": [{"evidence": [ONE, ONE]}, {}]}, "body": {"length": ONE, "width": {}}}
    assert page_found(result) == 3
    assert evidence(result, 3) == [(1, 2, 3, 4)]
    assert evidence(result, 1) == []
    assert page_found({"land_pattern": None, "land_pages": [], "mechanical_pages": [7]}) == 7
    assert page_found({}) == 1
