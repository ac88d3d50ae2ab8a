"""Scores a footprint against a truth: pads aligned in the best of four turns, body values, unsupported claims."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

Pad = dict[str, Any]
MECHANICAL = frozenset({"mechanical", "shell", "shield", "locating_peg", "boss", "post"})  # numbered by library habit
UNCOUNTED = frozenset({"via", "paste", "stencil", "optional"})
TOLERANCES_MM = (0.01, 0.05, 0.10)


@dataclass(frozen=True, slots=True)
class PadScore:
    f1_position: float
    f1_full: float
    exact: float
    number_accuracy: float
    count_ok: float
    rotation: int = 0


def _name(number: object) -> str:
    return "" if number is None else str(number).strip().upper()


def number_ok(truth: Pad, pred: Pad) -> bool:
    """Numbers count unless the pad is mechanical; a truth may accept other names ("*": any)."""
    other = truth.get("accept_numbers") or []
    name = _name(pred["number"])
    return (
        truth.get("role") in MECHANICAL or _name(truth["number"]) == name or "*" in other or name in map(_name, other)
    )


def _centred(pads: list[Pad]) -> list[Pad]:
    xs, ys = [p["x"] for p in pads], [p["y"] for p in pads]
    cx, cy = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    return [dict(p, x=p["x"] - cx, y=p["y"] - cy) for p in pads]


def _turned(pads: list[Pad]) -> list[Pad]:
    return [
        dict(p, x=-p["y"], y=p["x"], w=p.get("h"), h=p.get("w"), drill=list(p["drill"])[::-1] if p.get("drill") else None)
        for p in pads
    ]  # fmt: skip


def _matched(truth: list[Pad], pred: list[Pad], tol: float) -> list[tuple[Pad, Pad]]:
    used: set[int] = set()
    pairs = []
    for t in truth:
        best: tuple[float, bool, int] | None = None
        for j, p in enumerate(pred):
            off = math.hypot(t["x"] - p["x"], t["y"] - p["y"])
            key = (off, _name(t["number"]) != _name(p["number"]), j)
            if j not in used and off <= tol * math.sqrt(2) + 1e-9 and (best is None or key[:2] < best[:2]):
                best = key
        if best is not None:
            used.add(best[2])
            pairs.append((t, pred[best[2]]))
    return pairs


def _near(truth: float | None, pred: float | None, tol: float) -> bool:
    return truth is None or (pred is not None and abs(truth - pred) <= tol + 1e-9)


def _pad_ok(truth: Pad, pred: Pad, tol: float) -> bool:
    kinds = truth.get("accept_types") or [truth["type"]]
    drill = truth.get("drill")
    drilled = not drill or (
        bool(pred.get("drill")) and all(_near(a, b, tol) for a, b in zip(drill, pred["drill"], strict=True))
    )
    return pred["type"] in kinds and all(_near(truth.get(k), pred.get(k), tol) for k in ("w", "h")) and drilled


def score_pads(truth: list[Pad], pred: list[Pad], tol: float = 0.05) -> PadScore:
    """The best of four turns, never mirrored."""
    pred = [p for p in pred if p.get("role") not in UNCOUNTED]
    if not truth:
        right = float(not pred)
        return PadScore(right, right, right, right, right)
    if not pred:
        return PadScore(0.0, 0.0, 0.0, 0.0, 0.0)
    want, have = _centred(truth), _centred(pred)
    best: PadScore | None = None
    for turn in range(4):
        found = _one_turn(want, have, tol, turn * 90)
        if best is None or _rank(found) > _rank(best):
            best = found
        have = _centred(_turned(have))
    return best or PadScore(0.0, 0.0, 0.0, 0.0, 0.0)


def right_pads(truth: list[Pad], pred: list[Pad], tol: float = 0.05) -> list[bool]:
    """For every pad of `pred` whether it is one of the truth, in the turn that `score_pads` chose."""
    counted = [dict(p, at=i) for i, p in enumerate(pred) if p.get("role") not in UNCOUNTED]
    right = [p.get("role") in UNCOUNTED for p in pred]
    if not truth or not counted:
        return right
    have = _centred(counted)
    for _ in range(score_pads(truth, pred, tol).rotation // 90):
        have = _centred(_turned(have))
    for t, p in _matched(_centred(truth), have, tol):
        right[p["at"]] = number_ok(t, p) and _pad_ok(t, p, tol)
    return right


def _rank(score: PadScore) -> tuple[float, float, float]:
    return score.f1_full, score.f1_position, score.number_accuracy


def _one_turn(want: list[Pad], have: list[Pad], tol: float, rotation: int) -> PadScore:
    pairs = _matched(want, have, tol)
    numbers = sum(number_ok(t, p) for t, p in pairs)
    full = sum(number_ok(t, p) and _pad_ok(t, p, tol) for t, p in pairs)
    both = len(want) + len(have)
    return PadScore(
        2 * len(pairs) / both, 2 * full / both, float(full == len(want) == len(have)),
        numbers / len(want), float(len(want) == len(have)), rotation,
    )  # fmt: skip


def body_fields(truth: dict[str, Any], pred: dict[str, Any], tol: float = 0.05) -> list[tuple[str, bool]]:
    """Every printed limit of length, width and height once, with whether it was read."""
    found = []
    for side in ("length", "width", "height"):
        for limit in ("min", "nom", "max"):
            value = truth[side].get(limit)
            if value is not None:
                found.append(
                    (
                        f"{side}.{limit}",
                        (got := (pred.get(side) or {}).get(limit)) is not None and abs(got - value) <= tol + 1e-9,
                    )
                )
    return found


def unsupported(truth: dict[str, Any], pred: dict[str, Any]) -> list[str]:
    """Numbers claimed where the truth says none is stated: a land pattern, copper, a drill, a body limit."""
    land, pads = truth.get("land_pattern"), ((pred.get("land_pattern") or {}).get("pads") or [])
    claims = ["land_pattern"] if land is None and pads else []
    if land is not None:
        silent = [k for k in ("w", "h", "drill") if all(p.get(k) is None for p in land["pads"])]
        claims += [f"pads.{k}" for k in silent if any(p.get(k) for p in pads)]
    sides = ("length", "width", "height")
    claims += [
        f"body.{side}" for side in sides if not _printed(truth["body"][side]) and _printed(pred["body"].get(side) or {})
    ]
    return claims


def _printed(value: dict[str, Any]) -> bool:
    return any(value.get(k) is not None for k in ("min", "nom", "max"))
