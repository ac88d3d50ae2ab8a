"""Benchmark: sampled frames a second and peak memory of our decoder against the readers others use, on one file.

    python -m tests.bench.bench_decode --seconds 60            one JSON object a line, nothing else on stdout
    python -m tests.bench.bench_decode --seconds 7200          the two-hour run

The clip is real footage scaled to 1080p, coded once as H.264 at 30 pictures a second and repeated by remuxing. Every reader
hands out the same samples as RGB arrays of the model's size, in a process of its own.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from tests.worker.video.footage import looped, pictures, sample_clip, write_video

FRAME_PX = (448, 252)
FPS = 2.0
ROUNDS = 3
Took = dict[str, float]


def ours(path: Path) -> Iterator[np.ndarray]:
    from worker.video.decode import Clip, parts
    from worker.video.prefetch import prefetched
    from worker.video.probe import probe
    from worker.video.slots import Part

    with prefetched(parts(path, probe(path), Clip(fps=FPS), FRAME_PX)) as chunks:
        for part in chunks:
            if isinstance(part, Part):
                yield from (frame.pixels for frame in part.chunk.frames)


def opencv(path: Path) -> Iterator[np.ndarray]:
    import cv2

    video = cv2.VideoCapture(str(path))
    step = round(video.get(cv2.CAP_PROP_FPS) / FPS)
    index = 0
    while video.grab():
        if index % step == 0:
            _, picture = video.retrieve()
            small = cv2.resize(picture, FRAME_PX, interpolation=cv2.INTER_AREA)
            yield cv2.cvtColor(small, cv2.COLOR_BGR2RGB)
        index += 1


def torchcodec(path: Path) -> Iterator[np.ndarray]:
    """In chunks of 2 s, scaled by torchvision as its documentation shows, with the threads of this machine."""
    from torchcodec.decoders import VideoDecoder
    from torchvision.transforms.v2.functional import resize

    decoder = VideoDecoder(str(path), num_ffmpeg_threads=os.cpu_count() or 1, dimension_order="NCHW")
    end_s = decoder.metadata.end_stream_seconds or 0
    chunk_s = 2.0
    for first in range(int(-(-end_s // chunk_s))):
        times = [t for k in range(int(chunk_s * FPS)) if (t := first * chunk_s + k / FPS) < end_s]
        batch = resize(decoder.get_frames_played_at(times).data, [FRAME_PX[1], FRAME_PX[0]], antialias=True)
        yield from batch.permute(0, 2, 3, 1).numpy()


def qwen_vl_utils(path: Path) -> Iterator[np.ndarray]:
    """The whole video at once, as it only can, by its torchcodec reader unless the environment says another."""
    os.environ.setdefault("FORCE_QWENVL_VIDEO_READER", "torchcodec")
    os.environ["TORCHCODEC_NUM_THREADS"] = str(os.cpu_count() or 1)
    os.environ["FPS_MAX_FRAMES"] = "1000000"
    os.environ["VIDEO_MAX_PIXELS"] = str(10**12)
    from qwen_vl_utils import fetch_video

    spec = {"video": str(path), "fps": FPS, "resized_height": FRAME_PX[1], "resized_width": FRAME_PX[0]}
    yield from fetch_video(spec).permute(0, 2, 3, 1).numpy()


READERS: dict[str, Callable[[Path], Iterator[np.ndarray]]] = {
    "ours": ours,
    "opencv": opencv,
    "torchcodec": torchcodec,
    "qwen_vl_utils": qwen_vl_utils,
}
IMPORTS = {
    "ours": ("worker.video.decode", "worker.video.prefetch"),
    "opencv": ("cv2",),
    "torchcodec": ("torchcodec.decoders", "torchvision.transforms.v2.functional"),
    "qwen_vl_utils": ("qwen_vl_utils",),
}


def read(name: str, path: Path) -> None:
    """Run one reader in this process and print what it took."""
    preload(name)
    start_s, cpu_s = time.perf_counter(), time.process_time()
    frames = sum(1 for _ in READERS[name](path))
    took = {"frames": frames, "wall_s": time.perf_counter() - start_s, "cpu_s": time.process_time() - cpu_s}
    print(json.dumps({**took, "peak_mib": peak_mib()}))


def preload(name: str) -> None:
    """Import what a reader needs: that time is not its reading."""
    for module in IMPORTS[name]:
        importlib.import_module(module)


def peak_mib() -> float:
    """Peak resident memory of this process since its start; `ru_maxrss` would count the parent's before exec."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def measure(path: Path, rounds: int, names: Sequence[str]) -> dict[str, list[Took]]:
    """Some rounds of each reader, each in a process of its own, in turns so that all meet the same machine."""
    taken: dict[str, list[Took]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in list(taken):
            command = [sys.executable, "-m", "tests.bench.bench_decode", "--reader", name, "--file", str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"{name} cannot read it: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
                del taken[name]
            else:
                taken[name].append(json.loads(done.stdout.splitlines()[-1]))
    return taken


def best(rounds: list[Took], key: str) -> float:
    """The round least disturbed by whatever else the machine did."""
    return min(took[key] for took in rounds)


def report(metric: str, value: float, unit: str, vs: str | None = None) -> None:
    line = {"bench": "decode", "metric": metric, "value": round(value, 3), "unit": unit}
    print(json.dumps(line | ({"vs": vs} if vs else {})), flush=True)


def make_clip(folder: Path, seconds: float) -> Path:
    """Real footage at 1080p30, H.264 as x264 codes it by default, repeated to the length asked for."""
    once = folder / "once.mp4"
    write_video(once, pictures(sample_clip("bigbuckbunny.mp4"), 1920, 1080), rate=30, options={"crf": "25"})
    return looped(once, folder / f"clip-{seconds:g}.mp4", seconds)


def compare(folder: Path, seconds: float, rounds: int) -> None:
    clip = make_clip(folder, seconds)
    taken = measure(clip, rounds, list(READERS))
    frames = taken["ours"][0]["frames"]
    for name, took in taken.items():
        wall_s, cpu_s = best(took, "wall_s"), best(took, "cpu_s")
        report(f"{name}_frames_per_second", took[0]["frames"] / wall_s, "frames/s")
        report(f"{name}_realtime_factor", took[0]["frames"] / FPS / wall_s, "x")
        report(f"{name}_cpu_seconds_per_video_hour", cpu_s / (took[0]["frames"] / FPS) * 3600, "s")
        report(f"{name}_peak_memory", best(took, "peak_mib"), "MiB")
    mine = taken.pop("ours")
    for name, took in taken.items():
        same = frames / took[0]["frames"]
        report("speed_ratio", same * best(took, "wall_s") / best(mine, "wall_s"), "ratio", name)
        report("cpu_ratio", same * best(took, "cpu_s") / best(mine, "cpu_s"), "ratio", name)
    quarter = measure(looped(folder / "once.mp4", folder / "quarter.mp4", seconds / 4), rounds, ["ours"])["ours"]
    report("peak_memory_growth", best(mine, "peak_mib") / best(quarter, "peak_mib"), "ratio", "a quarter of the clip")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--reader", choices=READERS)
    parser.add_argument("--file", type=Path)
    given = parser.parse_args()
    if given.reader:
        read(given.reader, given.file)
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), given.seconds, given.rounds)


if __name__ == "__main__":
    main()
