"""Datasheets of the footprints of an index: every pad follows from the print, and none is drawn that could not be read."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from worker.datasheet.synthetic import generate, guard
from worker.datasheet.synthetic.land import turned
from worker.datasheet.synthetic.parts.library import Library
from worker.datasheet.synthetic.style import LOOKS


def _smd(number: str, x: float, y: float, w: float, h: float) -> list[Any]:
    return [number, "smd", "rect", x, y, 0, w, h, None, None, True]


def _hole(number: str, x: float, y: float, w: float, h: float, drill: tuple[float, float]) -> list[Any]:
    return [number, "thru_hole" if number else "np_thru_hole", "oval", x, y, 0, w, h, drill, None, True]


CONNECTOR = [
    *(_smd(str(i + 1), 1.25 * i, 0, 0.6, 1.8) for i in range(5)),
    *(_smd("MP", x, 3.1, 1.4, 2.2) for x in (-2.1, 7.1)),
    *(_hole("", x, 2.05, 0.8, 0.8, (0.8, 0.8)) for x in (0.5, 4.5)),
]
JACK = [
    _hole("1", 0, 0, 1, 3, (0.6, 2.5)),
    _hole("2", 6.3, 0.4, 1.2, 3, (0.6, 2.5)),
    _hole("3", 3, 4.7, 3, 1, (2.5, 0.6)),
]
FINE = [_smd(str(i + 1), -2 + 4 * (i % 2), 0.635 * (i // 2), 1.1, 0.35) for i in range(12)]
PASTED = [_smd("1", -1, 0, 1, 1), _smd("2", 1, 0, 1, 1), [*_smd("", 1, 0, 0.5, 0.5)[:-1], False]]
TOUCHING = [_smd("1", 0, 0, 2, 2), _smd("2", 1, 0, 2, 2)]
TURNED = [[*_smd("1", 0, 0, 2, 1)[:5], 45, 2, 1, None, None, True], _smd("2", 4, 0, 2, 1)]


def _index(path: Path, *footprints: list[list[Any]]) -> Path:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for i, pads in enumerate(footprints):
            row = {"lib": f"Parts_{i}", "name": f"part_{i}", "pads": pads, "fab": [-3, -2, 8, 5]}
            file.write(json.dumps(row) + "\n")
    return path


def _parts(path: Path, count: int = 12) -> list[Any]:
    library, looks = Library.read(path), list(LOOKS.values())
    return [library.part(random.Random(i), looks[i % len(looks)]) for i in range(count)]


@pytest.mark.parametrize("pads", [CONNECTOR, JACK, FINE, PASTED], ids=["connector", "jack", "fine", "pasted"])
def test_every_pad_follows_from_the_print(tmp_path: Path, pads: list[list[Any]]) -> None:
    for part in _parts(_index(tmp_path / "i.gz", pads)):
        for drawn, links in ((part.pads, part.links), turned(part)):
            known = guard.follows(drawn, links)
            copper = [
                w and h for w, h, p in zip(known.width, known.height, drawn, strict=True) if p.type != "np_thru_hole"
            ]
            assert known.places
            assert all(copper)
            assert all(known.hole)


def test_every_dimension_says_something_new(tmp_path: Path) -> None:
    for part in _parts(_index(tmp_path / "i.gz", CONNECTOR)):
        for i in range(len(part.links)):
            known = guard.follows(part.pads, part.links[:i] + part.links[i + 1 :])
            assert not (known.places and all(known.width) and all(known.height) and all(known.hole)), part.links[i]


def test_steps_keep_the_decimals_they_need(tmp_path: Path) -> None:
    (fine,) = {p.decimals for p in _parts(_index(tmp_path / "f.gz", FINE))}
    (usual,) = {p.decimals for p in _parts(_index(tmp_path / "c.gz", CONNECTOR))}
    assert (fine, usual) == (3, 2)


def test_paste_is_no_pad_and_what_touches_or_leans_is_left_out(tmp_path: Path) -> None:
    parts = _parts(_index(tmp_path / "i.gz", PASTED, TOUCHING, TURNED))
    assert {p.footprint for p in parts} == {"Parts_0:part_0"}
    assert {len(p.pads) for p in parts} == {2}
    with pytest.raises(ValueError, match="no footprint"):
        _parts(_index(tmp_path / "i.gz", TOUCHING, TURNED))


def test_one_seed_one_document(tmp_path: Path) -> None:
    library = Library.read(_index(tmp_path / "i.gz", CONNECTOR, JACK))
    pdfs = [tmp_path / "a.pdf", tmp_path / "b.pdf"]
    truths = [generate.make(3, pdf, "library", "x", library=library) for pdf in pdfs]
    assert pdfs[0].read_bytes() == pdfs[1].read_bytes()
    assert truths[0]["land_pattern"] == truths[1]["land_pattern"]
    assert truths[0]["kicad_footprint"] in ("Parts_0:part_0", "Parts_1:part_1")


def test_the_index_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index, out = str(_index(tmp_path / "i.gz", CONNECTOR)), str(tmp_path / "p.pdf")
    assert generate.main(["--split", "library", "--out", out]) == 2
    assert "--kicad-index" in capsys.readouterr().err
    assert generate.main(["--split", "library", "--kicad-index", index, "--out", out]) == 0
