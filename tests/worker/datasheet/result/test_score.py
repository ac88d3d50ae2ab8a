"""The scorer: turns do not matter, mirrors do, numbers of mechanical pads are free."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from worker.datasheet.result.score import Pad, score_pads, unsupported

COORDINATE = st.integers(-40, 40).map(lambda v: v / 4)
PADS = st.lists(st.tuples(COORDINATE, COORDINATE), min_size=2, max_size=12, unique=True)


def pads(places: list[tuple[float, float]]) -> list[Pad]:
    return [
        {"number": str(i + 1), "type": "smd", "x": x, "y": y, "w": 0.3, "h": 0.2} for i, (x, y) in enumerate(places)
    ]  # fmt: skip


@given(PADS, st.integers(0, 3))
def test_a_turned_and_moved_copy_is_exact(places: list[tuple[float, float]], quarters: int) -> None:
    truth = pads(places)
    moved = [dict(p, x=p["x"] + 3, y=p["y"] - 7) for p in truth]
    for _ in range(quarters):
        moved = [dict(p, x=-p["y"], y=p["x"], w=p["h"], h=p["w"]) for p in moved]
    assert score_pads(truth, moved, 0.01).exact == 1.0


@given(PADS)
def test_scores_stay_between_nothing_and_all(places: list[tuple[float, float]]) -> None:
    result = score_pads(pads(places), pads(places[1:]), 0.05)
    assert 0.0 <= result.f1_full <= result.f1_position <= 1.0
    assert result.exact == 0.0


def test_a_mirrored_dual_pattern_is_not_right() -> None:
    truth = pads([(-2, -1), (-2, 0), (-2, 1), (2, 1), (2, 0), (2, -1)])
    assert score_pads(truth, [dict(p, x=-p["x"]) for p in truth]).f1_full < 0.5


def test_numbers_where_none_is_stated_are_claims() -> None:
    truth = {"land_pattern": None, "body": {s: {} for s in ("length", "width", "height")}}
    pred = {"land_pattern": {"pads": pads([(0, 0)])}, "body": {"height": {"max": 1.0}}}
    assert unsupported(truth, pred) == ["land_pattern", "body.height"]
