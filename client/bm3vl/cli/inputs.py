"""What the commands that submit a job share: parameters, files, and a word about demonstration models."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bm3vl.cli.show import err
from bm3vl.cli.upload import sent

if TYPE_CHECKING:
    from bm3vl import Client, JobView

Model = Annotated[str | None, typer.Option(help="A served model (bm3vl models); the server's default otherwise")]
Params = Annotated[
    list[str] | None,
    typer.Option("--param", help="NAME=JSON, any other parameter (sampling.top_p=0.9); may be repeated"),
]


def media(client: Client, source: str) -> dict[str, Any]:
    """The input document for a URL, a small image, or a file to be uploaded."""
    if source.startswith(("http://", "https://")):
        return {"url": source}
    path = Path(source)
    if not path.is_file():
        raise typer.BadParameter(f"no such file: {source}")
    if path.suffix.lower() in {".png", ".jpg", ".jpeg"} and path.stat().st_size < 2 << 20:
        return {"base64": base64.b64encode(path.read_bytes()).decode()}
    return {"asset_id": str(sent(client, path).id)}


def warn_of_demo(client: Client, job: JobView) -> None:
    """Say it when the model that answers is a demonstration."""
    name = job.model
    for model in client.models():
        if model.notice and (model.name == name if name else model.default):
            err.print(f"{model.name} is a demonstration model: {model.notice}", style="yellow", markup=False)


def given(**fields: Any) -> dict[str, Any]:
    """Only what was asked for: the server knows the defaults."""
    return {name: value for name, value in fields.items() if value is not None}
