"""Commands about the server: models, workers, queues, usage, keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bm3vl.cli.show import err, out, table

if TYPE_CHECKING:
    from bm3vl import Client

keys_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="API keys.")


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    for command in (models, workers, queues, usage, drain):
        app.command()(command)
    app.add_typer(keys_app, name="keys")


def models(context: typer.Context) -> None:
    """List the models that workers hold resident."""
    client: Client = context.obj
    rows = client.models()
    columns = ["name", "family", "engine", "context_tokens", "workers", "slots"]
    table([*columns, ""], [[*(getattr(row, name) for name in columns), "demo" if row.demo else ""] for row in rows])
    for row in rows:
        if row.notice:
            err.print(f"{row.name} is a demonstration model: {row.notice}", style="yellow", markup=False)


def workers(context: typer.Context) -> None:
    """List worker processes."""
    client: Client = context.obj
    columns = ["id", "role", "alive", "draining", "slots", "heartbeat_at"]
    table(columns, [[getattr(row, name) for name in columns] for row in client.workers()])


def queues(context: typer.Context) -> None:
    """List queues with what waits in them."""
    client: Client = context.obj
    table(
        ["name", "slots", "oldest queued", "jobs"],
        [
            [
                row.name,
                row.slots,
                row.oldest_queued_at,
                ", ".join(f"{n} {state}" for state, n in row.states.items()),
            ]
            for row in client.queues()
        ],
    )


def usage(context: typer.Context) -> None:
    """Show what the tenant uses, and its limits."""
    out.print_json(data=context.obj.get("/v1/usage"))


def drain(context: typer.Context, worker: str) -> None:
    """Let a worker finish nothing more: it gives its jobs back and takes no new ones."""
    client: Client = context.obj
    client.drain(worker)
    err.print("draining")


@keys_app.command(name="list")
def list_keys(context: typer.Context) -> None:
    """List keys."""
    client: Client = context.obj
    columns = ["id", "name", "prefix", "scopes", "expires_at", "last_used_at", "revoked_at"]
    table(columns, [[getattr(row, name) for name in columns] for row in client.keys.list()])


@keys_app.command()
def create(
    context: typer.Context,
    name: str,
    scope: Annotated[list[str], typer.Option(help="For example jobs:read; may be repeated")],
) -> None:
    """Make a key; prints it this once."""
    client: Client = context.obj
    out.print(client.keys.create(name, scope).token, markup=False)


@keys_app.command()
def revoke(context: typer.Context, key: str) -> None:
    """End a key at once."""
    client: Client = context.obj
    client.keys.revoke(key)
