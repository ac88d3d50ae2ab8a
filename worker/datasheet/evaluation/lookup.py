"""The bar to beat: the official KiCad footprint named by a truth, taken from an index of the library instead of reading."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from worker.datasheet.result import score

Pad = dict[str, Any]


def load(index: Path) -> dict[str, list[list[Any]]]:
    """Pads by "library:name" from a gzipped index with one footprint as JSON a line; millimetres, y down."""
    with gzip.open(index, "rt", encoding="utf-8") as lines:
        return {f"{one['lib']}:{one['name']}": one["pads"] for one in map(json.loads, lines)}


def _pads(rows: list[list[Any]]) -> list[Pad]:
    """Copper pads of an index row: number, type, shape, x, y, angle, w, h, drill, ratio, copper."""
    found = []
    for number, kind, _, x, y, angle, w, h, drill, _, copper in rows:
        if kind == "smd" and not copper:
            continue  # an opening of the paste alone
        wide, high = (h, w) if angle % 180 == 90 else (w, h)
        hole = [drill[0], drill[1] or drill[0]] if drill else None
        found.append({"number": number, "type": kind, "x": x, "y": y, "w": wide, "h": high, "drill": hole})
    return found


def scored(truths: list[dict[str, Any]], index: dict[str, list[list[Any]]], tol: float) -> dict[str, float]:
    """Mean F1-full and number of exact footprints over the truths with a land pattern; a part KiCad lacks scores zero."""
    rows = [
        score.score_pads(t["land_pattern"]["pads"], _pads(index.get(t.get("kicad_footprint") or "", [])), tol)
        for t in truths
        if t["land_pattern"]
    ]
    return {
        "with_land_pattern": len(rows),
        "f1_full": round(sum(r.f1_full for r in rows) / max(len(rows), 1), 4),
        "exact": sum(int(r.exact) for r in rows),
    }
