"""Opens one connection to a live source with FFmpeg, which gets bytes or a port of this machine and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from db.failures import Failure
from worker.errors import Permanent
from worker.live_feed import LiveFeed, SourceDown
from worker.video.source.open_input import open_input
from worker.video.source.probe import DECODERS, DEMUXERS, MAX_PIXELS, moving_picture

OPEN_S = 15.0
QUIET_S = 10.0  # without a packet for so long a source has broken off
COMMON = {
    "codec_whitelist": DECODERS,
    "max_pixels": str(MAX_PIXELS),
    "analyzeduration": "1500000",  # FFmpeg looks at five seconds else, which captions would be late by
    "probesize": "2000000",
}
BYTES = {**COMMON, "format_whitelist": f"{DEMUXERS},mpjpeg", "protocol_whitelist": "none"}
RTSP = {**COMMON, "format_whitelist": "rtsp,rtp,mpegts", "protocol_whitelist": "rtsp,rtp,tcp", "rtsp_transport": "tcp"}
RTMP = {**COMMON, "format_whitelist": "flv,live_flv", "protocol_whitelist": "rtmp,tcp"}


class _File:
    """A feed as FFmpeg reads it: forward only."""

    name = "live"  # what messages call it: nothing that a URL may hold

    def __init__(self, feed: LiveFeed) -> None:
        self.read = feed.read


@contextmanager
def opened(feed: LiveFeed, url: str | None, *, patient: bool) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The container and its video stream. Raises SourceDown when it cannot be read, Permanent when it never can.

    `patient`: silence is no end, for the sender may take its time.
    """
    feed.patience(None if patient else QUIET_S)
    try:
        container = _container(feed, url)
    except (av.FFmpegError, ValueError, OSError) as error:
        _, why = feed.ended()
        raise SourceDown(why or "what it sends is not a video that can be read") from error
    with container:
        yield container, _video_stream(container)


def _container(feed: LiveFeed, url: str | None) -> InputContainer:
    if feed.port is None or url is None:
        return open_input(_File(feed), options=BYTES)
    options = RTSP if url.startswith("rtsp") else {**RTMP, "rtmp_tcurl": _tcurl(url)}
    return open_input(_local(url, feed.port), options=options, timeout=(OPEN_S, QUIET_S))


def _local(url: str, port: int) -> str:
    """The same address at a port of this machine, where a tunnel leads to the server."""
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    return urlunsplit((parts.scheme.removesuffix("s"), f"{user}{at}127.0.0.1:{port}", *parts[2:4], ""))


def _tcurl(url: str) -> str:
    """What RTMP tells the server that it was called by: the application's address, which may name a virtual host."""
    parts = urlsplit(url)
    application = parts.path.strip("/").split("/")[0]
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/{application}"


def _video_stream(container: InputContainer) -> VideoStream:
    streams = [stream for stream in container.streams.video if moving_picture(stream)]
    if not streams:
        raise SourceDown("the source sends no video")
    stream = max(streams, key=lambda one: one.width * one.height)
    if stream.codec_context is None or stream.codec_context.name not in DECODERS.split(","):
        raise Permanent(Failure.UNSUPPORTED, "the video is coded in a way that is not supported")
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    stream.thread_type = "SLICE"  # frames in parallel would each be late by as many
    return stream
