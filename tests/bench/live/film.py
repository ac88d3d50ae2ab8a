"""A scene of nano's world before a camera, at the speed at which it happens: when each moment was shown is known."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import IO

import av

from tests.servers import free_port
from worker.bm3.scenes.scenes import Scene
from worker.bm3.scenes.world import HELD_OUT_SEED, PRESETS

SIDE_PX, RATE = 256, 10
CAMERA = Path(__file__).with_name("camera.py")


@dataclass(frozen=True)
class Film:
    """Where it can be watched, what happens in it, and the wall time (Unix, seconds) of its beginning."""

    url: str
    scene: Scene
    began: float


@contextmanager
def film() -> Iterator[Film]:
    """Runs until the block ends."""
    port = free_port()
    command = ["/usr/bin/python3", str(CAMERA), *map(str, (port, SIDE_PX, SIDE_PX, RATE))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as camera:
        assert camera.stdin is not None
        assert camera.stdout is not None
        assert camera.stdout.readline() == b"ready\n"
        stop = threading.Event()
        shown = Film(f"rtsp://127.0.0.1:{port}/film", held_out_scene(), time.time())
        thread = threading.Thread(target=_play, args=(shown, camera.stdin, stop), daemon=True)
        thread.start()
        try:
            yield shown
        finally:
            stop.set()
            thread.join()
            camera.stdin.close()


def held_out_scene() -> Scene:
    """What nano was never trained on."""
    return Scene(HELD_OUT_SEED, replace(PRESETS["nano"], combos="mixed"))


def _play(shown: Film, camera: IO[bytes], stop: threading.Event) -> None:
    for number in count():
        t_ms = round(number * 1000 / RATE)
        rgb = av.VideoFrame.from_ndarray(shown.scene.frame(t_ms, SIDE_PX), format="rgb24")
        picture = rgb.reformat(format="yuv420p").to_ndarray().tobytes()
        if stop.wait(max(0.0, shown.began + t_ms / 1000 - time.time())):
            return
        camera.write(picture)
        camera.flush()
