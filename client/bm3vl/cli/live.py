"""`bm3vl live`: follow a live source, see its captions, and end it in good order with Ctrl-C."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import bm3vl
from bm3vl.cli.ids import whole
from bm3vl.cli.inputs import Model, Params, given, warn_of_demo
from bm3vl.cli.jobs import JobIds, follow
from bm3vl.cli.params import changed
from bm3vl.cli.show import err, out

if TYPE_CHECKING:
    from bm3vl import Client, JobView

LIVE = ("rtsp://", "rtsps://", "rtmp://", "rtmps://", "srt://", "http://", "https://")


def live(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="rtsp, rtmp, srt, or http(s) of a stream or an HLS playlist")],
    prompt: Annotated[str | None, typer.Option(help="What to describe in the video")] = None,
    model: Model = None,
    fps: Annotated[float | None, typer.Option(help="Frames sampled a second")] = None,
    chunk: Annotated[float | None, typer.Option(help="Seconds of video a step")] = None,
    minutes: Annotated[float | None, typer.Option(help="End after so many minutes")] = None,
    record: Annotated[bool, typer.Option("--record", help="Keep the source's own pictures and sound")] = False,
    param: Params = None,
    detach: Annotated[bool, typer.Option("--detach", help="Only submit: the job goes on until it is stopped")] = False,
    vtt: Annotated[Path | None, typer.Option(help="Write WebVTT here at the end")] = None,
) -> None:
    """Caption a live source as it happens. Ctrl-C stops the job, which then succeeds with what was captioned."""
    if not url.startswith(LIVE):
        raise typer.BadParameter(f"a live source begins with {', '.join(LIVE)}")
    client: Client = context.obj
    options = given(max_duration_ms=None if minutes is None else round(minutes * 60_000), record=record or None)
    chunk_ms = None if chunk is None else round(chunk * 1000)
    params: dict[str, Any] = given(video={"url": url}, live=options, prompt=prompt, model=model, fps=fps)
    job = client.submit("video.caption", changed({**params, **given(chunk_ms=chunk_ms)}, param))
    out.print(job.id)
    warn_of_demo(client, job)
    if detach:
        return
    bm3vl.finished(_followed(client, job))
    if vtt is not None:
        client.download(job, "captions.vtt", vtt)
        err.print(f"written: {vtt}", markup=False)


def stop(context: typer.Context, job_ids: JobIds) -> None:
    """End live jobs in good order: they succeed with what was captioned."""
    for job_id in [whole(context.obj, text) for text in job_ids]:
        out.print(f"{job_id} {context.obj.stop(job_id).state}")


def _followed(client: Client, job: JobView) -> JobView:
    """The job at its end. Ctrl-C stops it and waits for its result; a second one only leaves."""
    try:
        return follow(client, str(job.id))
    except KeyboardInterrupt:
        err.print("stopping (Ctrl-C again leaves; the job ends by itself)")
        client.stop(job)
        return follow(client, str(job.id), quiet=True)
