"""The fake engine is honest: it says what it was shown, and fails when and how it was told to."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from db.failures import Failure
from worker.engine.protocol import Chunk, Frame, WatchOptions
from worker.engines import load_engine
from worker.errors import Permanent, Stopped, Transient

OPTIONS = WatchOptions(prompt="p")


def chunk(index: int, colour: tuple[int, int, int] = (120, 33, 7), side_px: int = 16) -> Chunk:
    pixels = np.full((side_px, side_px, 3), colour, dtype=np.uint8)
    return Chunk(
        index, 2000 * index, 2000 * index + 2000, (Frame(2000 * index, pixels), Frame(2000 * index + 500, pixels))
    )


def test_it_says_time_and_colour_of_what_it_was_shown() -> None:
    session = load_engine("fake").open(OPTIONS)
    assert session.feed(chunk(0)).text == "t=0.0 s: mean colour 120,33,7"
    assert session.feed(chunk(6, (1, 2, 3))).text == "t=12.0 s: mean colour 1,2,3"


def test_it_is_silent_when_told() -> None:
    session = load_engine("fake?silent_every=2").open(OPTIONS)
    assert [bool(session.feed(chunk(index)).text) for index in range(4)] == [True, False, True, False]


def test_it_takes_the_time_it_is_told_and_can_be_stopped_meanwhile() -> None:
    session = load_engine("fake?delay_ms=200").open(OPTIONS)
    start = time.monotonic()
    session.feed(chunk(0))
    assert time.monotonic() - start >= 0.2

    def stop(text: str) -> None:
        if text:
            raise Stopped

    with pytest.raises(Stopped):
        session.feed(chunk(1), stop)


def test_it_runs_out_of_memory_on_frames_that_are_too_large() -> None:
    session = load_engine("fake?oom_above_pixels=300").open(OPTIONS)
    session.feed(chunk(0))
    with pytest.raises(Transient) as failed:
        session.feed(chunk(1, side_px=32))
    assert failed.value.code is Failure.GPU_OOM


def test_it_fails_at_the_chunk_it_is_told_once_if_told(tmp_path: Path) -> None:
    spec = f"fake?fail_at=1&once={tmp_path / 'failed'}"
    session = load_engine(spec).open(OPTIONS)
    session.feed(chunk(0))
    state = session.checkpoint()
    with pytest.raises(Permanent):
        session.feed(chunk(1))
    again = load_engine(spec).open(OPTIONS, state)
    again.rewatch(chunk(0))
    assert again.feed(chunk(1)).text.startswith("t=2.0")


def test_it_kills_its_process_when_told() -> None:
    code = (
        "import tests.worker.engines.test_fake as t; from worker.engines import load_engine; "
        "load_engine('fake?crash_at=0').open(t.OPTIONS).feed(t.chunk(0))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL


def test_it_insists_on_watching_again_after_a_restart() -> None:
    engine = load_engine("fake")
    session = engine.open(OPTIONS)
    session.feed(chunk(0))
    again = engine.open(OPTIONS, session.checkpoint())
    with pytest.raises(Permanent, match="watched again"):
        again.feed(chunk(1))
