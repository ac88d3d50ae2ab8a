"""The vlm reader and the comparison, with a model server that knows the truth of a made-up datasheet, or says it wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.documents.kinds.base import MediaInput
from db.documents.kinds.datasheet import Body, DatasheetResult, LandPattern, Pad, Value
from db.documents.kinds.datasheet_params import DatasheetParams
from tests.worker.engines.model_server_process import model_server
from worker.context import LocalContext
from worker.datasheet.handler import extract_datasheet
from worker.datasheet.result.compare import compare
from worker.datasheet.result.score import score_pads
from worker.datasheet.synthetic import generate
from worker.datasheet.thresholds.result import CLAIM_ALONE
from worker.datasheet.vlm import reader as vlm
from worker.datasheet.vlm.answers import Centres, Counted, PadRow, PadSize, PadSizes
from worker.engines.openai import OpenAIEngine
from worker.engines.spec import ModelSpec
from worker.errors import Permanent

SEED = 7


def answers(truth: dict[str, Any]) -> dict[str, Any]:
    """What a model that reads without fault would say: every pad a row of one."""
    pads = truth["land_pattern"]["pads"]
    kinds = sorted({(p["w"], p["h"], p["shape"]) for p in pads})
    rows = [
        {"group": kinds.index((p["w"], p["h"], p["shape"])), "first_number": int(p["number"]), "number_step": 1, "count": 1,
         "x": p["x"], "y": p["y"], "step_x": 0, "step_y": 0}
        for p in pads
    ]  # fmt: skip
    groups = [
        {"group": i, "type": "smd", "shape": s, "w": w, "h": h, "drill": None, "role": "signal", "printed": f"{w:.2f}"}
        for i, (w, h, s) in enumerate(kinds)
    ]
    body = {
        f"body_{k}": {f: truth["body"][k][f] for f in ("min", "nom", "max", "printed")}
        for k in ("length", "width", "height")
    }
    counted = {"has_land_pattern": True, "unit": "mm", "pads": len(pads), "exposed_pad": False, **body}
    said = {Counted: counted, Centres: {"rows": rows}, PadSizes: {"groups": groups}}
    return {schema.__name__: answer for schema, answer in said.items()}


def run(
    tmp_path: Path, reader: str, wrong: Callable[[dict[str, Any]], None] = lambda _: None
) -> tuple[DatasheetResult, dict[str, Any]]:
    truth = generate.make(SEED, tmp_path / "part.pdf")
    said = answers(truth)
    wrong(said)
    with model_server(tmp_path, {k: json.dumps(v) for k, v in said.items()}) as address:
        far = OpenAIEngine(ModelSpec.parse(f"openai:{address}?model=plain"))
        job = LocalContext(far, tmp_path / "part.pdf", files=tmp_path)
        params = DatasheetParams(document=MediaInput(asset_id="x"), reader=reader)
        return extract_datasheet(params, job), truth


def test_the_model_alone(tmp_path: Path) -> None:
    result, truth = run(tmp_path, "vlm")
    assert result.readers_used == ["vlm"]
    assert result.land_pattern is not None
    assert (
        score_pads(truth["land_pattern"]["pads"], [p.model_dump() for p in result.land_pattern.pads], 0.001).exact
        == 1.0
    )
    assert all(p.status == "assumed" and p.confidence < 0.9 for p in result.land_pattern.pads)
    assert result.body.length.nom == truth["body"]["length"]["nom"]
    assert result.files.kicad_mod is not None


def test_two_readers_that_agree(tmp_path: Path) -> None:
    result, _ = run(tmp_path, "both")
    assert (result.readers_used, result.disagreements) == (["vector", "vlm"], [])
    assert result.land_pattern is not None
    assert min(p.confidence for p in result.land_pattern.pads) > 0.9
    assert result.body.length.confidence > 0.98


def test_a_disagreement_is_shown_and_not_averaged(tmp_path: Path) -> None:
    def wrong(said: dict[str, Any]) -> None:
        said[PadSizes.__name__]["groups"][0]["w"] += 0.2
        said[Counted.__name__]["body_width"]["nom"] += 0.5

    result, truth = run(tmp_path, "both", wrong)
    assert {d.field for d in result.disagreements} == {"land_pattern.pads.size", "body.width"}
    assert result.body.width.nom == truth["body"]["width"]["nom"]
    assert result.body.width.confidence <= 0.5
    assert {"land_pattern.pads.size", "body.width"} <= {r.field for r in result.needs_review}


def test_numbers_that_the_page_does_not_print_are_trusted_less(tmp_path: Path) -> None:
    def wrong(said: dict[str, Any]) -> None:
        for group in said[PadSizes.__name__]["groups"]:
            group["printed"] = "77.31"

    result, _ = run(tmp_path, "vlm", wrong)
    assert result.land_pattern is not None
    assert {p.confidence for p in result.land_pattern.pads} == {CLAIM_ALONE}


def test_an_answer_outside_its_bounds_is_refused(tmp_path: Path) -> None:
    def wrong(said: dict[str, Any]) -> None:
        said[Centres.__name__]["rows"][0]["x"] = 1e9

    with pytest.raises(Permanent, match="not Centres"):
        run(tmp_path, "vlm", wrong)


@given(st.integers(1, 40), st.integers(1, 300), st.integers(1, 100), st.sampled_from([-1, 1]))
def test_a_row_is_as_many_pads_in_line(count: int, step: int, first: int, direction: int) -> None:
    row = PadRow(
        group=0, first_number=first, number_step=1, count=count, x=1.0, y=2.0, step_x=direction * step / 100, step_y=0
    )
    size = PadSize(group=0, type="smd", shape="rect", w=0.3, h=0.8, drill=None, role="signal", printed="0.3")
    pads = vlm.expand([row], [size], 1.0, "0.3")
    assert [p.number for p in pads] == [str(first + i) for i in range(count)]
    assert pads[-1].x - pads[0].x == pytest.approx(direction * step / 100 * (count - 1), abs=2e-4)
    assert pads[0].x + pads[-1].x == pytest.approx(0, abs=2e-4)


def both(*pads: Pad, **body: Value) -> DatasheetResult:
    return DatasheetResult(
        land_pattern=LandPattern(pads=list(pads)) if pads else None, body=Body(**body), land_pattern_status="not_read"
    )


def test_what_only_the_model_read_is_assumed() -> None:
    pad = Pad(number="1", x=0, y=0, w=1, h=1, confidence=0.6)
    result = compare(both(), both(pad, height=Value(max=1.0, status="stated")))
    assert result.land_pattern is not None
    assert result.body.height.status == "assumed"
    assert "land_pattern" in {r.field for r in result.needs_review}


def test_a_limit_only_one_of_them_read_is_no_difference() -> None:
    result = compare(both(length=Value(min=1.0, max=2.0)), both(length=Value(max=2.0)))
    assert result.disagreements == []


@given(st.sampled_from(["centre", "number", "size", "pads"]))
def test_each_kind_of_difference_has_its_field(kind: str) -> None:
    pads = [Pad(number=str(i), x=float(i), y=0.0, w=0.5, h=1.0) for i in range(1, 5)]
    change = {"centre": {"x": 3.7}, "number": {"number": "9"}, "size": {"w": 0.7}}.get(kind)
    other = pads[:-1] if change is None else [*pads[:-2], pads[2].model_copy(update=change), pads[3]]
    found = compare(both(*pads), both(*other)).disagreements
    assert [d.field for d in found] == ["land_pattern.pads" if kind == "pads" else f"land_pattern.pads.{kind}"]
