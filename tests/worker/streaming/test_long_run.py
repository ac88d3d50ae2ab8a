"""T5: ten thousand chunks at flat memory and flat time, the prompt still in sight."""

from __future__ import annotations

import gc
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from db.documents.kinds.video import Window
from tests.worker.engines.models import OPTIONS, chunk, recording_resident
from worker.engines.tiny import TinySize
from worker.streaming.forward import Forward
from worker.streaming.session import StreamSession

ROOT = Path(__file__).parents[3]
CHUNKS = 10_000
EARLY = 1000
SMALLEST = TinySize(hidden=16, layers=1, heads=2, kv_heads=1, patch_px=8)
SIDE_PX = 16
SHORT = replace(
    OPTIONS,
    window=Window(text_sink_tokens=24, text_window_tokens=24, vision_ms=3000),
    max_frame_pixels=SIDE_PX * SIDE_PX,
    fps=1.0,
    chunk_ms=1000,
    max_tokens_per_chunk=2,
    silence_threshold=1.0,  # always speaks: every chunk does the same work
)
SHOWN = [chunk(index, frames=1, ms=1000, width_px=SIDE_PX, height_px=SIDE_PX) for index in range(16)]


def video(first: int) -> Iterator:
    """Chunks from `first` on, of pictures that are made once."""
    index = first
    while True:
        yield replace(SHOWN[index % len(SHOWN)], index=index, start_ms=index * 1000, end_ms=(index + 1) * 1000)
        index += 1


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def long_run() -> dict[str, float]:
    """The last thousand chunks of an old stream against chunks 1000 to 2000 of a young one, shown in turn, so that
    whatever else the machine does meets both alike; CPU time of all threads, medians."""
    loaded, forward = recording_resident("qwen2_vl", SMALLEST)
    forward.__class__ = Forward  # nothing is noted down: a note would grow
    old, young = StreamSession(loaded, SHORT), StreamSession(loaded, SHORT)
    clips = {old: video(0), young: video(0)}

    def feed(session: StreamSession) -> float:
        shown = next(clips[session])
        start = time.process_time()
        session.feed(shown)
        return time.process_time() - start

    for _ in range(EARLY):
        feed(old)
    cache_bytes, spans = old.cache.nbytes, len(old.context.spans)
    gc.collect()
    before_bytes = resident_bytes()
    for _ in range(CHUNKS - 2 * EARLY):
        feed(old)
    for _ in range(EARLY):
        feed(young)
    pairs = [(feed(old), feed(young)) for _ in range(EARLY)]
    loaded.batcher.close()
    gc.collect()
    return {
        "late_s": statistics.median(late for late, _ in pairs),
        "early_s": statistics.median(early for _, early in pairs),
        "grown_bytes": resident_bytes() - before_bytes,
        "cache_grown_bytes": old.cache.nbytes - cache_bytes,
        "more_spans": len(old.context.spans) - spans,
        "prompt_in_sight": old.context.spans[0].role == "pinned",
        "next_chunk": old.checkpoint()["next_chunk"],
        "checkpoint_letters": len(str(old.checkpoint())),
    }


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ten_thousand_chunks_are_flat() -> None:
    """In a process of its own: what others leave behind in this one comes and goes."""
    alone = f"import json; from {__name__} import long_run; print(json.dumps(long_run()))"
    done = subprocess.run([sys.executable, "-c", alone], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    ran = json.loads(done.stdout.splitlines()[-1])
    assert ran["late_s"] / ran["early_s"] < 1.5, ran  # what grows with the chunks would be many times as much
    assert ran["cache_grown_bytes"] == 0
    assert ran["more_spans"] <= 4
    assert ran["grown_bytes"] < 8 * 2**20, ran
    assert ran["prompt_in_sight"]
    assert ran["next_chunk"] == CHUNKS
    assert ran["checkpoint_letters"] < 4000
