"""Opening a video safely: an allow-list of demuxers and decoders, files only, bounded pictures; and what is known of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import cast

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from db.failures import Failure
from worker.errors import Permanent
from worker.video.source.open_input import open_input
from worker.video.source.packets import demuxed
from worker.video.source.sniff import head, missing_bytes, playlist
from worker.video.source.timeline import Timeline, timeline

MAX_PIXELS = 1 << 26  # 8192 x 8192: above any camera, below what exhausts a decoder
PACKETS_TO_FIRST_PICTURE = 3000
UNANNOUNCED = frozenset(
    {"mpegts", "mpeg", "mpegvideo", "h264", "hevc", "m4v", "obu"}
)  # FFmpeg guesses by the last stamps
END_STAMPED = frozenset({"matroska,webm", "nut"})  # what they call a duration is the stamp of the end
# No hls, concat, dash, image2, lavfi, sdp, rtp: nothing that reads a second file or an address.
DEMUXERS = (
    "mov,mp4,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,ivf,mxf,nut,h264,hevc,m4v,obu,gif,dv,yuv4mpegpipe"
)
DECODERS = (
    "h264,hevc,libdav1d,av1,vp8,vp9,libvpx,libvpx-vp9,mpeg4,mpeg2video,mpeg1video,mjpeg,theora,prores,dnxhd,wmv1,wmv2,wmv3,vc1,flv,"
    "h263,msmpeg4v2,msmpeg4,ffv1,rawvideo,gif,dvvideo,vvc"
)
OPEN_OPTIONS = {
    "format_whitelist": DEMUXERS,
    "codec_whitelist": DECODERS,
    "protocol_whitelist": "file",
    "max_pixels": str(MAX_PIXELS),
}


Matrix = tuple[int, int, int, int]
"""(a, b, c, d) of x' = a*x + c*y, y' = b*x + d*y, in 1/65536."""
UPRIGHT: Matrix = (65536, 0, 0, 65536)


@dataclass(frozen=True)
class DisplayGeometry:
    """How stored pictures are shown: pixel aspect (width over height), and how they are turned and mirrored."""

    aspect: Fraction = Fraction(1)
    matrix: Matrix = UPRIGHT

    @property
    def turned(self) -> bool:
        """Width and height change places."""
        return self.matrix[0] == 0 and self.matrix[3] == 0

    def shown_px(self, frame: VideoFrame) -> tuple[int, int]:
        """(width, height) of a picture as a player shows it."""
        width = max(1, round(frame.width * self.aspect))
        return (frame.height, width) if self.turned else (width, frame.height)


@dataclass(frozen=True)
class Probe:
    """What is known of a video before it is watched; time 0 is the container's first presentation."""

    container: str
    codec: str
    width_px: int  # as displayed: pixel aspect and rotation applied
    height_px: int
    duration_ms: int
    """Of the timeline, by all its packets: what of the file is there."""
    announced_ms: int | None
    """By the container: tells how much a broken off file lacks."""
    frame_rate: float | None
    missing_bytes: int | None
    look: DisplayGeometry
    timeline: Timeline


@contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The container and its video stream. Raises Permanent with INVALID_MEDIA, TRUNCATED_MEDIA, UNSUPPORTED or TOO_LARGE."""
    _refuse_playlist(path)
    try:
        container = open_input(f"file:{path.resolve()}", options=OPEN_OPTIONS)
    except (av.FFmpegError, ValueError) as error:
        raise _unreadable(path) from error
    with container:
        stream = _video_stream(container, path)
        stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        yield container, stream


def probe(path: Path, on_step: Callable[[], None] = lambda: None) -> Probe:
    """Look at a video's first picture and read its packets through; `on_step` is called meanwhile and may raise.

    Raises Permanent; a video without one decodable picture is INVALID_MEDIA.
    """
    missing = missing_bytes(path)
    with opened(path) as (container, stream):
        first = _first_picture(container, stream)
        if first is None:
            code = Failure.TRUNCATED_MEDIA if missing else Failure.INVALID_MEDIA
            raise Permanent(code, "no picture of the video can be decoded")
        look = DisplayGeometry(sample_aspect(stream), display_matrix(first))
        width, height = look.shown_px(first)
        announced_s = _announced_s(container, stream)
    with opened(path) as (container, stream):
        line = timeline(container, stream, on_step)
        return Probe(
            container=container.format.name,
            codec=stream.codec_context.name,
            width_px=width,
            height_px=height,
            duration_ms=round(line.end_s * 1000),
            announced_ms=None if announced_s is None else round(announced_s * 1000),
            frame_rate=float(stream.average_rate) if stream.average_rate else None,
            missing_bytes=missing,
            look=look,
            timeline=line,
        )


def _announced_s(container: InputContainer, stream: VideoStream) -> Fraction | None:
    """When the pictures end on the timeline, by what the container says of them."""
    if container.format.name in UNANNOUNCED:
        return None
    origin_s = Fraction(container.start_time or 0, av.time_base)
    base = stream.time_base or Fraction(1, 1000)
    end_s: Fraction | None = None
    if stream.duration is not None:
        end_s = ((stream.start_time or 0) + stream.duration) * base - origin_s
    elif container.duration is not None:
        end_s = Fraction(container.duration, av.time_base)
        end_s -= origin_s if container.format.name in END_STAMPED else 0
    return end_s if end_s is not None and end_s > 0 else None


def sample_aspect(stream: VideoStream) -> Fraction:
    """Width of one stored pixel over its height; 1 where the stream does not say anything sensible."""
    aspect = stream.sample_aspect_ratio
    return Fraction(aspect) if aspect and Fraction(1, 16) <= aspect <= 16 else Fraction(1)


def display_matrix(frame: VideoFrame) -> Matrix:
    """The display matrix of a picture. Asked once a video: PyAV's `side_data` and its frame hold each other, and a cycle
    a frame is a leak."""
    for index in range(len(frame.side_data)):
        data = frame.side_data[index]  # type: ignore[literal-required]
        if data.type.name == "DISPLAYMATRIX":
            numbers = memoryview(bytes(data)).cast("i")
            return numbers[0], numbers[1], numbers[3], numbers[4]
    return UPRIGHT


def _refuse_playlist(path: Path) -> None:
    data = head(path)
    if not data:
        raise Permanent(Failure.INVALID_MEDIA, "the file is empty")
    if name := playlist(data):
        raise Permanent(Failure.UNSUPPORTED, f"a {name} is not a video file: send the video itself")


def _unreadable(path: Path) -> Permanent:
    if missing_bytes(path):
        return Permanent(Failure.TRUNCATED_MEDIA, "the file breaks off before its index: nothing of it can be read")
    return Permanent(Failure.INVALID_MEDIA, "not a video file of a supported container")


def moving_picture(stream: VideoStream) -> bool:
    """Whether a stream is a video, and not a cover or a strip of thumbnails."""
    return not stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails)


def _video_stream(container: InputContainer, path: Path) -> VideoStream:
    streams = [stream for stream in container.streams.video if moving_picture(stream)]
    if not streams:
        raise Permanent(Failure.INVALID_MEDIA, "the file has no video stream")
    moving = _moving(path, streams) if len(streams) > 1 else set()
    stream = max(
        streams, key=lambda s: (s.index in moving, bool(s.disposition & Disposition.default), s.width * s.height)
    )
    if stream.codec_context is None or stream.codec_context.name not in DECODERS.split(","):
        raise Permanent(Failure.UNSUPPORTED, "the video is coded in a way that is not supported")
    if stream.width * stream.height > MAX_PIXELS:
        raise Permanent(Failure.TOO_LARGE, f"pictures of {stream.width} x {stream.height} pixels are too large")
    return stream


def _moving(path: Path, streams: Sequence[VideoStream]) -> set[int]:
    """Indexes of the streams with more than one picture: a cover may be a track like any other."""
    seen: set[int] = set()
    moving: set[int] = set()
    with open_input(f"file:{path.resolve()}", options=OPEN_OPTIONS) as container:
        try:
            for packet in demuxed(container, *(container.streams[stream.index] for stream in streams)):
                (moving if packet.stream.index in seen else seen).add(packet.stream.index)
                if len(moving) == len(streams):
                    break
        except av.FFmpegError:
            return moving
    return moving


def _first_picture(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    for count, packet in enumerate(chain(demuxed(container, stream), [None])):
        try:
            frames = stream.decode(cast("Packet[VideoStream] | None", packet))
        except av.FFmpegError:
            continue
        if clean := [frame for frame in frames if not frame.is_corrupt] or (count and frames):
            return clean[0]
        if count > PACKETS_TO_FIRST_PICTURE:
            return None
    return None
