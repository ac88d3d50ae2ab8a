"""`bm3vl submit`: videos, datasheets and chats, followed live if wanted, results written where wanted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import bm3vl
from bm3vl.cli import chat
from bm3vl.cli.choices import DatasheetReader
from bm3vl.cli.inputs import Model, Params, given, media, warn_of_demo
from bm3vl.cli.jobs import follow
from bm3vl.cli.params import changed
from bm3vl.cli.show import err, out
from bm3vl.cli.summary import summary, without_footprint

if TYPE_CHECKING:
    from bm3vl import Client, JobView

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Submit a job.")
NO_SYMBOL = "no symbol: no table or figure of pins was read for this package"
app.command()(chat.chat)

Source = Annotated[str, typer.Argument(help="A file, or an http(s) URL the server fetches")]
Labels = Annotated[list[str] | None, typer.Option("--label", help="NAME=VALUE, may be repeated")]
Priority = Annotated[int, typer.Option(min=-100, max=100, help="Higher is claimed first")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Do the work even if the same result is there already")]


@app.command()
def video(
    context: typer.Context,
    source: Source,
    prompt: Annotated[str | None, typer.Option(help="What to describe in the video")] = None,
    system: Annotated[str | None, typer.Option(help="System text, before the prompt")] = None,
    model: Model = None,
    fps: Annotated[float | None, typer.Option(help="Frames sampled a second")] = None,
    frame_pixels: Annotated[int | None, typer.Option(help="Most pixels of one frame; larger ones shrink")] = None,
    chunk: Annotated[float | None, typer.Option(help="Seconds of video a step")] = None,
    window: Annotated[float | None, typer.Option(help="Seconds of vision kept in sight")] = None,
    start: Annotated[float | None, typer.Option(help="Second to start at")] = None,
    end: Annotated[float | None, typer.Option(help="Second to end at")] = None,
    temperature: Annotated[float | None, typer.Option(min=0, help="0 takes the likeliest token")] = None,
    seed: Annotated[int | None, typer.Option(help="Of sampling")] = None,
    parallel: Annotated[int | None, typer.Option(help="Cut the file into this many parts, done side by side")] = None,
    chapters: Annotated[bool, typer.Option("--chapters", help="Add chapters and a summary")] = False,
    param: Params = None,
    label: Labels = None,
    priority: Priority = 0,
    no_cache: NoCache = False,
    watch: Annotated[bool, typer.Option("--watch", help="Follow the captions live")] = False,
    vtt: Annotated[Path | None, typer.Option(help="Wait for the end and write WebVTT here")] = None,
    srt: Annotated[Path | None, typer.Option(help="Wait for the end and write SubRip here")] = None,
    json: Annotated[Path | None, typer.Option(help="Wait for the end and write captions and result here")] = None,
) -> None:
    """Caption a video of any length."""
    client: Client = context.obj
    params = given(
        video=media(client, source),
        prompt=prompt,
        system=system,
        model=model,
        fps=fps,
        max_frame_pixels=frame_pixels,
        chunk_ms=_ms(chunk),
        window=given(vision_ms=_ms(window)) or None,
        start_ms=_ms(start),
        end_ms=_ms(end),
        sampling=given(temperature=temperature, seed=seed) or None,
        mode="parallel" if parallel else None,
        segments=parallel,
        chapters=chapters or None,
    )
    job = client.submit("video.caption", changed(params, param), **_envelope(label, priority, no_cache))
    _announce(job)
    warn_of_demo(client, job)
    wanted = {"captions.vtt": vtt, "captions.srt": srt, "captions.json": json}
    if watch or any(wanted.values()):
        bm3vl.finished(follow(client, str(job.id), quiet=not watch))
    for name, path in wanted.items():
        if path is not None:
            client.download(job, name, path)
            err.print(f"written: {path}", markup=False)


@app.command()
def datasheet(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(help="FILE.pdf, or the outline and the land-pattern image", exists=True)
    ],
    package: Annotated[str | None, typer.Option(help="Package name or code, to choose the variant")] = None,
    mechanical_page: Annotated[int | None, typer.Option(min=1)] = None,
    land_page: Annotated[int | None, typer.Option(min=1)] = None,
    reader: Annotated[
        DatasheetReader | None, typer.Option(help="What reads the drawings: vectors, a model, or both")
    ] = None,
    allow_incomplete: Annotated[
        bool, typer.Option("--allow-incomplete", help="Write a footprint that lacks pads or sizes; its name says so")
    ] = False,
    param: Params = None,
    label: Labels = None,
    priority: Priority = 0,
    no_cache: NoCache = False,
    watch: Annotated[bool, typer.Option("--watch", help="Wait and show what was found")] = False,
    json: Annotated[Path | None, typer.Option(help="Wait and write the result document here")] = None,
    kicad: Annotated[Path | None, typer.Option(help="Wait and write the KiCad footprint here")] = None,
    symbol: Annotated[Path | None, typer.Option(help="Wait and write the KiCad symbol here")] = None,
    overlay: Annotated[Path | None, typer.Option(help="Wait and write the pads drawn over the page here")] = None,
) -> None:
    """Read body dimensions and pads from a datasheet's drawings.

    Once waited for, ends with 0 for a footprint that is verified, 3 for one to check, 4 for none.
    """
    if len(files) > 2:
        raise typer.BadParameter("give one PDF, or two images")
    client: Client = context.obj
    inputs = [media(client, str(file)) for file in files]
    names = {"document": inputs[0]} if len(inputs) == 1 else {"mechanical_image": inputs[0], "land_image": inputs[1]}
    params = given(
        **names,
        package=package,
        mechanical_page=mechanical_page,
        land_page=land_page,
        reader=reader,
        allow_incomplete=allow_incomplete or None,
    )
    job = client.submit("datasheet.extract", changed(params, param), **_envelope(label, priority, no_cache))
    _announce(job)
    if reader in ("vlm", "both"):
        warn_of_demo(client, job)
    wanted = {"footprint.json": json, ".kicad_mod": kicad, ".kicad_sym": symbol, "overlay.svg": overlay}
    if watch or any(wanted.values()):
        job = bm3vl.finished(follow(client, str(job.id), quiet=not watch))
        for line in summary(job):
            err.print(line, markup=False)
        _fetch(client, job, wanted)
        from bm3vl.documents.kinds import datasheet_verdict  # here: help should not wait for pydantic

        if code := datasheet_verdict.exit_code(job.result or {}):
            raise typer.Exit(code)


def _announce(job: JobView) -> None:
    out.print(job.id)
    if job.cached_from:
        err.print("the same work was done before: its result is used (--no-cache to do it again)")
    estimate = job.estimate
    if estimate and estimate.finishes_at:
        ends = estimate.finishes_at.astimezone()
        err.print(f"{estimate.ahead} jobs before it; done about {ends:%Y-%m-%d %H:%M:%S}", markup=False)


def _fetch(client: Client, job: JobView, wanted: dict[str, Path | None]) -> None:
    names = [file.name for file in client.files(job)]
    for ending, path in wanted.items():
        if path is None:
            continue
        name = next((name for name in names if name.endswith(ending)), None)
        if name is None:
            err.print(NO_SYMBOL if ending == ".kicad_sym" else without_footprint(job), style="yellow", markup=False)
            continue
        client.download(job, name, path)
        err.print(f"written: {path}", markup=False)


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _envelope(label: list[str] | None, priority: int, no_cache: bool) -> dict[str, Any]:
    pairs = [entry.partition("=") for entry in label or []]
    if any(not name or not value for name, _, value in pairs):
        raise typer.BadParameter("labels are NAME=VALUE")
    labels = {name: value for name, _, value in pairs}
    return {"labels": labels, "priority": priority} | ({"cache": "bypass"} if no_cache else {})
