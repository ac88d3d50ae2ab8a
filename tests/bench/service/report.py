"""Results of a benchmark as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from statistics import median, quantiles


def tell(metric: str, value: float, unit: str, **vs: str) -> None:
    """One line of the result; a ratio says `vs` what."""
    print(json.dumps({"bench": "service", "metric": metric, "value": round(value, 4), "unit": unit, **vs}), flush=True)


def percentiles(name: str, seconds: Sequence[float]) -> None:
    tell(f"{name}_p50", median(seconds) * 1000, "ms")
    tell(f"{name}_p99", quantiles(seconds, n=100)[98] * 1000, "ms")
