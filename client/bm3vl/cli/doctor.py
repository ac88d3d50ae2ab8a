"""`bm3vl doctor`: why nothing works, one line a part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING

import typer

from bm3vl.cli.show import out

if TYPE_CHECKING:
    from bm3vl import Client


@dataclass(frozen=True)
class Symptom:
    """A part, whether it is well, and what to do when it is not."""

    part: str
    well: bool
    message: str


def doctor(context: typer.Context) -> None:
    """Check the connection, the key, the server's parts, its workers and models; exit code 1 when something is wrong."""
    findings = [*_findings(context.obj)]
    for one in findings:
        out.print(
            f"{'ok ' if one.well else 'BAD'} {one.part}: {one.message}", style="" if one.well else "red", markup=False
        )
    if not all(one.well for one in findings):
        raise typer.Exit(1)


def _findings(client: Client) -> Iterator[Symptom]:
    from bm3vl.errors import ApiError, ConnectionFailed, Unauthorized

    yield Symptom("client", True, metadata.version("bm3vl-client"))
    try:
        parts = _parts(client)
    except ConnectionFailed as error:
        yield Symptom("server", False, f"{error}. Is the address right (bm3vl login, BM3_SERVER), and does it run?")
        return
    for name, state in parts.items():
        yield Symptom(name, state == "ok", state)
    try:
        usage = client.usage()
    except Unauthorized as error:
        yield Symptom("key", False, f"{error}. Ask an administrator for a key, then: bm3vl login")
        return
    except ApiError as error:
        yield Symptom("key", False, str(error))
        return
    yield Symptom("key", True, f"{usage.queued} jobs queued, {usage.running} running")
    yield from _models(client)


def _parts(client: Client) -> dict[str, str]:
    """The server's parts by its own account, which it gives to anybody; 503 carries them too."""
    from bm3vl.errors import ApiError

    try:
        answer = client.get("/readyz")
    except ApiError as error:
        answer = error.problem
    parts: dict[str, str] = answer.get("parts") or {"server": str(answer)}
    return parts


def _models(client: Client) -> Iterator[Symptom]:
    """What would answer a job now."""
    from bm3vl.errors import Unauthorized

    try:
        models = client.models()
    except Unauthorized:
        yield Symptom("models", True, "this key may not see them")
        return
    if not models:
        yield Symptom("models", False, "no worker serves one: jobs wait. Start one: python -m worker gpu")
    for model in models:
        demo = f"; a demonstration model: {model.notice}" if model.notice else ""
        yield Symptom(
            f"model {model.name}", True, f"{model.engine}, {model.workers} workers, {model.slots} slots{demo}"
        )
