"""Videos that tell the number of each picture, in every container; and what is right of each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import av

from tests.worker.video.footage import numbered, write_video
from tests.worker.video.matrix.faults import glued, restamped

STEP_MS = 40
COUNT = 300  # pictures of a whole recording: 12 s
GROUP = 50  # pictures from one keyframe to the next
BREAK = 200  # the picture (a keyframe) at which clocks leap
ODD = 120  # the picture whose stamp is an outlier, in coding order
BITS = 16
TEN_HOURS_MS = 36_000_000


REORDERING = (("g", str(GROUP)), ("bf", "2"), ("sc_threshold", "0"), ("b_strategy", "0"))
CLOSED = (("g", str(GROUP)), ("bf", "2"), ("sc_threshold", "1000000000"), ("flags", "+cgop"))
PLAIN = (("g", str(GROUP)), ("bf", "0"), ("sc_threshold", "0"))
FAST_VP8 = (("g", str(GROUP)), ("deadline", "realtime"), ("cpu-used", "8"), ("lag-in-frames", "0"))


@dataclass(frozen=True)
class Container:
    """How a container is written: suffix, codec, what the muxer is told."""

    name: str
    suffix: str
    codec: str = "libx264"
    size: tuple[int, int] = (128, 32)
    count: int = COUNT
    coder: tuple[tuple[str, str], ...] = REORDERING
    muxer: tuple[tuple[str, str], ...] = ()


CONTAINERS = {
    container.name: container
    for container in (
        Container("mp4", ".mp4"),
        Container("mov", ".mov"),
        Container("fragmented", ".mp4", muxer=(("movflags", "frag_keyframe+empty_moov"),)),
        Container("mkv", ".mkv"),
        Container("webm", ".webm", "libvpx", coder=FAST_VP8),
        Container("ts", ".ts"),
        Container("m2ts", ".m2ts"),
        Container("ps", ".mpg", "mpeg2video", coder=CLOSED),
        Container("ps-h264", ".mpg"),
        Container("avi", ".avi"),
        Container("avi-mpeg4", ".avi", "mpeg4"),
        Container("flv", ".flv"),
        Container("flv-plain", ".flv", coder=PLAIN),
        Container("asf", ".asf"),
        Container("dv", ".dv", "dvvideo", (720, 576), 100, ()),
        Container("3gp", ".3gp", "mpeg4", coder=PLAIN),
        Container("nut", ".nut"),
        Container("gif", ".gif", "gif", count=150, coder=()),
        Container("h264", ".h264"),
        Container("m2v", ".m2v", "mpeg2video"),
    )
}


@dataclass(frozen=True)
class Right:
    """What is right of a video: (milliseconds, number) of each picture as it is shown, and the end."""

    shown: tuple[tuple[int, int], ...]
    end_ms: int
    guessed: frozenset[int] = frozenset()
    """Numbers of pictures whose own time no one can know, only that of their neighbours."""
    joint_ms: int | None = None
    truncated: bool = False


def right_of(count: int, first: int = 0) -> Right:
    return Right(tuple((STEP_MS * k, first + k) for k in range(count)), STEP_MS * count)


@cache
def recording(container: Container, folder: Path, first: int = 0) -> Path:
    """A whole recording, coded once; its pictures are numbered from `first`."""
    path = folder / f"{container.name}-{first}{container.suffix}"
    pictures = numbered(container.count, *container.size, bits=BITS, first=first)
    options = dict(container.coder)
    return write_video(path, pictures, rate=25, codec=container.codec, options=options, muxer=dict(container.muxer))


Stamps = Callable[[int, int], tuple[int, int]]
"""(number of the picture, its coding stamp's number) -> milliseconds added to (its presentation, its coding) stamp."""


def remuxed(source: Path, target: Path, muxer: dict[str, str], add: Stamps) -> Path:
    """The same packets with other stamps, as far as the muxer takes them."""
    with av.open(str(source)) as given, av.open(str(target), "w", options=muxer) as out:
        video = given.streams.video[0]
        stream = out.add_stream_from_template(video)
        packets = [packet for packet in given.demux(video) if packet.size]
        first = min(packet.pts for packet in packets if packet.pts is not None)
        for packet in packets:
            assert packet.pts is not None
            assert packet.dts is not None
            tick_ms = 1000 * packet.time_base
            pts, dts = add(round((packet.pts - first) * tick_ms / STEP_MS), round((packet.dts - first) * tick_ms))
            packet.pts += round(pts / tick_ms)
            packet.dts += round(dts / tick_ms)
            packet.stream = stream
            out.mux(packet)
    return target


@dataclass(frozen=True)
class Fault:
    """A way in which stamps or bytes go wrong, the containers in which that can be, and what is right then."""

    name: str
    containers: frozenset[str]
    make: Callable[[Container, Path, Path], Right]


MUXED = frozenset({"mp4", "mov", "fragmented", "mkv", "webm", "ts", "m2ts", "flv-plain", "flv", "3gp", "nut", "ps"})
PATCHED = frozenset({"ts", "m2ts", "ps", "flv", "flv-plain", "mkv", "webm"})
GLUED = frozenset({"ts", "m2ts", "ps", "flv", "flv-plain", "h264", "m2v", "dv"})


def _copy(container: Container, folder: Path, path: Path) -> Right:
    path.write_bytes(recording(container, folder).read_bytes())
    return right_of(container.count)


def _add(add: Stamps, right: Callable[[Right], Right]) -> Callable[[Container, Path, Path], Right]:
    def make(container: Container, folder: Path, path: Path) -> Right:
        remuxed(_origin(container, folder), path, dict(container.muxer), add)
        return right(right_of(container.count))

    return make


def _origin(container: Container, folder: Path) -> Path:
    """A recording of the same codec in a container that keeps all stamps."""
    suffix = ".webm" if container.codec == "libvpx" else ".mov"
    return recording(replace(container, name=f"origin-{container.name}", suffix=suffix, muxer=()), folder)


def _patch(ms: int, run: int) -> Callable[[Container, Path, Path], Right]:
    def make(container: Container, folder: Path, path: Path) -> Right:
        right = _copy(container, folder, path)
        restamped(path, lambda number, stamp: stamp + ms if ODD <= number < ODD + run else stamp)
        around = range(ODD - 4, ODD + run + 4)  # coded and shown order differ by a few
        return replace(right, guessed=frozenset(around))

    return make


def _wrap(container: Container, folder: Path, path: Path) -> Right:
    right = _copy(container, folder, path)
    restamped(path, lambda _, stamp: stamp + (1 << 33) // 90 - 6000)
    return right


def _hold_bytes(container: Container, folder: Path, path: Path) -> Right:
    right = _copy(container, folder, path)
    restamped(path, lambda number, stamp: stamp + 5000 * (number >= BREAK))
    return _held(right)


def _leap_bytes(container: Container, folder: Path, path: Path) -> Right:
    right = _copy(container, folder, path)
    restamped(path, lambda number, stamp: stamp + (TEN_HOURS_MS if number >= BREAK else 0))
    return replace(right, joint_ms=BREAK * STEP_MS)


def _glue(container: Container, folder: Path, path: Path) -> Right:
    glued(recording(container, folder), recording(container, folder, container.count), path)
    stamped = container.name not in ("h264", "m2v", "dv")
    return replace(right_of(2 * container.count), joint_ms=container.count * STEP_MS if stamped else None)


def _junk(container: Container, folder: Path, path: Path) -> Right:
    right = _copy(container, folder, path)
    with path.open("ab") as file:
        file.write(b"recorded with a camera that signs its files, v2.1\n" * 2)
    return right


def _held(right: Right) -> Right:
    shown = tuple((ms + 5000 * (number >= BREAK), number) for ms, number in right.shown)
    return replace(right, shown=shown, end_ms=right.end_ms + 5000)


def _late(right: Right) -> Right:
    return replace(right, guessed=frozenset(range(ODD - 3, ODD + 4)))


def _truncate(container: Container, folder: Path, path: Path) -> Right:
    """Without the index at the end; MP4 gets it to the front first."""
    muxer = {"movflags": "faststart"} if container.suffix in (".mp4", ".mov", ".3gp") and not container.muxer else {}
    remuxed(_origin(container, folder), path, dict(container.muxer) | muxer, lambda *_: (0, 0))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 7 // 10])
    return replace(right_of(container.count), truncated=True)


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("none", frozenset(CONTAINERS), _copy),
        Fault("starts an hour late", MUXED, _add(lambda *_: (3_600_000, 3_600_000), lambda right: right)),
        Fault("stands still in the bytes", frozenset({"ts", "flv", "mkv"}), _hold_bytes),
        Fault("stands still for 5 s", MUXED - {"ps"}, _add(lambda n, _: (5000 * (n >= BREAK),) * 2, _held)),
        Fault(
            "leaps ten hours",
            MUXED - {"flv", "ps"},
            _add(
                lambda n, _: (TEN_HOURS_MS * (n >= BREAK),) * 2, lambda right: replace(right, joint_ms=BREAK * STEP_MS)
            ),
        ),
        Fault("one picture 20 s late", MUXED - {"ps"}, _add(lambda n, _: (20_000 * (n == ODD), 0), _late)),
        Fault("one stamp 20 s late", PATCHED, _patch(20_000, 1)),
        Fault("one stamp 1 s early", PATCHED, _patch(-1000, 1)),
        Fault("five stamps 20 s late", PATCHED, _patch(20_000, 5)),
        Fault("twenty stamps 3 s early", PATCHED - {"ps"}, _patch(-3000, 20)),
        Fault("clock wraps", frozenset({"ts", "m2ts", "ps"}), _wrap),
        Fault("clock leaps in the bytes", frozenset({"ts", "m2ts", "flv", "flv-plain"}), _leap_bytes),
        Fault("two recordings glued", GLUED, _glue),
        Fault("foreign bytes at the end", frozenset(CONTAINERS) - {"gif"}, _junk),
        Fault("broken off", frozenset({"mp4", "mov", "fragmented", "mkv", "webm", "3gp"}), _truncate),
    )
}
