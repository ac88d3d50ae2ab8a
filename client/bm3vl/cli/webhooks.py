"""`bm3vl webhooks`: endpoints, their secrets, the delivery log, resending."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bm3vl.cli.choices import DeliveryOutcome
from bm3vl.cli.show import err, out, table

if TYPE_CHECKING:
    from bm3vl import Client

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Webhook endpoints and deliveries.")

Endpoint = Annotated[str, typer.Argument(help="The endpoint's id")]


@app.command(name="list")
def list_endpoints(context: typer.Context) -> None:
    """List endpoints."""
    client: Client = context.obj
    table(
        ["id", "url", "events", "disabled"],
        [[row.id, row.url, ", ".join(row.events) or "all", row.disabled_reason] for row in client.webhooks.list()],
    )


@app.command()
def add(
    context: typer.Context,
    url: str,
    event: Annotated[
        list[str] | None, typer.Option(help="For example job.succeeded; may be repeated; default all")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Send parameters and results along")] = False,
) -> None:
    """Add an endpoint; prints its id and, this once, its secret."""
    client: Client = context.obj
    made = client.webhooks.create(url, event or (), full=full)
    out.print(f"{made.id} {made.secret}", markup=False)


@app.command()
def remove(context: typer.Context, endpoint: Endpoint) -> None:
    """Remove an endpoint and its log."""
    client: Client = context.obj
    client.webhooks.delete(endpoint)


@app.command()
def rotate(
    context: typer.Context,
    endpoint: Endpoint,
    overlap: Annotated[int, typer.Option(help="Seconds the old secret signs along")] = 86_400,
) -> None:
    """Give an endpoint a new secret; prints it this once."""
    client: Client = context.obj
    out.print(client.webhooks.rotate_secret(endpoint, overlap_s=overlap).secret, markup=False)


@app.command()
def test(context: typer.Context, endpoint: Endpoint) -> None:
    """Send a test event; prints the delivery's id."""
    client: Client = context.obj
    out.print(client.webhooks.test(endpoint).id)


@app.command()
def deliveries(
    context: typer.Context,
    endpoint: Endpoint,
    state: Annotated[DeliveryOutcome | None, typer.Option(help="Only these")] = None,
    most: Annotated[int, typer.Option(min=1)] = 20,
) -> None:
    """List deliveries, newest first."""
    client: Client = context.obj
    rows = client.webhooks.deliveries(endpoint, state=state, most=most)
    table(
        ["id", "event", "state", "attempts", "next attempt"],
        [[row.id, row.event_type, row.state, row.attempts, row.next_attempt_at] for row in rows],
    )


@app.command()
def show(context: typer.Context, endpoint: Endpoint, delivery: str) -> None:
    """Show one delivery with every request and answer."""
    out.print_json(data=context.obj.get(f"/v1/webhooks/{endpoint}/deliveries/{delivery}"))


@app.command()
def resend(context: typer.Context, endpoint: Endpoint, delivery: str) -> None:
    """Send one delivery again, now."""
    client: Client = context.obj
    out.print(client.webhooks.resend(endpoint, delivery).state)


@app.command()
def recover(
    context: typer.Context,
    endpoint: Endpoint,
    since: Annotated[str, typer.Argument(help="For example 2026-01-31T00:00:00Z")],
) -> None:
    """Send everything again that failed since then."""
    client: Client = context.obj
    err.print(f"{client.webhooks.recover(endpoint, since)} deliveries will be tried again")
