"""Made-up datasheets: the same seed gives the same bytes, truths follow from the print, evidence stands where it says."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.datasheet.synthetic import generate, guard, printing, style
from worker.datasheet.synthetic.land import turned
from worker.datasheet.synthetic.part import Link, PadSpec, Spread
from worker.datasheet.synthetic.parts import families
from worker.datasheet.synthetic.style import LOOKS

SEEDS = st.integers(0, 10_000)
FAMILY = st.sampled_from(sorted(families.FAMILIES))
LOOK = st.sampled_from(sorted(LOOKS))


def test_one_seed_one_document(tmp_path: Path) -> None:
    for split in ("clean", "dev", "test"):
        a, b = tmp_path / "a.pdf", tmp_path / "b.pdf"
        first, second = generate.make(5, a, split, "x"), generate.make(5, b, split, "x")
        assert a.read_bytes() == b.read_bytes()
        assert {**first, "source": 0} == {**second, "source": 0}


def test_splits_share_nothing() -> None:
    for one, other in ((0, 0), (1, 1)):
        assert not set(generate.SPLITS["dev"][one]) & set(generate.SPLITS["test"][other])


@settings(max_examples=60, deadline=None)
@given(SEEDS, FAMILY, LOOK)
def test_every_pad_follows_from_the_print(seed: int, family: str, look: str) -> None:
    part = families.FAMILIES[family](random.Random(seed), LOOKS[look])
    assert _whole(part.pads, part.links)


@settings(max_examples=40, deadline=None)
@given(SEEDS, FAMILY, LOOK, st.data())
def test_a_number_left_out_is_missed(seed: int, family: str, look: str, data: st.DataObject) -> None:
    """Families print hardly a dimension twice: without any other one something is not stated any more."""
    part = families.FAMILIES[family](random.Random(seed), LOOKS[look])
    links = [link for link in part.links if link.what not in ("row_span", "pegs")]  # may stand in line
    gone = data.draw(st.integers(0, len(links) - 1))
    assert not _whole(part.pads, [link for i, link in enumerate(links) if i != gone])


def _whole(pads: list[PadSpec], links: list[Link]) -> bool:
    """Whether every place, hole and copper size follows; a hole without copper has none."""
    known = guard.follows(pads, links)
    sized = [w and h for w, h, p in zip(known.width, known.height, pads, strict=True) if p.type != "np_thru_hole"]
    return known.places and all(sized) and all(k for k, p in zip(known.hole, pads, strict=True) if p.drill)


@settings(max_examples=40, deadline=None)
@given(SEEDS, FAMILY)
def test_turning_keeps_lengths_and_solvability(seed: int, family: str) -> None:
    part = families.FAMILIES[family](random.Random(seed), LOOKS["ti"])
    pads, links = turned(part)
    assert guard.follows(pads, links).places
    for before, after in zip(part.links, links, strict=True):
        assert _length(part.pads, before) == pytest.approx(_length(pads, after), abs=1e-9)
        assert before.axis != after.axis


def _length(pads: list[PadSpec], link: Link) -> float:
    low, high = pads[link.a[0]], pads[link.b[0]]
    return high.edge(link.axis, link.b[1]) - low.edge(link.axis, link.a[1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("synthetic")
    for split in ("dev", "test"):
        generate.make_folder(path, 12, 0, split)
    return path


def test_printed_texts_stand_in_their_boxes(folder: Path) -> None:
    """The box of every text of the truth holds that text in the PDF's own text layer."""
    seen = 0
    for path in sorted((folder / "truth").glob("*.json")):
        truth = json.loads(path.read_text())
        if {"stroked_text_no_text_layer", "rotated_page"} & set(truth["tags"]):
            continue
        pdf = pypdfium2.PdfDocument(folder / truth["source"]["pdf"])
        for entry in truth["evidence"]:
            if entry["what"]:
                assert _text_in(pdf, entry) == entry["printed"].replace(" ", ""), (path.stem, entry)
                seen += 1
        pdf.close()
    assert seen > 100


def _text_in(pdf: pypdfium2.PdfDocument, entry: dict[str, object]) -> str:
    page = pdf[entry["page"] - 1]  # type: ignore[operator]
    height = page.get_height()
    x0, y0, x1, y1 = entry["box"]  # type: ignore[misc]
    text = page.get_textpage().get_text_bounded(
        left=x0 - 0.6, bottom=height - y1 - 0.6, right=x1 + 0.6, top=height - y0 + 0.6
    )
    return "".join(str(text).split())


def test_truths_have_the_shared_schema(folder: Path) -> None:
    for path in (folder / "truth").glob("*.json"):
        truth = json.loads(path.read_text())
        assert truth["schema"] == "bm3vl.datasheet_truth/1"
        assert truth["body"]["length"].keys() >= {"min", "nom", "max", "printed"}
        best = [
            max(v for k in ("min", "nom", "max") if (v := truth["body"][s][k]) is not None) for s in ("length", "width")
        ]
        assert best[0] >= best[1]
        pages = truth["pages"]["mechanical"] + truth["pages"]["land_pattern"]
        assert all(1 <= n <= truth["page_count"] for n in pages)
        if truth["land_pattern"] is None:
            assert truth["pages"]["land_pattern"] == []


def test_numbers_are_placed_apart(folder: Path) -> None:
    """No two dimension texts of a page overlap."""
    for path in (folder / "truth").glob("*.json"):
        entries = [e for e in json.loads(path.read_text())["evidence"] if e["what"]]
        for i, a in enumerate(entries):
            for b in entries[i + 1 :]:
                assert a["page"] != b["page"] or not _overlap(a["box"], b["box"]), (path.stem, a, b)


def _overlap(a: list[float], b: list[float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def test_a_scan_has_no_text_and_the_same_truth(tmp_path: Path) -> None:
    drawn = generate.make(3, tmp_path / "a.pdf", "dev", "x")
    scanned = generate.make_scanned(3, tmp_path / "b.pdf", 100, "dev", "x")
    again = generate.make_scanned(3, tmp_path / "c.pdf", 100, "dev", "x")
    assert (scanned["body"], scanned["land_pattern"]) == (drawn["body"], drawn["land_pattern"])
    assert scanned["source"]["sha256"] == again["source"]["sha256"]
    pdf = pypdfium2.PdfDocument(tmp_path / "b.pdf")
    assert pdf[0].get_size() == pytest.approx((595, 842), abs=1)
    assert pdf[0].get_textpage().count_chars() == 0
    assert "raster" in scanned["tags"]


def test_sizes_that_are_not_printed_are_null(tmp_path: Path) -> None:
    """Some documents of a split leave a number out, and say null where it is missed."""
    truths = [generate.make(seed, tmp_path / "p.pdf", "dev") for seed in range(60)]
    pads = [p for t in truths if t["land_pattern"] for p in t["land_pattern"]["pads"]]
    assert any(p["w"] is None or p["h"] is None for p in pads)
    assert any(t["land_pattern"] is None for t in truths)


def test_command_line(tmp_path: Path) -> None:
    assert generate.main(["--seed", "7", "--out", str(tmp_path / "p.pdf"), "--truth", str(tmp_path / "t.json")]) == 0
    assert json.loads((tmp_path / "t.json").read_text())["land_pattern"]["pads"]
    assert generate.main(["--count", "2", "--folder", str(tmp_path / "set"), "--split", "dev"]) == 0
    assert len(list((tmp_path / "set" / "pdf").iterdir())) == len(list((tmp_path / "set" / "truth").iterdir())) == 2
    assert generate.main([]) == 2


def test_looks_cover_the_habits_of_makers() -> None:
    looks = LOOKS.values()
    assert {s.outline for s in looks} >= {"table", "stacked", "plain", "plus_minus", "bracket", "inch_over_mm"}
    assert {s.land for s in looks} >= {"plain", "paren", "dash", "bracket", "inch_over_mm", "table"}
    assert {s.fill_style for s in looks} == {"outline", "filled", "hatched"}
    assert any(s.comma for s in looks)
    assert any(s.font == "strokes" for s in looks)
    assert set(style.DEV) | set(style.TEST) == set(LOOKS)


@pytest.mark.parametrize("form", ["plain", "bracket"])
def test_a_number_printed_as_the_most_states_no_more(form: str) -> None:
    lines, stated = printing.printed(Spread(max=0.9), LOOKS["ti"], form, "MAX")
    assert lines[0].endswith("MAX")
    assert stated == Spread(max=0.9)
