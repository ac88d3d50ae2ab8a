"""Evaluates the reader on folders of truths: every metric per drawing, per set and over all sets together."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from db.documents.kinds.datasheet import DatasheetResult
from worker.datasheet.evaluation import cache, evidence, kinds
from worker.datasheet.extract import extract
from worker.datasheet.handler import complete
from worker.datasheet.page import pages
from worker.datasheet.request import ReadingRequest
from worker.datasheet.result import score
from worker.errors import Permanent

CONFIDENT = 0.9
PRECISION = 0.99
JUDGED_MM = "0.05"


@dataclass(frozen=True, slots=True)
class Claim:
    """One value the reader gave, how sure it was, and whether it is right."""

    what: str
    confidence: float
    right: bool


@dataclass
class DrawingScore:
    """One drawing read once."""

    name: str
    hints: bool
    cpu_s: float = 0.0
    pads: dict[str, score.PadScore] = field(default_factory=dict)  # by tolerance in mm
    body: list[tuple[str, bool]] = field(default_factory=list)
    no_land_correct: bool | None = None
    unsupported: list[str] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    stated: int = 0  # values the truth holds: body limits and pads
    missed_evidence: list[str] = field(default_factory=list)
    citations: int = 0
    review: list[str] = field(default_factory=list)
    error: str | None = None
    status: str = ""
    land_kind: str | None = None  # of failure, see `kinds`
    body_kind: str | None = None
    pages: tuple[list[int], list[int]] = field(default_factory=lambda: ([], []))


def truths(folder: Path) -> Iterator[dict[str, Any]]:
    """The truth documents of a folder by name; other JSON files are passed over."""
    for path in sorted(folder.glob("*.json")):
        truth = json.loads(path.read_text())
        if "body" in truth and "source" in truth:
            yield truth


def pdf_of(truth: dict[str, Any], folder: Path) -> Path:
    """Where the drawing of a truth lies: flat in the folder, else under the path that the truth gives."""
    name = Path(truth["source"]["pdf"])
    return folder / name.name if (folder / name.name).exists() else folder / name


def read_one(
    truth: dict[str, Any], pdfs: Path, hints: bool, kept: Path | None = None
) -> tuple[DrawingScore, dict[str, Any]]:
    """Scores the drawing of one truth; reads it unless the folder `kept` holds what this code read. Also the result."""
    pdf = pdf_of(truth, pdfs)
    stored = cache.load(kept, truth["name"], hints) if kept else None
    if stored is None:
        stored = _read(truth, pdf, hints)
        if kept:
            cache.store(kept, truth["name"], hints, stored)
    row = DrawingScore(truth["name"], hints, stored["cpu_s"], error=stored["error"])
    row.citations, row.missed_evidence = stored["citations"], stored["missed_evidence"]
    _score(row, truth, stored["result"])
    return row, stored["result"]


def _read(truth: dict[str, Any], pdf: Path, hints: bool) -> dict[str, Any]:
    request = ReadingRequest(truth.get("package_printed"))
    if hints:
        mechanical, land = truth["pages"]["mechanical"], truth["pages"]["land_pattern"]
        request = ReadingRequest(request.package, mechanical[0] if mechanical else None, land[0] if land else None)
    start, error = time.process_time(), None
    try:
        result = extract([pdf], request)
    except Permanent as refused:
        error, result = f"{refused.code}: {refused}", DatasheetResult()
    cpu_s = round(time.process_time() - start, 2)
    result = complete(result, "B")
    citations, missed = _score_evidence(truth, result, pdf)
    return {
        "result": result.model_dump(mode="json"), "cpu_s": cpu_s, "error": error, "citations": citations,
        "missed_evidence": missed,
    }  # fmt: skip


def _score(row: DrawingScore, truth: dict[str, Any], pred: dict[str, Any]) -> None:
    have = (pred["land_pattern"] or {}).get("pads") or []
    want = (truth["land_pattern"] or {}).get("pads") or []
    if want:
        row.pads = {str(tol): score.score_pads(want, have, tol) for tol in score.TOLERANCES_MM}
    else:
        row.no_land_correct = not have
    row.body = score.body_fields(truth["body"], pred["body"])
    row.unsupported = score.unsupported(truth, pred)
    row.review = [f"{r['field']}: {r['reason']}" for r in pred["needs_review"]]
    row.pages, row.status = (pred["mechanical_pages"], pred["land_pages"]), pred["land_pattern_status"]
    row.land_kind, row.body_kind = kinds.of_land(truth, pred), kinds.of_body(truth, pred)
    row.stated = len(row.body) + len(want)
    row.claims = [*_body_claims(row, pred["body"]), *_pad_claims(want, have)]


def _body_claims(row: DrawingScore, body: dict[str, Any]) -> Iterator[Claim]:
    """Every limit the reader gave; one that the drawing does not print is wrong."""
    right = dict(row.body)
    for side in ("length", "width", "height"):
        given = [k for k in ("min", "nom", "max") if body[side][k] is not None]
        for limit in given:
            name = f"{side}.{limit}"
            if name in right or f"body.{side}" in row.unsupported:
                yield Claim(name, body[side]["confidence"], right.get(name, False))


def _pad_claims(want: list[score.Pad], have: list[score.Pad]) -> Iterator[Claim]:
    counted = [p.get("role") not in score.UNCOUNTED for p in have]
    for pad, right, counts in zip(have, score.right_pads(want, have), counted, strict=True):
        if counts:
            yield Claim(f"pad {pad['number']}", pad["confidence"], right)


def _score_evidence(truth: dict[str, Any], result: DatasheetResult, pdf: Path) -> tuple[int, list[str]]:
    """Cited boxes against what is known to be printed there, else against a second look at the page."""
    cited = evidence.citations(result)
    if not cited:
        return 0, []
    known, book = truth.get("evidence"), pages.open_book([pdf])
    try:
        texts = [evidence.truth_text(known, c) if known else evidence.text_of(book, c) for c in cited]
    finally:
        book.close()
    missed = [c.printed for c, text in zip(cited, texts, strict=True) if not evidence.shows(text, c.printed)]
    return len(cited), missed


def summary(rows: Sequence[DrawingScore]) -> dict[str, Any]:
    """Means over drawings with a land pattern, rates over all values."""
    land = [r for r in rows if r.pads]
    none = [r for r in rows if r.no_land_correct is not None]
    fields = [ok for r in rows for _, ok in r.body]
    result: dict[str, Any] = {"drawings": len(rows), "with_land_pattern": len(land)}
    for tol in map(str, score.TOLERANCES_MM):
        for key in ("f1_position", "f1_full", "exact", "number_accuracy", "count_ok"):
            result[f"{key}@{tol}"] = _part(sum(getattr(r.pads[tol], key) for r in land), len(land))
        result[f"exact_count@{tol}"] = sum(int(r.pads[tol].exact) for r in land)
        result |= _flags(land, tol)
    result["body_hit_rate"] = _part(sum(fields), len(fields))
    result["body_values"] = len(fields)
    result["no_land_pattern_correct"] = f"{sum(bool(r.no_land_correct) for r in none)}/{len(none)}"
    result["unsupported_claims"] = sum(len(r.unsupported) for r in rows)
    result |= _trust(rows)
    cited = sum(r.citations for r in rows)
    result["evidence_hit_rate"] = _part(cited - sum(len(r.missed_evidence) for r in rows), cited)
    result["citations"] = cited
    result["errors"] = sum(r.error is not None for r in rows)
    result["wrongly_none"] = sum(r.status == "not_in_document" and not r.pads[JUDGED_MM].f1_position for r in land)
    wrong = [confident_and_wrong(r) for r in rows]
    result["sure_and_wrong"], result["drawings_sure_and_wrong"] = sum(map(len, wrong)), sum(map(bool, wrong))
    result["land_kinds"] = kinds.confusion(r.land_kind for r in rows)
    result["body_kinds"] = kinds.confusion(r.body_kind for r in rows)
    result["cpu_s"] = round(sum(r.cpu_s for r in rows), 1)
    return result


def _part(count: float, of: int) -> float | None:
    return round(count / of, 4) if of else None


def _flags(land: Sequence[DrawingScore], tol: str) -> dict[str, float | None]:
    """Of the wrong footprints those with a review entry, and those that no pad was sure of; the second says more."""
    wrong = [r for r in land if not r.pads[tol].exact]
    unsure = [
        r
        for r in wrong
        if not any(c.what.startswith("pad") and c.confidence >= CONFIDENT and not c.right for c in r.claims)
    ]
    return {
        f"wrong_flagged@{tol}": _part(sum(bool(r.review or r.error) for r in wrong), len(wrong)),
        f"wrong_without_a_sure_pad@{tol}": _part(len(unsure), len(wrong)),
    }


def _trust(rows: Sequence[DrawingScore]) -> dict[str, Any]:
    """Precision and coverage of the confident values, and the coverage that the confidences allow at 99 % precision."""
    claims, stated = [c for r in rows for c in r.claims], sum(r.stated for r in rows)
    sure = [c for c in claims if c.confidence >= CONFIDENT]
    return {
        "precision_when_confident": _part(sum(c.right for c in sure), len(sure)),
        "coverage_when_confident": _part(len(sure), stated),
        f"coverage_at_{PRECISION}": _part(_covered(claims), stated),
    }


def _covered(claims: Sequence[Claim]) -> int:
    """How many claims, the surest first, can be taken before their precision falls below the one wanted."""
    most = right = 0
    ordered = sorted(claims, key=lambda c: -c.confidence)
    for count, claim in enumerate(ordered, 1):
        right += claim.right
        last = count == len(ordered) or ordered[count].confidence < claim.confidence
        if last and right >= PRECISION * count:
            most = count
    return most


def confident_and_wrong(row: DrawingScore) -> list[str]:
    """What was called sure and is not so, each with its confidence."""
    return [f"{c.what} ({c.confidence})" for c in row.claims if c.confidence >= CONFIDENT and not c.right]


def line_of(row: DrawingScore) -> dict[str, Any]:
    """The score of one drawing as a line of the JSON report."""
    return {**asdict(row), "claims": len(row.claims), "confident_and_wrong": confident_and_wrong(row)}


def table(rows: Sequence[DrawingScore]) -> str:
    """One line a drawing for people, those with confident and wrong values first."""
    lines = [
        f"{'drawing':28s} {'hints':5s} {'F1pos':>6s} {'F1full':>6s} {'exact':>5s} {'body':>7s} {'claims':>6s} {'cpu s':>6s}"
    ]
    for r in sorted(rows, key=lambda r: not confident_and_wrong(r)):
        pads = r.pads.get(JUDGED_MM)
        none = f"{'none':>6s} {'ok' if r.no_land_correct else 'WRONG':>6s} {'':5s}"
        land = f"{pads.f1_position:6.3f} {pads.f1_full:6.3f} {pads.exact:5.0f}" if pads else none
        body = f"{sum(ok for _, ok in r.body)}/{len(r.body)}"
        lines.append(
            f"{r.name:28s} {'yes' if r.hints else 'no':5s} {land} {body:>7s} {len(r.unsupported):6d} {r.cpu_s:6.2f}  "
            f"{r.pages[0]}/{r.pages[1]} {'; '.join(filter(None, (r.land_kind, r.body_kind, r.error)))}"
            f"{' CONFIRMED AND WRONG: ' + ', '.join(confident_and_wrong(r)) if confident_and_wrong(r) else ''}"
        )
    return "\n".join(lines)
