"""What a datasheet job comes to, and which footprints are written at all."""

from __future__ import annotations

from db.documents.footprint import files
from db.documents.footprint.derive import derive
from db.documents.kinds import datasheet_verdict
from db.documents.kinds.datasheet import DatasheetResult, LandPattern, Pad, Review


def pad(number: int, x: float, w: float | None = 0.6, confidence: float = 0.95, **more: object) -> Pad:
    return Pad(number=str(number), x=x, y=0, w=w, h=1.0, confidence=confidence, **more)


def judged(*pads: Pad, allow_incomplete: bool = False, pins: int | None = None, **more: object) -> DatasheetResult:
    land = LandPattern(pads=list(pads), pins=pins) if pads else None
    return derive(DatasheetResult(package="SOT-23", land_pattern=land, **more), "B", allow_incomplete)


def state(result: DatasheetResult) -> str | None:
    return result.verdict and result.verdict.state


def written(result: DatasheetResult) -> dict[str, str]:
    return {file.name: file.text for file in files.write(result, [])[1] if file.name.endswith(".kicad_mod")}


def test_only_what_nothing_is_open_about_is_verified() -> None:
    assert state(judged(pad(1, -1), pad(2, 1))) == "verified"
    assert state(judged(pad(1, -1), pad(2, 1, confidence=0.8))) == "check"
    open_item = judged(pad(1, -1), pad(2, 1), needs_review=[Review(field="body", reason="no height was found")])
    assert open_item.verdict is not None
    assert (open_item.verdict.state, open_item.verdict.items) == ("check", 1)
    assert open_item.verdict.reason == "no height was found"


def test_a_hole_whose_copper_is_assumed_is_not_verified() -> None:
    bare = Pad(number="1", type="thru_hole", shape="circle", x=0, y=0, drill=(1.0, 1.0), confidence=0.95)
    assert state(judged(bare, pad(2, 3))) == "check"
    assert state(judged(bare.model_copy(update={"type": "np_thru_hole"}), pad(2, 3))) == "verified"


def test_no_land_pattern_gives_the_reader_s_own_reason() -> None:
    said = judged(needs_review=[Review(field="land_pattern", reason='"PCB LAYOUT" on page 3 could not be read')])
    assert said.verdict is not None
    assert (said.verdict.state, said.verdict.reason) == ("no_footprint", '"PCB LAYOUT" on page 3 could not be read')
    assert "recommends no land pattern" in (judged().verdict or said.verdict).reason


def test_an_incomplete_footprint_is_written_only_when_asked_for_and_says_so() -> None:
    pads = pad(1, -1), pad(2, 1, w=None)
    refused, wanted = judged(*pads), judged(*pads, allow_incomplete=True)
    assert refused.verdict is not None
    assert (state(refused), state(wanted)) == ("no_footprint", "check")
    assert "1 of 2 pads have no stated size or hole (2)" in refused.verdict.reason
    assert written(refused) == {}
    assert [*written(wanted)] == ["SOT-23_INCOMPLETE.kicad_mod"]
    text = written(wanted)["SOT-23_INCOMPLETE.kicad_mod"]
    assert 'footprint "SOT-23_INCOMPLETE"' in text
    assert '(descr "INCOMPLETE: 1 of 2 pads have no stated size or hole (2)' in text


def test_a_pin_without_a_pad_makes_it_incomplete() -> None:
    few = judged(pad(1, -1), pad(2, 1), pins=3)
    assert few.verdict is not None
    assert few.verdict.lacking == ["the part has 3 pins, the land pattern was read with 2 pads"]
    assert any(review.reason == few.verdict.lacking[0] for review in few.needs_review)
    assert written(few) == {}
    assert [*written(judged(pad(1, -1), pad(2, 1), pins=2))] == ["SOT-23.kicad_mod"]


def test_a_verdict_is_one_line_and_an_exit_code() -> None:
    results = judged(pad(1, -1), pad(2, 1)), judged(pad(1, -1), pad(2, 1, confidence=0.5)), judged()
    documents = [result.model_dump(mode="json") for result in results]
    assert [datasheet_verdict.exit_code(one) for one in documents] == [0, 3, 4]
    told = [datasheet_verdict.line(one["verdict"]) for one in documents]
    assert told[:2] == ["verified", "check 1 item: a pad has no second source"]
    assert told[2].startswith("no footprint: ")


def test_a_result_of_an_earlier_version_is_to_check() -> None:
    old = DatasheetResult().model_dump(mode="json") | {"verdict": None}
    assert datasheet_verdict.exit_code(old) == 4
    assert datasheet_verdict.exit_code(old | {"files": {"kicad_mod": "part.kicad_mod"}}) == 3
