"""How fast the model that ships is on this machine: `make bench-nano` or `python -m tests.bench.bench_nano`.

JSON lines on stdout, nothing else. Greedy, default window (16 s of vision, 512 + 512 text tokens), 2 fps, 256 x 256 px,
one stream. `x_real_time` leaves decoding out, `x_real_time_with_decode` reads an H.264 file (256 x 256, 10 fps).
Loading is measured in a process of its own: the imports, then the weights.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

from worker.bm3 import NANO
from worker.bm3.evaluation.watch import VARIANTS, decoded, options_for, rendered, watch
from worker.bm3.scenes.scenes import Scene
from worker.bm3.scenes.world import HELD_OUT_SEED, PRESETS
from worker.bm3.scenes.write import Format, write_video
from worker.engine.protocol import Chunk, Engine
from worker.engines import load_engine
from worker.streaming.context_window import Ablation

SIZE = (256, 256)
OPTIONS = options_for(VARIANTS["16 s"])
LOADING = """
import json, sys, time
start = time.perf_counter()
import worker.engines.pytorch
imported = time.perf_counter()
from worker.engines import load_engine
load_engine(sys.argv[1])
print(json.dumps([imported - start, time.perf_counter() - imported]))
"""


def report(metric: str, value: float, unit: str) -> None:
    print(json.dumps({"bench": "nano", "metric": metric, "value": round(value, 3), "unit": unit}), flush=True)


def seconds_for(engine: Engine, chunks: Iterable[Chunk]) -> tuple[float, list[float]]:
    """Wall time of the whole stream, and of each reply."""
    start_s = time.perf_counter()
    replies = [heard.seconds for heard in watch(engine, chunks, OPTIONS, Ablation.NONE)]
    return time.perf_counter() - start_s, replies


def speeds(engine: Engine, scene: Scene, duration_ms: int, runs: int) -> Iterator[tuple[str, float, str]]:
    size = engine.frame_size(*SIZE, OPTIONS.max_frame_pixels)
    chunks = list(rendered(scene, duration_ms, size, OPTIONS))
    seconds_for(engine, chunks[:10])  # warm up
    measured = [seconds_for(engine, chunks) for _ in range(runs)]
    yield "x_real_time", duration_ms / 1000 / median(wall for wall, _ in measured), "x"
    replies = sorted(second for _, each in measured for second in each)
    yield "chunk_median", 1000 * median(replies), "ms"
    yield "chunk_p95", 1000 * replies[int(0.95 * len(replies))], "ms"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scene.mp4"
        for _ in write_video(scene, path, Format(duration_ms, SIZE)):
            pass
        wall = median(seconds_for(engine, decoded(path, engine, OPTIONS))[0] for _ in range(runs))
        yield "x_real_time_with_decode", duration_ms / 1000 / wall, "x"


def loading(spec: str) -> tuple[float, float]:
    """Seconds for the imports and for the weights, in a fresh process."""
    command = [sys.executable, "-c", LOADING, spec]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    import_s, load_s = json.loads(done.stdout.splitlines()[-1])
    return import_s, load_s


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench_nano")
    parser.add_argument("--checkpoint", type=Path, default=NANO)
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    spec = f"nano=pytorch:{args.checkpoint}"
    loads = [loading(spec) for _ in range(args.runs)]
    report("import", median(import_s for import_s, _ in loads), "s")
    report("load", median(load_s for _, load_s in loads), "s")
    engine = load_engine(spec)
    scene = Scene(HELD_OUT_SEED, replace(PRESETS["nano"], combos="mixed"))
    for metric, value, unit in speeds(engine, scene, round(args.minutes * 60_000), args.runs):
        report(metric, value, unit)
    engine.close()


if __name__ == "__main__":
    main()
