"""How numbers, times and states are written on pages."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from db.documents.kinds.live import shown_params
from db.schema.tables import OWNED, State

UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
TONES = {
    State.SUCCEEDED: "good",
    State.FAILED: "bad",
    State.EXPIRED: "bad",
    State.CANCELED: "quiet",
    State.RETRY_WAIT: "warn",
    State.AWAITING_INPUT: "wait",
    State.QUEUED: "wait",
} | dict.fromkeys(OWNED, "live")
WORDS = {State.AWAITING_INPUT: "awaiting input", State.RETRY_WAIT: "waiting to retry", State.LEASED: "starting"}
KIND_NAMES = {"video.caption": "Video", "datasheet.extract": "Datasheet", "chat.complete": "Chat"}


def size(count: float | None) -> str:
    """Bytes with three digits: 1.23 GB."""
    if count is None:
        return "–"
    for unit in UNITS:
        if count < 1000 or unit == UNITS[-1]:
            break
        count /= 1000
    return f"{count:.0f} {unit}" if unit == "B" else f"{count:.3g} {unit}"


def clock(ms: float | None) -> str:
    """A place in a video: 1:02:03 or 2:03."""
    if ms is None:
        return "–"
    minutes, second = divmod(int(ms // 1000), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"


def span(seconds: float | timedelta | None) -> str:
    """How long something takes, in its two largest units: 2 h 5 min."""
    if seconds is None:
        return "–"
    total = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
    if total < 10:
        return f"{max(total, 0):.1f} s"
    whole = int(total)
    for length, name, small, below in ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= length:
            rest = whole % length // small
            return f"{whole // length} {name} {rest} {below}" if rest else f"{whole // length} {name}"
    return f"{whole} s"


def ago(at: datetime | None, now: datetime | None = None) -> str:
    """How long ago, in its largest unit: 5 min ago."""
    if at is None:
        return "never"
    words = span((now or datetime.now(UTC)) - at).split(" ")
    return f"{words[0].partition('.')[0]} {words[1]} ago"


def moment(at: datetime | None) -> str:
    """A point in time for people: 2026-01-31 12:34:56 UTC."""
    return "–" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def percent(ratio: float | None) -> str:
    return "" if ratio is None else f"{min(max(ratio, 0), 1) * 100:.0f} %"


def speed(realtime: float | None) -> str:
    return "" if realtime is None else f"{realtime:.1f}×"


def tone(state: State | str) -> str:
    """The colour class of a state."""
    return TONES[State(state)]


def state_word(state: State | str) -> str:
    return WORDS.get(State(state), State(state).value)


def kind_name(kind: str) -> str:
    return KIND_NAMES.get(kind, kind)


def short_id(value: object) -> str:
    """The end of an id: its beginning is the time and alike for neighbours."""
    return str(value)[-8:]


def pretty(value: Any) -> str:
    """JSON for reading."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def mm(value: float | None) -> str:
    """Millimetres as datasheets print them: at most four decimals, at least two."""
    if value is None:
        return "–"
    text = f"{value:.4f}".rstrip("0")
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals:<02s}".replace(" ", "0")


FILTERS = {
    function.__name__: function
    for function in (
        size,
        clock,
        span,
        ago,
        moment,
        percent,
        speed,
        tone,
        state_word,
        kind_name,
        short_id,
        pretty,
        shown_params,
        mm,
    )
}
