"""`bm3vl search`: what was said in any video."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from bm3vl.cli.ids import whole
from bm3vl.cli.jobs import AsJson
from bm3vl.cli.show import out
from bm3vl.clock import clock

if TYPE_CHECKING:
    from bm3vl import Client, SearchHit


def search(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(help="Words that must all be in a caption; car*: words that begin so")],
    without: Annotated[list[str] | None, typer.Option(help="A word that must not; may be repeated")] = None,
    job: Annotated[str | None, typer.Option(help="In this job only")] = None,
    label: Annotated[str | None, typer.Option(help="In jobs with this label, NAME=VALUE")] = None,
    after: Annotated[datetime | None, typer.Option(help="In jobs submitted since then (UTC)")] = None,
    before: Annotated[datetime | None, typer.Option(help="In jobs submitted before (UTC)")] = None,
    most: Annotated[int, typer.Option(min=1)] = 20,
    as_json: AsJson = False,
) -> None:
    """Search all captions; the newest job's first. An argument of several words is looked for as it stands."""
    client: Client = context.obj
    filters: dict[str, Any] = {"job_id": whole(client, job)} if job else {}
    filters |= {"label": label.replace("=", ":", 1)} if label else {}
    times = {"created_after": after, "created_before": before}
    filters |= {name: f"{at.isoformat()}Z" for name, at in times.items() if at is not None}
    query = " ".join([*map(_quoted, words), *(f"-{_quoted(word)}" for word in without or [])])
    if as_json:
        out.print_json(data=[*client.pages("/v1/search", most=most, q=query, **filters)])
        return
    for hit in client.search(query, most=most, **filters):
        out.print(_line(hit))


def _quoted(words: str) -> str:
    return f'"{words}"' if " " in words and '"' not in words else words


def _line(hit: SearchHit) -> Text:
    """Its job, its time and its text, what was looked for in bold."""
    line = Text(f"{hit.job_id} {clock(hit.start_ms)} ")
    for part in hit.snippet:
        line.append(part.text.replace("\n", " "), "bold" if part.hit else "")
    return line
