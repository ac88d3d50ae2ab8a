"""Evaluates the reader on a folder of truths: every metric per drawing and overall, with and without page hints."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from db.kinds.datasheet import DatasheetResult
from worker.datasheet import score
from worker.datasheet.extract import Request, extract
from worker.errors import Permanent

SURE = 0.9


@dataclass
class Row:
    """One drawing read once."""

    name: str
    hints: bool
    seconds: float
    pads: dict[str, dict[str, float]] = field(default_factory=dict)  # tolerance -> metrics
    body: list[tuple[str, bool]] = field(default_factory=list)
    no_land_correct: bool | None = None
    unsupported: list[str] = field(default_factory=list)
    confident: list[bool] = field(default_factory=list)  # for each confident value whether it is right
    values: int = 0
    review: list[str] = field(default_factory=list)
    error: str | None = None
    pages: tuple[list[int], list[int]] = ((), ())  # type: ignore[assignment]


def truths(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.json")):
        truth = json.loads(path.read_text())
        if "body" in truth and "source" in truth:
            yield truth


def _pdf(truth: dict[str, Any], folder: Path) -> Path:
    name = Path(truth["source"]["pdf"])
    return folder / name.name if (folder / name.name).exists() else folder / name


def read_one(truth: dict[str, Any], pdfs: Path, hints: bool) -> Row:
    """Reads the drawing of one truth and scores it."""
    mechanical, land = truth["pages"]["mechanical"], truth["pages"]["land_pattern"]
    request = Request(package=truth.get("package_printed"))
    if hints:
        request = Request(
            truth.get("package_printed"), mechanical[0] if mechanical else None, land[0] if land else None
        )
    start = time.monotonic()
    row = Row(truth["name"], hints, 0.0)
    try:
        result = extract([_pdf(truth, pdfs)], request)
    except Permanent as error:
        row.error = f"{error.code}: {error}"
        result = DatasheetResult()
    row.seconds = round(time.monotonic() - start, 2)
    _score(row, truth, result)
    return row


def _score(row: Row, truth: dict[str, Any], result: DatasheetResult) -> None:
    pred = result.model_dump(mode="json")
    have = (pred["land_pattern"] or {}).get("pads") or []
    if truth["land_pattern"] is None:
        row.no_land_correct = not have
    else:
        for tol in score.TOLERANCES_MM:
            s = score.score_pads(truth["land_pattern"]["pads"], have, tol)
            row.pads[str(tol)] = {
                "f1_position": s.f1_position, "f1_full": s.f1_full, "exact": s.exact, "number_accuracy": s.number_accuracy,
                "count_ok": s.count_ok,
            }  # fmt: skip
    row.body = score.body_fields(truth["body"], pred["body"])
    row.unsupported = score.unsupported(truth, pred)
    row.review = [f"{r.field}: {r.reason}" for r in result.needs_review]
    row.pages = (result.mechanical_pages, result.land_pages)
    right = dict(row.body)
    for side in ("length", "width", "height"):
        claims = [ok for name, ok in right.items() if name.startswith(side)]
        row.values += len(claims)
        if pred["body"][side]["confidence"] >= SURE:
            row.confident.extend(claims)
    _confident_pads(row, truth, have)


def _confident_pads(row: Row, truth: dict[str, Any], have: list[dict[str, Any]]) -> None:
    if truth["land_pattern"] is None or not have:
        return
    row.values += len(have)
    sure = sum(p["confidence"] >= SURE for p in have)
    full = row.pads["0.05"]["f1_full"] * (len(have) + len(truth["land_pattern"]["pads"])) / 2
    row.confident.extend([True] * round(min(sure, full)) + [False] * max(0, sure - round(full)))


def summary(rows: list[Row]) -> dict[str, Any]:
    """Means over drawings with a land pattern, hit rates over all values."""
    land = [r for r in rows if r.pads]
    none = [r for r in rows if r.no_land_correct is not None]
    fields = [ok for r in rows for _, ok in r.body]
    sure = [ok for r in rows for ok in r.confident]
    total = sum(r.values for r in rows)
    result: dict[str, Any] = {"drawings": len(rows), "with_land_pattern": len(land)}
    for tol in map(str, score.TOLERANCES_MM):
        for key in ("f1_position", "f1_full", "exact", "number_accuracy", "count_ok"):
            result[f"{key}@{tol}"] = round(sum(r.pads[tol][key] for r in land) / max(len(land), 1), 4)
        result[f"exact_count@{tol}"] = sum(int(r.pads[tol]["exact"]) for r in land)
    result["body_hit_rate"] = round(sum(fields) / max(len(fields), 1), 4)
    result["body_values"] = len(fields)
    result["no_land_pattern_correct"] = f"{sum(bool(r.no_land_correct) for r in none)}/{len(none)}"
    result["unsupported_claims"] = sum(len(r.unsupported) for r in rows)
    result["precision_when_confident"] = round(sum(sure) / len(sure), 4) if sure else None
    result["coverage_when_confident"] = round(len(sure) / max(total, 1), 4)
    result["errors"] = sum(r.error is not None for r in rows)
    result["seconds"] = round(sum(r.seconds for r in rows), 1)
    return result


def line_of(row: Row) -> dict[str, Any]:
    return {
        "drawing": row.name, "hints": row.hints, "seconds": row.seconds, "pads": row.pads,
        "body": dict(row.body), "no_land_pattern_correct": row.no_land_correct,
        "unsupported": row.unsupported, "needs_review": row.review, "error": row.error,
        "mechanical_pages": row.pages[0], "land_pages": row.pages[1],
    }  # fmt: skip


def table(rows: list[Row]) -> str:
    """One line a drawing for people."""
    lines = [
        f"{'drawing':28s} {'hints':5s} {'F1pos':>6s} {'F1full':>6s} {'exact':>5s} {'body':>7s} {'claims':>6s} {'sec':>6s}  pages"
    ]
    for r in rows:
        pads = r.pads.get("0.05")
        land = (
            f"{pads['f1_position']:6.3f} {pads['f1_full']:6.3f} {pads['exact']:5.0f}"
            if pads
            else f"{'none':>6s} {'ok' if r.no_land_correct else 'WRONG':>6s} {'':5s}"
        )
        body = f"{sum(ok for _, ok in r.body)}/{len(r.body)}"
        lines.append(
            f"{r.name:28s} {'yes' if r.hints else 'no':5s} {land} {body:>7s} {len(r.unsupported):6d} {r.seconds:6.2f}  "
            f"{r.pages[0]}/{r.pages[1]} {r.error or ''}"
        )
    return "\n".join(lines)
