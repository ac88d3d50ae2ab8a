"""One figure for chips of many sizes: a table gives its letters a value for each size."""

from __future__ import annotations

from collections.abc import Sequence

from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest
from worker.datasheet.result import score

COLUMNS = (150.0, 230.0, 300.0, 370.0, 440.0)
SIZES = (
    ("SIZE", "A (mm)", "B (mm)", "C (mm)", "D (mm)"),
    ("QR0603", "2.10", "0.90", "0.60", "0.90"),
    ("QR1206", "4.00", "2.00", "1.00", "1.60"),
    ("QR2512", "7.60", "4.20", "1.70", "3.20"),
)


def lands(table: Sequence[Sequence[str]]) -> bytes:
    """Two lands with letters, drawn to no scale of their own, over the table of the sizes."""
    sketch = Sketch(scale=50.0)
    sketch.text(300, 720, "RECOMMENDED LAND PATTERN", 11)
    for x in (-1.5, 1.5):
        sketch.rect(x, 0.0, 1.0, 1.6)
    sketch.across(-2.0, 2.0, 1.9, "A")
    sketch.across(-1.0, 1.0, 1.3, "B")
    sketch.across(1.0, 2.0, -1.3, "C")
    sketch.along(-0.8, 0.8, 2.6, "D")
    for i, cells in enumerate(table):
        for x, cell in zip(COLUMNS, cells, strict=True):
            sketch.text(x, 260 - 16 * i, cell)
    return sketch.pdf()


def pad(number: str, x: float) -> dict[str, object]:
    return {"number": number, "type": "smd", "x": x, "y": 0.0, "w": 1.7, "h": 3.2}


def test_the_lands_of_the_size_asked_for() -> None:
    result = extract([lands(SIZES)], ReadingRequest("2512"))
    assert result.land_pattern is not None
    pads = [p.model_dump(mode="json") for p in result.land_pattern.pads]
    assert score.score_pads([pad("1", -2.95), pad("2", 2.95)], pads, 0.01).exact == 1.0
    assert all("QR" not in e.printed for p in result.land_pattern.pads for e in p.evidence)


def test_two_rows_that_fit_the_size_leave_nothing_sure() -> None:
    twice = (*SIZES, ("QR2512H", "7.80", "4.20", "1.80", "3.20"))
    result = extract([lands(twice)], ReadingRequest("2512"))
    assert result.land_pattern is not None
    assert max(p.confidence for p in result.land_pattern.pads) < 0.9
    assert any("other rows of the table fit" in r.reason for r in result.needs_review)


def test_a_size_that_the_table_does_not_have_gets_none_of_its_lands() -> None:
    result = extract([lands(SIZES)], ReadingRequest("0805"))
    assert result.land_pattern is None


def test_letters_of_lands_are_no_sides_of_the_body() -> None:
    result = extract([lands(SIZES)], ReadingRequest("2512"))
    assert result.body.length.nom is None
    assert result.body.height.nom is None


def test_the_body_of_the_size_asked_for() -> None:
    rows = (("TYPE", "L (mm)", "W (mm)", "H (mm)", "E (mm)"), ("QR0603", "1.60±0.1", "0.80±0.1", "0.45±0.1", "0.3"),
            ("QR2512", "6.35±0.1", "3.10±0.2", "0.55±0.1", "0.6"))  # fmt: skip
    result = extract([lands(rows)], ReadingRequest("QR2512"))
    got = [(v.min, v.nom, v.max) for v in (result.body.length, result.body.width, result.body.height)]
    assert got == [(6.25, 6.35, 6.45), (2.9, 3.1, 3.3), (0.45, 0.55, 0.65)]
