"""`bm3vl`: the service from a terminal."""

from __future__ import annotations

import sys
from importlib import metadata
from typing import Annotated

import typer

from bm3vl import login as logins
from bm3vl.cli import admin, chat, doctor, jobs, live, search, submit, tenants, upload, webhooks
from bm3vl.cli.show import err, out
from bm3vl.defaults import ANSWER_S
from bm3vl.errors import (
    ApiError,
    ClientError,
    Conflict,
    ConnectionFailed,
    Invalid,
    JobFailed,
    NotFound,
    RateLimited,
    Refused,
    Rejected,
    Unauthorized,
)

EXIT_CODES = (
    "Exit codes: 0 done, 1 the job ended without a result, 2 wrong usage, 3 key refused, 4 not found, 5 no connection, "
    "6 rate limited or over quota, 7 request refused, 8 any other answer of the server, 130 interrupted. "
    "submit datasheet, when it waits: 3 a footprint to check, 4 no footprint."
)

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Caption long videos, read datasheets and chat with images on your own server.",
    epilog=EXIT_CODES,
)
app.add_typer(submit.app, name="submit")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(tenants.app, name="tenants")
app.command()(upload.upload)
app.command()(chat.chat)
app.command()(live.live)
app.command()(live.stop)
app.command()(search.search)
app.command()(doctor.doctor)
jobs.register(app)
admin.register(app)

EXIT: dict[type[ClientError], int] = {
    JobFailed: 1,
    Unauthorized: 3,
    NotFound: 4,
    ConnectionFailed: 5,
    RateLimited: 6,
    Conflict: 7,
    Invalid: 7,
    Rejected: 7,
    Refused: 7,
    ApiError: 8,
    ClientError: 8,
}


def show_version(wanted: bool) -> None:
    """Print the version and end, if it is wanted."""
    if wanted:
        out.print(f"bm3vl {metadata.version('bm3vl-client')}", markup=False, highlight=False)
        raise typer.Exit


ShowVersion = Annotated[
    bool, typer.Option("--version", help="Show the version and end", callback=show_version, is_eager=True)
]


@app.callback()
def connect(
    context: typer.Context,
    server: Annotated[str | None, typer.Option(help="Address of the server (or BM3_SERVER)")] = None,
    key: Annotated[str | None, typer.Option(help="API key (or BM3_API_KEY; better not on the command line)")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for an answer")] = ANSWER_S,
    _version: ShowVersion = False,
) -> None:
    """Remember how to reach the server; commands connect when they need to."""
    from bm3vl import Client  # here: help should not wait for the HTTP library

    login = logins.load(server, key)
    context.obj = context.with_resource(Client(login.server, login.key, timeout_s=timeout))


@app.command()
def login(
    server: Annotated[str, typer.Argument(help="Address of the server, for example http://gpu-box:8080")],
    key: Annotated[str, typer.Option(prompt="API key", hide_input=True)],
) -> None:
    """Keep the server's address and a key for the next commands, after trying them."""
    from bm3vl import Client

    with Client(server, key) as client:
        client.get("/v1/jobs", limit=1)
    err.print(f"kept in {logins.save(logins.SavedLogin(server, key))}")


@app.command(name="app")
def desktop() -> None:
    """Open the desktop application (pip install 'bm3vl-client[app]')."""
    try:
        from bm3vl.app.main import run
    except ModuleNotFoundError as error:
        err.print(f"the desktop application needs {error.name}: pip install 'bm3vl-client[app]'", markup=False)
        raise typer.Exit(2) from error
    raise typer.Exit(run())


def main() -> None:
    """Run a command; errors become one line and an exit code."""
    try:
        app()
    except ClientError as error:
        err.print(f"bm3vl: {error}", style="red", markup=False)
        sys.exit(next(code for kind, code in EXIT.items() if isinstance(error, kind)))
    except KeyboardInterrupt:
        err.print("bm3vl: interrupted (a job goes on: bm3vl watch JOB; an upload goes on with the same command)")
        sys.exit(130)
