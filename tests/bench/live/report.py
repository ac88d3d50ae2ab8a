"""What the parts of the benchmark have in common: a line of JSON a figure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from statistics import median, quantiles


def tell(metric: str, value: float, unit: str, **vs: str) -> None:
    """One line of the result; a ratio says `vs` what."""
    print(json.dumps({"bench": "live", "metric": metric, "value": round(value, 4), "unit": unit, **vs}), flush=True)


def p95(values: Sequence[float]) -> float:
    """The 95th percentile; of few the largest."""
    return quantiles(values, n=20, method="inclusive")[18] if len(values) > 1 else values[0]


def percentiles(name: str, seconds: Sequence[float]) -> None:
    """The median, the 95th percentile, the largest, and how many there are."""
    tell(f"{name}_p50", median(seconds), "s")
    tell(f"{name}_p95", p95(seconds), "s")
    tell(f"{name}_max", max(seconds), "s")
    tell(f"{name}_count", len(seconds), "cues")
