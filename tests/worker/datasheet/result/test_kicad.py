"""Footprint files: what is written is read back, by us and by an independent reader; hostile names stay text."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kiutils.footprint import Footprint as Independent

from db.documents.footprint import kicad
from db.documents.footprint.sexpr import Symbol, dump, parse
from db.documents.kinds.datasheet import Body, DatasheetResult, LandPattern, Pad, Value, Via
from worker.datasheet.result import kicad_read

MM = st.integers(-5000, 5000).map(lambda v: v / 100)
SIZE = st.integers(10, 900).map(lambda v: v / 100)
NAME = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)


@st.composite
def pads(draw: st.DrawFn) -> Pad:
    kind = draw(st.sampled_from(["smd", "thru_hole"]))
    shape = draw(st.sampled_from(["rect", "roundrect", "circle", "oval"]))
    w = draw(SIZE)
    h = w if shape == "circle" else draw(SIZE)
    drill = (round(w / 2, 3), round(h / 2, 3)) if kind == "thru_hole" else None
    radius = round(min(w, h) / 4, 4) if shape == "roundrect" else None
    return Pad(number=draw(NAME), type=kind, shape=shape, x=draw(MM), y=draw(MM), w=w, h=h, drill=drill, corner_radius=radius,
               rotation=draw(st.sampled_from([0.0, 90.0, 45.0])))  # fmt: skip


def result_of(*pads: Pad, **more: object) -> DatasheetResult:
    return DatasheetResult(
        package="QFN-16", land_pattern=LandPattern(pads=list(pads), **more), land_pattern_status="found"
    )


def written(result: DatasheetResult, name: str = "part") -> str:
    footprint = kicad.write(result, name)
    assert footprint is not None
    return footprint.text


@given(st.lists(pads(), min_size=1, max_size=8))
def test_pads_survive_writing_and_reading(made: list[Pad]) -> None:
    _, back = kicad_read.read(written(result_of(*made)))
    for ours, theirs in zip(made, back, strict=True):
        assert (theirs.number, theirs.type, theirs.shape, theirs.rotation) == (
            ours.number,
            ours.type,
            ours.shape,
            ours.rotation,
        )
        assert (
            math.dist((ours.x, ours.y, ours.w or 0, ours.h or 0), (theirs.x, theirs.y, theirs.w or 0, theirs.h or 0))
            < 1e-5
        )
        assert theirs.drill == pytest.approx(ours.drill) if ours.drill else theirs.drill is None
        assert theirs.corner_radius == pytest.approx(ours.corner_radius, abs=1e-4) if ours.corner_radius else True


ATOM = st.one_of(
    st.integers(-9999, 9999), st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)
)


@given(
    st.recursive(st.lists(ATOM, max_size=4), lambda inner: st.lists(st.one_of(ATOM, inner), max_size=4), max_leaves=20)
)
def test_expressions_survive(expr: list[object]) -> None:
    assert parse(dump([Symbol("x"), *expr])) == ["x", *expr]  # type: ignore[list-item]


@pytest.mark.parametrize("text", ["", "(", "(a))", '(a "b', "a", "(a) (b)", "(" * 5000 + ")" * 5000])
def test_broken_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"list|string"):
        parse(text)


EVERY = result_of(
    Pad(number="1", shape="roundrect", x=-1, y=0, w=0.6, h=0.3, corner_radius=0.05),
    Pad(number="2", shape="d_shape", x=1, y=0, w=0.85, h=0.28, corner_radius=0.14),
    Pad(number="3", type="thru_hole", shape="circle", x=0, y=2, w=1.6, h=1.6, drill=(0.9, 0.9)),
    Pad(number="4", type="thru_hole", shape="oval", x=0, y=4, w=1.6, h=3, drill=(0.8, 2.2)),
    Pad(number="", type="np_thru_hole", shape="circle", x=3, y=2, drill=(1.1, 1.1)),
    Pad(number="5", role="thermal", x=0, y=0, w=1.2, h=1.2),
    paste=[Pad(number="5", role="paste", shape="roundrect", x=0.3, y=0, w=0.4, h=0.9, corner_radius=0.1)],
    vias=[Via(x=-0.3, y=0, drill=0.2)],
)
MADE = [  # number, type, shape, hole, layers
    ("1", "smd", "roundrect", None, {"F.Cu", "F.Paste", "F.Mask"}), ("2", "smd", "custom", None, {"F.Cu", "F.Paste", "F.Mask"}),
    ("3", "thru_hole", "circle", (0.9, 0.9), {"*.Cu", "*.Mask"}), ("4", "thru_hole", "oval", (0.8, 2.2), {"*.Cu", "*.Mask"}),
    ("", "np_thru_hole", "circle", (1.1, 1.1), {"*.Cu", "*.Mask"}), ("5", "smd", "rect", None, {"F.Cu", "F.Mask"}),
    ("", "smd", "roundrect", None, {"F.Paste"}), ("5", "thru_hole", "circle", (0.2, 0.2), {"*.Cu"}),
]  # fmt: skip


def test_an_independent_reader_agrees(tmp_path: Path) -> None:
    path = tmp_path / "part.kicad_mod"
    path.write_text(written(EVERY))
    back = Independent.from_file(str(path))
    holes = [(p.drill.diameter, p.drill.width or p.drill.diameter) if p.drill else None for p in back.pads]
    found = [(p.number, p.type, p.shape, hole, set(p.layers)) for p, hole in zip(back.pads, holes, strict=True)]
    assert found == MADE
    assert back.pads[3].drill.oval
    assert back.pads[0].roundrectRatio == pytest.approx(0.05 / 0.3, abs=1e-5)


def test_our_reader_finds_copper_and_holes_again() -> None:
    _, back = kicad_read.read(written(EVERY))
    copper = [m for m in MADE if m[4] != {"F.Paste"}]
    assert [(p.number, p.type, p.shape, p.drill) for p in back] == [m[:4] for m in copper]


OPEN = """
import sys
try:
    import pcbnew
except ImportError:
    sys.exit("no pcbnew")
for p in pcbnew.FootprintLoad(sys.argv[1], "part").Pads():
    layers = [int(p.GetLayerSet().Contains(layer)) for layer in (pcbnew.F_Cu, pcbnew.F_Paste)]
    print(p.GetNumber() or "-", p.GetAttribute(), p.GetSize()[0], *p.GetDrillSize(), *layers)
"""


def test_kicad_itself_opens_the_file(tmp_path: Path) -> None:
    """With the Python that the system's KiCad is built for, where one is installed: 6.0 and later."""
    (tmp_path / "part.kicad_mod").write_text(written(EVERY))
    python = "/usr/bin/python3"
    if not Path(python).exists():
        pytest.skip(f"KiCad needs {python}")
    opened = subprocess.run([python, "-c", OPEN, str(tmp_path)], capture_output=True, text=True, check=False)
    if opened.stderr.startswith("no pcbnew"):
        pytest.skip(opened.stderr.strip())
    assert opened.stdout.splitlines() == [  # number, kind, width and hole in nanometres, copper, paste
        "1 1 600000 0 0 1 1", "2 1 224000 0 0 1 1", "3 0 1600000 900000 900000 1 0", "4 0 1600000 800000 2200000 1 0",
        "- 3 1100000 1100000 1100000 1 0", "5 1 1200000 0 0 1 0", "- 1 400000 0 0 0 1", "5 0 400000 200000 200000 1 0",
    ], opened.stderr  # fmt: skip


def test_the_round_end_of_a_d_shape_looks_inwards() -> None:
    left = kicad.d_outline((0.85, 0.28), -1.5, 0.0)
    assert max(x for x, _ in left) == pytest.approx(0.425)
    assert sum(abs(x - 0.425) < 1e-9 for x, _ in left) == 1  # one tip on the inner side, two corners on the outer
    assert sum(abs(x + 0.425) < 1e-9 for x, _ in left) == 2


def test_copper_that_is_not_stated_is_said_to_be_assumed() -> None:
    footprint = kicad.write(
        result_of(Pad(number="1", type="thru_hole", shape="circle", x=0, y=0, drill=(0.9, 0.9))), "part"
    )
    assert footprint is not None
    assert footprint.notes == ["copper of pad 1 assumed: hole + 0.5 mm"]
    assert "copper of pad 1 assumed" in footprint.text


def test_paste_and_vias_that_the_drawing_leaves_open_are_noted() -> None:
    result = result_of(Pad(number="5", x=0, y=0, w=2, h=2, role="thermal"))
    assert result.land_pattern is not None
    land = result.land_pattern.model_copy(update={"vias": [Via(x=0.5, y=0.5)]})
    footprint = kicad.write(result.model_copy(update={"land_pattern": land}), "part")
    assert footprint is not None
    assert footprint.notes == ["paste of pad 5 as large as the pad: no windows read", "1 vias left out: no drill read"]


def test_an_outline_that_is_no_rectangle_is_noted() -> None:
    footprint = kicad.write(result_of(Pad(number="1", shape="custom", x=0, y=0, w=1, h=2)), "part")
    assert footprint is not None
    assert footprint.notes == ["pad 1 written as the rectangle around its outline"]


def test_no_pad_that_can_be_made_gives_no_file() -> None:
    assert kicad.write(result_of(Pad(number="1", x=0, y=0)), "part") is None
    assert kicad.write(DatasheetResult(), "part") is None


def test_layers_of_a_finished_footprint() -> None:
    body = Body(length=Value(nom=3.0), width=Value(nom=2.0))
    made = [Pad(number=str(i + 1), x=x, y=0.0, w=0.5, h=0.4) for i, x in enumerate((-1.6, 1.6))]
    thermal = Pad(number="3", x=0, y=0, w=1.5, h=1.0, role="thermal")
    paste = [Pad(number="3", x=0, y=0, w=1.0, h=0.7, role="paste")]
    result = result_of(*made, thermal, paste=paste).model_copy(update={"body": body})
    expr = parse(written(result))
    text = dump(expr)
    for layer in ("F.CrtYd", "F.Fab", "F.SilkS"):
        assert f'"{layer}"' in text
    pads = [e for e in expr if isinstance(e, list) and e[0] == "pad"]
    layers = [next(x[1:] for x in p if isinstance(x, list) and x[0] == "layers") for p in pads]
    assert layers == [["F.Cu", "F.Paste", "F.Mask"]] * 2 + [["F.Cu", "F.Mask"], ["F.Paste"]]


@pytest.mark.parametrize("name", ["../../etc/passwd", 'a"b)(c', "", "SOT 23/5", "ÄÖ"])
def test_names_are_safe_for_files_and_text(name: str) -> None:
    safe = kicad.safe_name(name)
    assert safe
    assert set(safe) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-")
    hostile = result_of(Pad(number='1") (bad "', x=0, y=0, w=1, h=1)).model_copy(update={"package": name})
    assert kicad_read.read(written(hostile, safe))[1][0].number == '1") (bad "'
