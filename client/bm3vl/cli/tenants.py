"""`bm3vl tenants`: who works on this installation, for its administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bm3vl.cli.show import out, table

if TYPE_CHECKING:
    from bm3vl import Client

QUOTAS = ("max_queued", "max_running", "max_bytes", "max_gpu_seconds_per_day", "requests_per_minute")
UNLIMITED = "unlimited"
app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Tenants and their limits (administrators only).")
Limits = Annotated[
    list[str] | None,
    typer.Option("--limit", help=f"NAME=NUMBER or NAME={UNLIMITED}: {', '.join(QUOTAS)}; may be repeated"),
]


def limits(written: list[str] | None) -> dict[str, int | None]:
    """The quotas as numbers. Raises typer.BadParameter for what is none."""
    found: dict[str, int | None] = {}
    for text in written or ():
        name, _, value = text.partition("=")
        if name not in QUOTAS or not (value == UNLIMITED or (value.isascii() and value.isdigit())):
            raise typer.BadParameter(f"{text!r} is not a limit: NAME=NUMBER or NAME={UNLIMITED} of {', '.join(QUOTAS)}")
        found[name] = None if value == UNLIMITED else int(value)
    return found


@app.command(name="list")
def list_tenants(context: typer.Context) -> None:
    """List tenants with their limits; an empty one is unlimited."""
    client: Client = context.obj
    columns = ["id", "name", *QUOTAS]
    table(columns, [[getattr(row, name) for name in columns] for row in client.tenants.list()])


@app.command()
def create(context: typer.Context, name: str, limit: Limits = None) -> None:
    """Make a tenant; prints its id. Then `tenants key` for its first key."""
    client: Client = context.obj
    out.print(client.tenants.create(name, **limits(limit)).id)


@app.command()
def change(context: typer.Context, tenant: str, limit: Limits = None) -> None:
    """Change the limits that are given."""
    client: Client = context.obj
    client.tenants.change(tenant, **limits(limit))


@app.command()
def key(
    context: typer.Context,
    tenant: str,
    name: str,
    scope: Annotated[list[str], typer.Option(help="For example jobs:read; may be repeated")],
) -> None:
    """Make a key for a tenant; prints it this once."""
    client: Client = context.obj
    out.print(client.tenants.create_key(tenant, name, scope).token, markup=False)
