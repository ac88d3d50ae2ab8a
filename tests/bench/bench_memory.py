"""Benchmark: what a stream of a hybrid model takes over 10,000 chunks, against what is computed before it is opened.

    python -m tests.bench.bench_memory      one JSON object a line, nothing else on stdout

Tiny random models, in this process, one family after the other. Snapshots of the state are written when they are due, and the
superseded ones removed, as a worker does it.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.worker.engines.models import HYBRIDS, checkpoint_folder, tiny_engine
from tests.worker.streaming.test_long_run import SHORT, SIDE_PX, SMALLEST, resident_bytes, video
from worker.engines.inspection import inspect
from worker.engines.spec import ModelSpec
from worker.streaming.session import StreamSession
from worker.video.stream import CHECKPOINT_CHUNKS

SETTLED = 1000  # chunks after which nothing may grow any more


def report(family: str, metric: str, value: float, unit: str, vs: str | None = None) -> None:
    line = {"bench": "memory", "metric": f"{family}_{metric}", "value": round(value, 4), "unit": unit}
    print(json.dumps(line | ({"vs": vs} if vs else {})), flush=True)


def held(session: StreamSession) -> int:
    """Bytes of the storage behind a stream's tensors."""
    cache = session.cache
    assert cache.state is not None
    tensors = (cache.keys, cache.values, cache.raw_keys, cache.state.recurrent, cache.state.conv)
    return sum(tensor.untyped_storage().nbytes() for tensor in tensors)


def watch(session: StreamSession, folder: Path, chunks: int) -> Iterator[tuple[int, int]]:
    """Feed a stream; (bytes of its tensors, files of its snapshots) at every checkpoint."""
    clip = video(0)
    for index in range(chunks):
        session.feed(next(clip))
        written = session.snapshot(folder)
        if written or index % CHECKPOINT_CHUNKS == 0:
            named = session.checkpoint()["snapshots"]
            for path in [path for path in folder.iterdir() if path.name not in named]:
                path.unlink()
            yield held(session), len([*folder.iterdir()])


def measure(family: str, chunks: int) -> None:
    spec = ModelSpec("tiny", "pytorch", str(checkpoint_folder(family, SMALLEST)), {"device": "cpu"})
    computed = inspect(spec, SHORT).stream
    engine = tiny_engine(family, SMALLEST)
    resident, sizes, snapshots = [], [], 0
    with tempfile.TemporaryDirectory() as folder:
        session = engine.open(SHORT)
        for size, files in watch(session, Path(folder), chunks):
            sizes.append(size)
            snapshots = max(snapshots, files)
            if session.checkpoint()["next_chunk"] > SETTLED:
                gc.collect(0)
                resident.append(resident_bytes())
        checkpoint = len(json.dumps(session.checkpoint()))
    engine.close()
    report(family, "chunks", chunks, f"chunks of one {SIDE_PX} px frame")
    report(family, "computed", computed, "bytes")
    report(family, "most_measured", max(sizes), "bytes")
    report(family, "measured_ratio", max(sizes) / computed, "ratio", "computed")
    report(family, "last_ratio", sizes[-1] / sizes[0], "ratio", "first chunk")
    report(family, "resident_growth", (resident[-1] - resident[0]) / 2**20, "MiB", f"chunk {SETTLED}")
    half = resident[len(resident) // 2]
    report(family, "resident_growth_later", (resident[-1] - half) / 2**20, "MiB", "half of the rest")
    report(family, "most_snapshots", snapshots, "files")
    report(family, "checkpoint", checkpoint, "bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, default=10_000)
    parser.add_argument("--families", nargs="+", choices=HYBRIDS, default=HYBRIDS)
    given = parser.parse_args()
    if given.chunks < 2 * SETTLED:
        parser.error(f"--chunks: {2 * SETTLED} at least, for growth is counted from chunk {SETTLED} on")
    logging.getLogger("transformers").setLevel(logging.ERROR)
    for family in given.families:
        measure(family, given.chunks)


if __name__ == "__main__":
    main()
