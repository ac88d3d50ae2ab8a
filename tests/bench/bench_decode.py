"""Benchmark: sampled frames a second and peak memory of our decoder against the readers others use, on one file.

    python -m tests.bench.bench_decode                         one JSON object a line, nothing else on stdout
    python -m tests.bench.bench_decode --long-seconds 0        without the two-hour run, which takes most of the time
    python -m tests.bench.bench_decode --structures            and how the advantage depends on how a video is coded

The clip is real footage scaled to 1080p, coded once as H.264 at 30 pictures a second and repeated by remuxing. Every reader
hands out the same samples as RGB arrays of the model's size, in a process of its own. All read the same minute; two hours
are read by ours alone (others hold every picture of it in memory, or cost the same every minute) and set against that minute.
torchcodec and qwen_vl_utils take part where `pip install torchcodec` and Debian's `ffmpeg` are.
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
ROUNDS = 2
CRF = {"crf": "25"}
STRUCTURES = {
    "gop_250_3b": CRF,
    "gop_60_3b": CRF | {"g": "60"},
    "gop_250_no_b": CRF | {"bf": "0"},
    "gop_250_8_slices": CRF | {"x264-params": "slices=8"},
    "intra_only": CRF | {"g": "1"},
}
STRUCTURE_SECONDS = 20
Took = dict[str, float]


def ours(path: Path) -> Iterator[np.ndarray]:
    from worker.video.source.decode import Clip, parts
    from worker.video.source.frame_sampler import ClipPart
    from worker.video.source.prefetch import prefetched
    from worker.video.source.probe import probe

    with prefetched(parts(path, probe(path), Clip(fps=FPS), FRAME_PX)) as chunks:
        for part in chunks:
            if isinstance(part, ClipPart):
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
    "ours": ("worker.video.source.decode", "worker.video.source.prefetch"),
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


def make_clip(folder: Path, structure: str, seconds: float) -> Path:
    """Real footage at 1080p30 as x264 codes it with some options, repeated to the length asked for."""
    once = folder / f"{structure}.mp4"
    if not once.exists():
        footage = pictures(sample_clip("bigbuckbunny.mp4"), 1920, 1080)
        write_video(once, footage, rate=30, options=STRUCTURES[structure])
    return looped(once, folder / f"{structure}-{seconds:g}.mp4", seconds)


def compare(folder: Path, seconds: float, rounds: int) -> dict[str, list[Took]]:
    """All readers on one clip, in turns."""
    taken = measure(make_clip(folder, "gop_250_3b", seconds), rounds, list(READERS))
    for name, took in taken.items():
        wall_s, cpu_s = best(took, "wall_s"), best(took, "cpu_s")
        report(f"{name}_frames_per_second", took[0]["frames"] / wall_s, "frames/s")
        report(f"{name}_realtime_factor", took[0]["frames"] / FPS / wall_s, "x")
        report(f"{name}_cpu_seconds_per_video_hour", cpu_s / (took[0]["frames"] / FPS) * 3600, "s")
        report(f"{name}_peak_memory", best(took, "peak_mib"), "MiB")
    report_ratios("", taken["ours"], taken)
    return taken


def report_ratios(prefix: str, mine: list[Took], taken: dict[str, list[Took]], on: str = "") -> None:
    """How many times as long the others take for a frame, by the clock and by CPU time; the fastest of them at the end."""
    others = [name for name in taken if name != "ours"]
    for metric, key in (("speed_ratio", "wall_s"), ("cpu_ratio", "cpu_s")):
        ratios = {name: per_frame(taken[name], key) / per_frame(mine, key) for name in others}
        for name, ratio in ratios.items():
            report(prefix + metric, ratio, "ratio", name + on)
        fastest = min(ratios, key=lambda name: ratios[name])
        report(f"{prefix}{metric}_to_the_fastest", ratios[fastest], "ratio", fastest + on)


def per_frame(rounds: list[Took], key: str) -> float:
    return best(rounds, key) / rounds[0]["frames"]


def compare_structures(folder: Path, rounds: int) -> None:
    """How the advantage depends on how a video is coded."""
    for structure in STRUCTURES:
        clip = make_clip(folder, structure, STRUCTURE_SECONDS)
        taken = measure(clip, rounds, ["ours", "opencv"])
        report_ratios(f"{structure}_", taken["ours"], taken)


def watch_long(folder: Path, seconds: float, minute: dict[str, list[Took]]) -> None:
    """Ours on a long clip: as fast and as small as on the short one?"""
    clip = make_clip(folder, "gop_250_3b", seconds)
    took = measure(clip, 1, ["ours"])["ours"]
    name = f"{seconds / 3600:g}h_"
    report(f"{name}frames_per_second", took[0]["frames"] / took[0]["wall_s"], "frames/s")
    report(f"{name}peak_memory", took[0]["peak_mib"], "MiB")
    report(
        f"{name}peak_memory_growth", took[0]["peak_mib"] / best(minute["ours"], "peak_mib"), "ratio", "the short clip"
    )
    report_ratios(name, took, minute, on=" on the short clip")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--long-seconds", type=float, default=7200)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--structures", action="store_true")
    parser.add_argument("--reader", choices=READERS)
    parser.add_argument("--file", type=Path)
    given = parser.parse_args()
    if given.reader:
        read(given.reader, given.file)
        return
    with tempfile.TemporaryDirectory() as folder:
        minute = compare(Path(folder), given.seconds, given.rounds)
        if given.structures:
            compare_structures(Path(folder), given.rounds)
        if given.long_seconds:
            watch_long(Path(folder), given.long_seconds, minute)


if __name__ == "__main__":
    main()
