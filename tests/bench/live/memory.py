"""What a long live job takes of memory: an upload that grows, followed as fast as the model goes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import linear_regression, median

import av

from bm3vl import Client, JobView
from tests.bench.live.film import held_out_scene
from tests.bench.live.report import tell
from tests.e2e.service import service
from worker.bm3.scenes.scenes import frame_times

HOUR_MS = 3_600_000
SIDE_PX = 64
FPS = 1.0
LOOK_S = 1.0
REPEAT_MS = 600_000  # the film: rendered once, its packets repeated


def memory(folder: Path, hours: float, models: str) -> None:
    """Resident bytes of the worker and of all that it started, over so many hours of source time."""
    path = folder / "film.ts"
    _write(path, round(hours * HOUR_MS))
    settings = {"BM3_WORKER_MODELS": models} if models else {}
    with service(folder / "memory", **settings) as running, running.client() as client:
        began = time.monotonic()
        samples = [*_samples(client, path, running.pid("gpu"))]
        took_s = time.monotonic() - began
    name = f"memory_{models.partition('=')[0] or 'nano'}"
    hours_seen = samples[-1].hours
    tell(f"{name}_source", hours_seen, "h")
    tell(f"{name}_times_real", hours_seen * 3600 / took_s, "x")
    later = [one for one in samples if one.hours >= hours_seen / 2]
    at = [one.hours for one in later]
    _tell(f"{name}_worker", at, [one.worker for one in later])
    _tell(f"{name}_child", at, [one.child for one in later])


@dataclass(frozen=True)
class Sample:
    """How far the job is in hours of the source; resident bytes of the supervisor, and of all that it started."""

    hours: float
    worker: int
    child: int


def _tell(name: str, hours: Sequence[float], sizes: Sequence[int]) -> None:
    """Of the second half: the median of its beginning and of its end, each a quarter, and the slope."""
    quarter = max(len(sizes) // 4, 1)
    tell(f"{name}_at_half", median(sizes[:quarter]) / 2**20, "MiB")
    tell(f"{name}_at_end", median(sizes[-quarter:]) / 2**20, "MiB")
    tell(f"{name}_slope", linear_regression(hours, sizes).slope / 2**20, "MiB/h", vs="hours of the source, second half")


def _samples(client: Client, path: Path, worker: int) -> Iterator[Sample]:
    """Every second, until the job ends."""
    new = {"filename": path.name, "size_bytes": path.stat().st_size}
    asset_id = client.post("/v1/uploads", new)["asset"]["id"]
    job = _submitted(client, asset_id)
    sender = threading.Thread(target=client.upload, args=(path,), kwargs={"asset_id": asset_id}, daemon=True)
    sender.start()
    while (now := client.job(job)).finished_at is None:
        if done := now.progress.done_ms:
            own, *others = family(worker)
            yield Sample(done / HOUR_MS, resident_bytes(own), sum(map(resident_bytes, others)))
        time.sleep(LOOK_S)
    sender.join()
    assert now.state == "succeeded", now.failure


def _submitted(client: Client, asset_id: str) -> JobView:
    params = {"video": {"asset_id": asset_id}, "live": {}, "fps": FPS, "max_frame_pixels": SIDE_PX**2}
    return client.submit("video.caption", params)


def family(pid: int) -> list[int]:
    """A process, and all that it started."""
    lists = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    return [pid, *(one for children in lists for child in children for one in family(int(child)))]


def resident_bytes(pid: int) -> int:
    """What a process holds of the machine's memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS")), 0)


def _write(path: Path, duration_ms: int) -> None:
    scene = held_out_scene()
    with av.open(str(path), "w", format="mpegts") as container:
        stream = container.add_stream("libx264", Fraction(FPS), options={"preset": "ultrafast", "g": "60"})
        stream.width, stream.height, stream.pix_fmt = SIDE_PX, SIDE_PX, "yuv420p"
        pictures = [scene.frame(t_ms, SIDE_PX) for t_ms in frame_times(0, min(duration_ms, REPEAT_MS), FPS)]
        for number, _ in enumerate(frame_times(0, duration_ms, FPS)):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pictures[number % len(pictures)], format="rgb24")))
        container.mux(stream.encode(None))
