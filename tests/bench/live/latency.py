"""How long after something was shown by the source its caption can be read by a client: nano, RTSP, at the speed of life."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bm3vl import Client
from tests.bench.live.film import Film, film
from tests.bench.live.report import p95, percentiles, tell
from tests.e2e.service import service
from worker.bm3.evaluation.match import Timing, ground_truths, pairs, predictions

CHUNK_MS = 2000
ALLOWED_S = CHUNK_MS / 1000 + 2
SETTLED_MS = 10_000  # of the job: before, the worker has not connected or loads


@dataclass(frozen=True)
class Heard:
    """A cue as its reader got it; times of the film, milliseconds."""

    start_ms: int
    text: str
    read_ms: int


def latency(folder: Path, seconds: float) -> None:
    """From the first picture of a chunk, and from the moment of an event, to the cue in a client's hands."""
    with service(folder / "latency") as running, running.client() as client, film() as shown:
        job = client.live(shown.url, live={"max_duration_ms": round(seconds * 1000)}, chunk_ms=CHUNK_MS)
        read: list[tuple[dict[str, Any], float]] = []
        reader = threading.Thread(target=_read, args=(running.client(), str(job.id), read))
        reader.start()
        done = client.wait(job)
        reader.join()
    assert done.result is not None
    outcome = done.result["live"]
    began = datetime.fromisoformat(outcome["started_at"]).timestamp()
    later = [(cue, at) for cue, at in read if cue["start_ms"] >= SETTLED_MS]
    _tell("cue", [at - began - cue["start_ms"] / 1000 for cue, at in later])
    offset_ms = 1000 * (began - shown.began)
    heard = [
        Heard(round(cue["start_ms"] + offset_ms), cue["text"], round(1000 * (at - shown.began))) for cue, at in later
    ]
    _tell("event", _event_latencies(shown, heard))
    tell("dropped", outcome["dropped_ms"] / 1000, "s")
    tell("gaps", outcome["gap_ms"] / 1000, "s")


def _tell(name: str, seconds: list[float]) -> None:
    percentiles(name, seconds)
    tell(f"{name}_p95_ratio", p95(seconds) / ALLOWED_S, "ratio", vs="chunk + 2 s")


def _read(client: Client, job_id: str, read: list[tuple[dict[str, Any], float]]) -> None:
    with client:
        read.extend((event.data, time.time()) for event in client.watch(job_id) if event.type == "cue")


def _event_latencies(shown: Film, heard: list[Heard]) -> list[float]:
    """Of the events whose object was named: seconds from the picture that shows them whole to their caption.

    Its words may be wrong otherwise: nano has seen events at the beginnings of chunks, and a live source keeps to no grid.
    """
    read_ms = {one.start_ms: one.read_ms for one in heard}
    told, _ = predictions(heard)
    timing = Timing(chunk_ms=CHUNK_MS)
    happened = ground_truths(shown.scene.events(0, max(read_ms.values())), timing)
    found = pairs(told, happened, timing, lambda event: event.name)
    return [(read_ms[pair.predicted.start_ms] - pair.expected.event.end_ms) / 1000 for pair in found]
