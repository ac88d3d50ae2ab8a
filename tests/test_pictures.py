"""The pictures of the documents are there, and the project draws those of the reader itself."""

from __future__ import annotations

import re
import runpy
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).parent.parent
PICTURE = re.compile(r"!\[[^\]]+\]\(([^)]+)\)")


def test_every_picture_of_a_document_is_there() -> None:
    documents = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    shown = [(d, d.parent / p) for d in documents for p in PICTURE.findall(d.read_text("utf-8")) if "://" not in p]
    assert len(shown) >= 8
    assert [(d.name, str(p)) for d, p in shown if not p.exists()] == []


def test_the_readers_steps_are_drawn_from_a_drawing_of_the_generator(tmp_path: Path) -> None:
    kept = ROOT / "docs" / "pictures"
    runpy.run_path(str(kept / "draw.py"))["main"](tmp_path)
    drawn = {path.name: ET.parse(path).getroot() for path in tmp_path.glob("*.svg")}  # noqa: S314
    assert drawn.keys() == {path.name for path in kept.glob("*.svg")}
    assert len(drawn) == 5
    texts = {node.text for node in drawn["land.svg"].iter("{http://www.w3.org/2000/svg}text")}
    assert {str(n) for n in range(1, 9)} <= texts
