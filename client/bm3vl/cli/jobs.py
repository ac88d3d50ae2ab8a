"""Commands about jobs: list, get, watch, cancel, retry, delete, download."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bm3vl.cli.params import changed
from bm3vl.cli.show import LiveView, done, err, out, table
from bm3vl.cli.summary import summary
from bm3vl.ended import finished

JobId = Annotated[str, typer.Argument(help="The job's id")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the document instead")]

if TYPE_CHECKING:
    from bm3vl.sdk import Client


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    for command in (watch, get, cancel, retry, delete, download):
        app.command()(command)
    app.command(name="list")(list_jobs)


def follow(client: Client, job_id: str, *, quiet: bool = False) -> dict[str, Any]:
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
    finished(follow(context.obj, job_id))


def list_jobs(
    context: typer.Context,
    state: Annotated[list[str] | None, typer.Option(help="May be repeated")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="May be repeated")] = None,
    text: Annotated[str | None, typer.Option(help="Words in captions or failure messages")] = None,
    most: Annotated[int, typer.Option(min=1)] = 20,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first."""
    client: Client = context.obj
    filters = {name: value for name, value in {"state": state, "kind": kind, "text": text}.items() if value}
    found = client.jobs(most=most, **filters)
    if as_json:
        out.print_json(data=[*found])
        return
    table(
        ["id", "kind", "state", "done", "cues", "created", "failure"],
        [_row(job) for job in found],
    )


def _row(job: dict[str, Any]) -> list[Any]:
    failure = (job["failure"] or {}).get("code")
    return [job["id"], job["kind"], job["state"], done(job), job["progress"]["cues"], job["created_at"][:19], failure]


def get(context: typer.Context, job_id: JobId, as_json: AsJson = False) -> None:
    """Show one job."""
    job = context.obj.job(job_id)
    if as_json:
        out.print_json(data=job)
        return
    facts = {"state": job["state"], "kind": job["kind"], "done": done(job), "attempt": job["attempt"]}
    facts |= {"created": job["created_at"], "finished": job["finished_at"]}
    if job["failure"]:
        facts["failure"] = f"{job['failure']['code']}: {job['failure']['message']}"
    facts["params"] = json.dumps(_stated(job["params"]), ensure_ascii=False)
    for name, fact in facts.items():
        out.print(f"{name:9} {'-' if fact is None else fact}", markup=False)
    for line in summary(job):
        out.print(line, markup=False)


def _stated(value: Any) -> Any:
    """A document without its empty fields."""
    if not isinstance(value, dict):
        return value
    return {name: _stated(part) for name, part in value.items() if part is not None}


def cancel(context: typer.Context, job_ids: Annotated[list[str], typer.Argument(help="Ids of jobs")]) -> None:
    """Cancel jobs; what they have said so far stays."""
    for job_id in job_ids:
        out.print(f"{job_id} {context.obj.cancel(job_id)['state']}")


def retry(
    context: typer.Context,
    job_id: JobId,
    start: Annotated[str | None, typer.Option(help="checkpoint or zero")] = None,
    param: Annotated[list[str] | None, typer.Option(help="NAME=JSON, a changed parameter; may be repeated")] = None,
) -> None:
    """Do a finished job again as a new one."""
    changes: dict[str, Any] = {"start": start} if start else {}
    if param:
        changes["params"] = changed({}, param)
    out.print(context.obj.retry(job_id, **changes)["id"])


def delete(context: typer.Context, job_ids: Annotated[list[str], typer.Argument(help="Ids of jobs")]) -> None:
    """Forget jobs with their results and files."""
    for job_id in job_ids:
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
    if output is not None and str(output) == "-":
        typer.echo(context.obj.read(job_id, name), nl=False)
        return
    path = context.obj.download(job_id, name, output or Path(name))
    err.print(f"written: {path}", markup=False)
