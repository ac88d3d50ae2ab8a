"""A scene into files: H.264 with true presentation times, and the truth as JSON; memory does not grow with length."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, cast

import av
from av.container import OutputContainer
from av.video.stream import VideoStream

from worker.bm3.scenes.grammar import say
from worker.bm3.scenes.scenes import Scene, frame_times
from worker.bm3.scenes.world import SceneEvent

CODECS = ("libx264", "libopenh264", "mpeg4")  # the first that this build of FFmpeg has
ENCODER_OPTIONS: dict[str, dict[str, object]] = {"libx264": {"crf": "23", "preset": "veryfast"}}
SLICE_MS = 60_000  # truth is asked for and written in slices, so that hours need no more memory than minutes


@dataclass(frozen=True)
class Format:
    """What the file looks like; times are whole milliseconds."""

    duration_ms: int
    size: tuple[int, int] = (256, 256)
    fps: float = 10.0


def write_video(scene: Scene, path: Path, fmt: Format) -> Iterator[int]:
    """Encode the scene to `path`, yielding the time of each frame written; sizes must be even."""
    with av.open(str(path), "w", options={"movflags": "faststart"} if path.suffix == ".mp4" else {}) as container:
        stream = _stream(container, fmt)
        for t_ms in frame_times(0, fmt.duration_ms, fmt.fps):
            frame = av.VideoFrame.from_ndarray(scene.frame(t_ms, fmt.size), format="rgb24")
            frame.pts, frame.time_base = t_ms, Fraction(1, 1000)
            container.mux(stream.encode(frame))
            yield t_ms
        container.mux(stream.encode())


def _stream(container: OutputContainer, fmt: Format) -> VideoStream:
    codec = next(name for name in CODECS if name in av.codecs_available)
    stream = cast(VideoStream, container.add_stream(codec, rate=Fraction(fmt.fps).limit_denominator(1001)))
    stream.width, stream.height = fmt.size
    stream.pix_fmt = "yuv420p"
    stream.options = ENCODER_OPTIONS.get(codec, {})
    stream.codec_context.time_base = Fraction(1, 1000)
    stream.codec_context.thread_count = 1  # the same bytes on every machine
    stream.codec_context.gop_size = max(1, round(4 * fmt.fps))
    if codec == "mpeg4":
        stream.bit_rate = fmt.size[0] * fmt.size[1] * 12
    return stream


def write_truth(scene: Scene, path: Path, fmt: Format) -> None:
    """A JSON object: how the scene was made, and every event with its onset, end and clause."""
    with path.open("w", encoding="utf-8") as file:
        head = {"seed": scene.seed, "options": asdict(scene.options), **asdict(fmt)}
        file.write(json.dumps(head)[:-1] + ', "events": [\n')
        _write_events(scene, file, fmt.duration_ms)
        file.write("\n]}\n")


def _write_events(scene: Scene, file: IO[str], duration_ms: int) -> None:
    between = ""
    for start_ms in range(0, duration_ms, SLICE_MS):
        for event in scene.events(start_ms, min(start_ms + SLICE_MS, duration_ms)):
            file.write(between + json.dumps({**asdict(event), "text": say(event)}))
            between = ",\n"


def read_truth(path: Path) -> list[SceneEvent]:
    """The events of a truth file, by onset."""
    events = json.loads(path.read_text(encoding="utf-8"))["events"]
    return [SceneEvent(**{key: value for key, value in event.items() if key != "text"}) for event in events]
