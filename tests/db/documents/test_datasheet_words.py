"""The few lines about a datasheet's result: what a person learns without opening the document."""

from __future__ import annotations

from db.documents.kinds import datasheet_words
from db.documents.kinds.datasheet import Body, Check, DatasheetResult, Equation, LandPattern, Pad, Review, Value


def told(result: DatasheetResult) -> list[str]:
    return [*datasheet_words.lines(result.model_dump(mode="json"))]


def test_sizes_holes_and_what_holds() -> None:
    pads = [Pad(number=str(i), x=i, y=0, w=0.6, h=1.5) for i in (1, 2)]
    hole = Pad(number="3", type="np_thru_hole", shape="circle", x=3, y=0, drill=(0.8, 0.8))
    broken = Equation(text="1 + 1 = 3", left=2, right=3, held=False, off_mm=1)
    assert told(
        DatasheetResult(
            body=Body(length=Value(min=2.9, max=3.1), width=Value(nom=2)),
            land_pattern=LandPattern(pads=[*pads, hole]),
            ipc_name="SOP65P300X110-3N",
            checks=[Check(rule="pad_gap", passed=True)],
            equations=[broken],
            needs_review=[Review(field="body", reason="odd")] * 9,
        )
    ) == [
        "body    2.9/-/3.1 x 2 x not stated mm (length x width x height)",
        "pads    3 (2 rect 0.6 x 1.5 mm, 1 circle size not stated, hole 0.8 mm)",
        "name    SOP65P300X110-3N (IPC-7351B)",
        "checks  1 of 1 rules and 0 of 1 equations hold",
        *["review  body: odd"] * 8,
        "and 1 more to review",
    ]


def test_no_land_pattern_is_an_answer() -> None:
    assert "pads    not in document" in told(DatasheetResult())


def test_half_a_size_is_no_size() -> None:
    pads = [Pad(number="1", x=0, y=0, w=0.6), Pad(number="2", x=1, y=0, h=0.6)]
    assert "pads    2 (2 rect size not stated)" in told(DatasheetResult(land_pattern=LandPattern(pads=pads)))
