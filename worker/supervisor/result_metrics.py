"""What a result tells of the model's speed, as metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker import metrics


def observe(kind: str, result: Mapping[str, Any]) -> None:
    """Count the video and the tokens of a finished job's document, and how fast they came."""
    metrics.VIDEO_SECONDS.inc(result.get("duration_ms", 0) / 1000)
    tokens = result.get("tokens_out", result.get("completion_tokens"))
    if not tokens:
        return
    metrics.TOKENS.labels(kind=kind).inc(tokens)
    rate, first_s = _speed(result, tokens)
    if rate:
        metrics.TOKENS_PER_SECOND.labels(kind=kind).observe(rate)
    if first_s is not None:
        metrics.FIRST_TOKEN.labels(kind=kind).observe(first_s)


def _speed(result: Mapping[str, Any], tokens: int) -> tuple[float | None, float | None]:
    """Tokens a second, and seconds to the first: of a stream the former alone, for its replies may be silent."""
    timings = result.get("timings")
    if timings:
        return timings["tokens_per_second"], timings["first_token_s"]
    reply_s = (result.get("spent") or {}).get("reply_s")
    return (tokens / reply_s if reply_s else None), None
