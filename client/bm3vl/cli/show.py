"""How the command shows things: tables, progress bars, live captions. Text from the server is data, never markup."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

from bm3vl.clock import clock

if TYPE_CHECKING:
    from bm3vl import JobView
    from bm3vl.events import ServerSentEvent

# Without a terminal there is no width to fit: a script must get whole ids.
out = Console(soft_wrap=True, width=None if sys.stdout.isatty() else 400)
err = Console(stderr=True, soft_wrap=True)

STYLE = {"succeeded": "green", "failed": "red", "canceled": "yellow", "expired": "yellow", "running": "cyan"}


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows under headings."""
    shown = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        shown.add_row(*(Text(text, STYLE.get(text, "")) for text in map(_text, row)))
    out.print(shown)


def _text(value: Any) -> str:
    """A value of a table's cell; times in ISO 8601, as in JSON."""
    if value is None:
        return ""
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


def done(job: JobView) -> str:
    """How far a job is."""
    progress = job.progress
    time = clock(progress.done_ms) if job.kind == "video.caption" else ""
    ratio = f"{progress.ratio:.0%}" if progress.ratio is not None else ""
    return f"{time} {ratio}".strip()


def upload_bar() -> Progress:
    """A progress bar for bytes."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=err, transient=True)


class LiveView:
    """Prints captions as they come: finished ones as lines, the one being decoded and the progress in a last line."""

    def __init__(self) -> None:
        self._text = ""
        self._progress = ""
        self._live = err.is_terminal and not err.legacy_windows

    def show(self, event: ServerSentEvent) -> None:
        """One event."""
        match event.type:
            case "cue":
                self._line(Text(f"{clock(event.data['start_ms'])}  ", "dim") + Text(event.data["text"]))
                self._text = ""
            case "gap":
                self._line(
                    Text(
                        f"gap at {clock(event.data['data'].get('start_ms'))}: {event.data['data'].get('reason')}",
                        "yellow",
                    )
                )
            case "state" if event.data["type"] != "job.progress":  # the last line shows how far it is
                self._line(Text(event.data["type"], "dim"), err)
            case "text":
                self._text = (self._text + str(event.data.get("text", "")))[-200:]
            case "progress":
                ratio = event.data["ratio"]
                self._progress = f"{clock(event.data['done_ms'])} {'' if ratio is None else f'{ratio:.0%}'}"
        self._status()

    def close(self) -> None:
        """Clear the last line."""
        if self._live:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _line(self, text: Text, console: Console = out) -> None:
        self.close()
        console.print(text)

    def _status(self) -> None:
        if self._live:
            line = "".join(mark for mark in f"{self._progress}  {self._text}" if mark.isprintable())
            sys.stderr.write(f"\r\x1b[K{line[: max(20, err.width - 1)]}")
            sys.stderr.flush()
