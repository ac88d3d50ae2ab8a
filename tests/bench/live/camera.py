"""A camera: GStreamer's RTSP server, run by the system's Python, of the pictures that come on stdin; over TCP, in H.264.

    /usr/bin/python3 camera.py PORT WIDTH HEIGHT RATE

Each picture is WIDTH x HEIGHT in I420 and is sent when it comes; while nobody watches it is lost. It says `ready` once it
listens, and ends with its input.
"""

from __future__ import annotations

import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

PIPELINE = (
    "( appsrc name=source is-live=true do-timestamp=true format=time block=false max-buffers=4 leaky-type=downstream "
    "caps=video/x-raw,format=I420,width={width},height={height},framerate={rate}/1 ! openh264enc bitrate=1500000 "
    "gop-size={rate} ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
)


class Camera:
    """One stream, shared by all who watch."""

    def __init__(self, port: str, width: int, height: int, rate: int) -> None:
        self.picture_bytes = width * height * 3 // 2
        self.source = None
        self.server = GstRtspServer.RTSPServer(service=port, address="127.0.0.1")
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(PIPELINE.format(width=width, height=height, rate=rate))
        factory.set_shared(True)
        factory.connect("media-configure", self._configured)
        self.server.get_mount_points().add_factory("/film", factory)
        self.server.attach(None)

    def _configured(self, _, media) -> None:
        self.source = media.get_element().get_child_by_name("source")
        media.connect("unprepared", self._left)

    def _left(self, _) -> None:
        self.source = None

    def show(self, picture: bytes) -> None:
        if (source := self.source) is not None:
            source.emit("push-buffer", Gst.Buffer.new_wrapped(picture))


def main() -> None:
    Gst.init(None)
    port, *numbers = sys.argv[1:]
    camera = Camera(port, *map(int, numbers))
    loop = GLib.MainLoop()

    def listen() -> None:
        while len(picture := sys.stdin.buffer.read(camera.picture_bytes)) == camera.picture_bytes:
            camera.show(picture)
        loop.quit()

    threading.Thread(target=listen, daemon=True).start()
    print("ready", flush=True)
    loop.run()


if __name__ == "__main__":
    main()
