"""`bm3vl upload`: a file to the server, or the rest of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bm3vl.cli.show import out, upload_bar
from bm3vl.defaults import PATIENCE_S

if TYPE_CHECKING:
    from bm3vl import AssetView, Client


def upload(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="Files of any name: the bytes decide")
    ],
    asset: Annotated[
        str | None, typer.Option(help="The upload to go on with; without it, the file's hash finds it")
    ] = None,
    patience: Annotated[float, typer.Option(min=0, help="Seconds without a byte that arrives before giving up")] = (
        PATIENCE_S
    ),
) -> None:
    """Upload files and print their asset ids. Uploads that broke off go on where they stopped, within 7 days."""
    if asset is not None and len(files) > 1:
        raise typer.BadParameter("--asset goes with one file")
    for path in files:
        out.print(str(sent(context.obj, path, asset, patience).id), markup=False)


def sent(client: Client, path: Path, asset_id: str | None = None, patience_s: float = PATIENCE_S) -> AssetView:
    """Upload a file behind a progress bar; its asset."""
    with upload_bar() as bar:
        task = bar.add_task(path.name, total=path.stat().st_size)
        return client.upload(
            path,
            lambda arrived, size: bar.update(task, completed=arrived, total=size),
            asset_id=asset_id,
            patience_s=patience_s,
        )
