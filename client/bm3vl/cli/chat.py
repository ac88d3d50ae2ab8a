"""`bm3vl chat`: one question, with pictures and videos if wanted, and the model's answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

import bm3vl
from bm3vl.cli.inputs import Model, Params, given, media, warn_of_demo
from bm3vl.cli.params import changed
from bm3vl.cli.show import out

if TYPE_CHECKING:
    from bm3vl import Client, JobView

Media = Annotated[list[str] | None, typer.Option(help="A file, or an http(s) URL the server fetches; may be repeated")]


def chat(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="What to say")],
    image: Media = None,
    video: Media = None,
    system: Annotated[str | None, typer.Option(help="System text, before all else")] = None,
    model: Model = None,
    max_tokens: Annotated[int | None, typer.Option(min=1)] = None,
    temperature: Annotated[float | None, typer.Option(min=0, help="0 takes the likeliest token")] = None,
    param: Params = None,
    stream: Annotated[bool, typer.Option("--stream", help="Print the answer's words as they come")] = False,
) -> None:
    """Ask the model one thing and print its answer."""
    client: Client = context.obj
    shown = [("image", source) for source in image or []] + [("video", source) for source in video or []]
    content: list[dict[str, Any]] = [{"type": kind, kind: media(client, source)} for kind, source in shown]
    question = {"role": "user", "content": [*content, {"type": "text", "text": text}]}
    messages = [*([{"role": "system", "content": system}] if system else []), question]
    params = given(
        messages=messages,
        model=model,
        max_tokens=max_tokens,
        sampling=given(temperature=temperature) or None,
    )
    job = client.submit("chat.complete", changed(params, param), wait_s=0 if stream else 60)
    if stream:
        _print_live(client, job)
        warn_of_demo(client, job)
        return
    warn_of_demo(client, job)
    job = bm3vl.finished(job if job.result else client.wait(job))
    out.print(bm3vl.result_of(job, bm3vl.ChatResult).text, markup=False)


def _print_live(client: Client, job: JobView) -> None:
    """Print words as they are decoded, then what is missing of the whole answer.

    Words of the moment can be missed or sent twice: only what follows the words on the screen is printed, so that
    what was missed comes in its place at the end. A worker that was lost may have begun another answer: then the whole
    of it follows on a line of its own.
    """
    shown = ""
    for event in client.watch(job):
        if event.type == "text":
            new = following(shown, event.data)
            shown += new
            typer.echo(new, nl=False)
    answer = bm3vl.result_of(client.job(job), bm3vl.ChatResult).text
    typer.echo(answer[len(shown) :] if answer.startswith(shown) else f"\n{answer}")


def following(shown: str, piece: Mapping[str, Any]) -> str:
    """What a piece of live text adds to what is shown of the answer: nothing while a piece before it is missing."""
    known = len(shown) - int(piece.get("at", len(shown)))
    return str(piece["text"][known:]) if known >= 0 else ""
