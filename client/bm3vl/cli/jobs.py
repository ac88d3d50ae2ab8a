"""Commands about jobs: list, get, watch, cancel, retry, delete, download."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import bm3vl
from bm3vl.cli.choices import Start
from bm3vl.cli.ids import whole
from bm3vl.cli.params import changed
from bm3vl.cli.show import LiveView, done, err, out, table
from bm3vl.cli.summary import summary
from bm3vl.documents.answers.states import State

JobId = Annotated[str, typer.Argument(help="The job's id, or enough of its beginning or end")]
JobIds = Annotated[list[str], typer.Argument(help="Ids of jobs, or enough of their beginning or end")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the document instead")]

if TYPE_CHECKING:
    from bm3vl import Client, JobView


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    for command in (watch, get, cancel, retry, delete, download):
        app.command()(command)
    app.command(name="list")(list_jobs)


def follow(client: Client, job_id: str, *, quiet: bool = False) -> JobView:
    """Show a job's events until its end; the job as it then is."""
    view = LiveView()
    try:
        for event in client.watch(job_id):
            if not quiet:
                view.show(event)
    finally:
        view.close()
    return client.job(job_id)


def watch(context: typer.Context, job_id: JobId) -> None:
    """Follow a job: its captions from the beginning, then live."""
    bm3vl.finished(follow(context.obj, whole(context.obj, job_id)))


def list_jobs(
    context: typer.Context,
    state: Annotated[list[State] | None, typer.Option(help="May be repeated")] = None,
    kind: Annotated[
        list[str] | None, typer.Option(help="video.caption, datasheet.extract or chat.complete; may be repeated")
    ] = None,
    text: Annotated[str | None, typer.Option(help="Words in captions or failure messages")] = None,
    most: Annotated[int, typer.Option(min=1)] = 20,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first."""
    client: Client = context.obj
    filters = {name: value for name, value in {"state": state, "kind": kind, "q": text}.items() if value}
    if as_json:
        out.print_json(data=[*client.pages("/v1/jobs", most=most, **filters)])
        return
    table(
        ["id", "kind", "state", "done", "cues", "created", "failure"],
        [_row(job) for job in client.jobs(most=most, **filters)],
    )


def _row(job: JobView) -> list[Any]:
    failure = job.failure and job.failure.code
    return [job.id, job.kind, job.state, done(job), job.progress.cues, f"{job.created_at:%Y-%m-%dT%H:%M:%S}", failure]


def get(context: typer.Context, job_id: JobId, as_json: AsJson = False) -> None:
    """Show one job."""
    client: Client = context.obj
    job_id = whole(client, job_id)
    if as_json:
        out.print_json(data=client.get(f"/v1/jobs/{job_id}"))
        return
    job = client.job(job_id)
    facts: dict[str, Any] = {"state": job.state, "kind": job.kind, "done": done(job), "attempt": job.attempt}
    facts |= {"created": _time(job.created_at), "finished": _time(job.finished_at)}
    if job.failure:
        facts["failure"] = f"{job.failure.code}: {job.failure.message}"
    facts["params"] = json.dumps(_stated(job.params), ensure_ascii=False)
    for name, fact in facts.items():
        out.print(f"{name:9} {'-' if fact is None else fact}", markup=False)
    for line in summary(job):
        out.print(line, markup=False)


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def _stated(value: Any) -> Any:
    """A document without its empty fields."""
    if not isinstance(value, dict):
        return value
    return {name: _stated(part) for name, part in value.items() if part is not None}


def cancel(
    context: typer.Context,
    job_ids: JobIds,
) -> None:
    """Cancel jobs; what they have said so far stays."""
    for job_id in [whole(context.obj, text) for text in job_ids]:
        out.print(f"{job_id} {context.obj.cancel(job_id).state}")


def retry(
    context: typer.Context,
    job_id: JobId,
    start: Annotated[Start | None, typer.Option(help="Where from; the checkpoint, where there is one")] = None,
    param: Annotated[list[str] | None, typer.Option(help="NAME=JSON, a changed parameter; may be repeated")] = None,
) -> None:
    """Do a finished job again as a new one."""
    changes: dict[str, Any] = {"start": start} if start else {}
    if param:
        changes["params"] = changed({}, param)
    out.print(context.obj.retry(whole(context.obj, job_id), **changes).id)


def delete(
    context: typer.Context,
    job_ids: JobIds,
) -> None:
    """Forget jobs with their results and files."""
    for job_id in [whole(context.obj, text) for text in job_ids]:
        context.obj.delete(job_id)


def download(
    context: typer.Context,
    job_id: JobId,
    name: Annotated[
        str, typer.Argument(help="captions.vtt, .srt, .json, .jsonl, result.json, or a file")
    ] = "captions.vtt",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Where to; - prints it")] = None,
) -> None:
    """Download a result; captions also while the job runs."""
    job_id = whole(context.obj, job_id)
    if output is not None and str(output) == "-":
        typer.echo(context.obj.read(job_id, name), nl=False)
        return
    path = context.obj.download(job_id, name, output or Path(name))
    err.print(f"written: {path}", markup=False)
