"""The reader on real drawings read by eye, where they lie beside the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.needs import need_shared
from worker.datasheet.evaluation import evaluate

SHARED = Path(__file__).resolve().parents[5] / "shared" / "datasheets"


@pytest.mark.slow
def test_real_drawings_with_page_hints() -> None:
    truth = need_shared(SHARED / "truth")
    rows = [evaluate.read_one(t, SHARED / "pdf", hints=True)[0] for t in evaluate.truths(truth)]
    found = evaluate.summary(rows)
    assert found["exact_count@0.05"] >= 10
    assert found["body_hit_rate"] >= 0.95
    assert found["no_land_pattern_correct"] == "1/1"
    assert found["unsupported_claims"] == 0
