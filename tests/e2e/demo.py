"""`make demo`: a video and a datasheet go through the whole service, and what comes out is compared with the truth.

Everything is real: the processes of the Procfile, the trained model, a rendered H.264 video, HTTP, a signed webhook.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

from bm3vl import Client, JobView, VideoCaptionResult, finished, result_of
from bm3vl.cli.show import LiveView, out, table, upload_bar
from bm3vl.clock import clock
from tests.e2e.service import ROOT, service
from tests.receiver import Received, receiver
from worker.bm3.evaluation.score import score
from worker.bm3.scenes.write import read_truth

FOLDER = ROOT / "var" / "demo"
WEBHOOK_WAIT_S = 60.0


@dataclass(frozen=True)
class Caption:
    """A cue as the scorer wants it."""

    start_ms: int
    text: str


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; the exit code is 0 when everything arrived and was right."""
    args = _parser().parse_args(arguments)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    _step(f"Rendering a {args.minutes:g}-minute video with known events (seed {args.seed})")
    video, truth = _render(args.seed, args.minutes)
    _step("Starting the service: redis, api, dispatcher, gpu worker, light worker")
    with receiver() as hooks, service(FOLDER / "service") as running, running.client() as client:
        endpoint = client.post("/v1/webhooks", {"url": hooks.url("/ok"), "events": ["job.succeeded", "job.failed"]})
        job = _caption(client, video)
        _show_captions(client, job, truth)
        _show_webhook(hooks.received, endpoint, job)
        _datasheet(client)
    _step("Done")
    return 0


def _render(seed: int, minutes: float) -> tuple[Path, Path]:
    video, truth = FOLDER / "scenes.mp4", FOLDER / "truth.json"
    command = [sys.executable, "-m", "worker.bm3.scenes", "--seed", str(seed), "--minutes", str(minutes)]
    subprocess.run([*command, "--out", str(video), "--truth", str(truth)], cwd=ROOT, check=True)
    return video, truth


def _caption(client: Client, video: Path) -> JobView:
    with upload_bar() as bar:
        task = bar.add_task(video.name, total=video.stat().st_size)
        asset = client.upload(video, lambda sent, _: bar.update(task, completed=sent))
    job = client.submit("video.caption", {"video": {"asset_id": asset.id}})
    _step(f"Job {job.id} is {job.state}; its captions, live:")
    began, view = time.monotonic(), LiveView()
    for event in client.watch(job):
        view.show(event)
    view.close()
    job = finished(client.job(job))
    seconds = time.monotonic() - began
    shown_ms = result_of(job, VideoCaptionResult).duration_ms
    out.print(f"{clock(shown_ms)} of video in {seconds:.0f} s: {shown_ms / 1000 / seconds:.1f}x real time")
    return job


def _show_captions(client: Client, job: JobView, truth: Path) -> None:
    vtt = client.download(job, "captions.vtt", FOLDER / "captions.vtt")
    _step(f"The WebVTT begins ({vtt.relative_to(ROOT)}):")
    out.print("\n".join(vtt.read_text().splitlines()[:14]), markup=False)
    cues = json.loads(client.read(job, "captions.json"))["cues"]
    spoken = [Caption(cue["start_ms"], cue["text"]) for cue in cues]
    got = score(spoken, read_truth(truth), span_ms=(0, result_of(job, VideoCaptionResult).duration_ms))
    events = got.events
    out.print(
        f"against the truth: event F1 {events.f1:.2f} (precision {events.precision:.2f}, recall {events.recall:.2f}, "
        f"{len(cues)} cues), wrong captions on still stretches {got.wrong_still_chunks} of {got.still_chunks}"
    )


def _show_webhook(received: list[Received], endpoint: dict[str, Any], job: JobView) -> None:
    _step("The webhook")
    deadline = time.monotonic() + WEBHOOK_WAIT_S
    while not received and time.monotonic() < deadline:
        time.sleep(0.1)
    if not received:
        raise TimeoutError(f"no webhook within {WEBHOOK_WAIT_S:.0f} s")
    body = Webhook(endpoint["secret"]).verify(received[0].body, received[0].headers)
    out.print(f"{received[0].headers['webhook-id']}: {body['type']} for job {job.id}, signature verified")


def _datasheet(client: Client) -> None:
    _step("A datasheet: two drawings rendered with known dimensions")
    path = FOLDER / "part.pdf"
    command = [sys.executable, "-m", "worker.datasheet.synthetic", "--seed", "7", "--out", str(path)]
    subprocess.run(command, cwd=ROOT, check=True)
    asset = client.upload(path)
    job = client.submit("datasheet.extract", {"document": {"asset_id": asset.id}})
    job = finished(client.wait(job))
    result = job.result or {}
    body, land = result["body"], result["land_pattern"] or {"pads": []}
    values = [[name, *(body[name][key] for key in ("min", "nom", "max"))] for name in ("length", "width", "height")]
    table(["body, mm", "min", "nom", "max"], values)
    names = ("number", "type", "shape", "x", "y", "w", "h")
    table(["pad", *names[1:]], [[pad[name] for name in names] for pad in land["pads"]])
    for file in client.files(job):
        client.download(job, file.name, FOLDER / file.name)
        out.print(f"written: var/demo/{file.name}", markup=False)


def _step(text: str) -> None:
    out.print(f"\n== {text}", style="bold", markup=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1_000_001)
    return parser


if __name__ == "__main__":
    sys.exit(main())
