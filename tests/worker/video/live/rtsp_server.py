"""A real RTSP server (GStreamer's) for tests, run by the system's Python: a moving ball in H.264, live, over TCP.

    /usr/bin/python3 rtsp_server.py PORT [USER PASSWORD]

Lines of input change the stream while it is watched: `size W H`, `bitrate N`. It says `ready` once it listens.
"""

from __future__ import annotations

import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

PIPELINE = (
    "( videotestsrc name=source is-live=true pattern=ball motion=wavy ! capsfilter name=size caps=video/x-raw,width=320,"
    "height=240,framerate=15/1 ! videoconvert ! openh264enc name=coder bitrate=300000 gop-size=15 ! h264parse "
    "config-interval=-1 ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
)


class Stream:
    """The one stream, shared by all who watch."""

    def __init__(self, port: str, login: list[str]) -> None:
        self.server = GstRtspServer.RTSPServer(service=port, address="127.0.0.1")
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(PIPELINE)
        factory.set_shared(True)
        factory.connect("media-configure", self._configured)
        if login:
            self._protect(factory, *login)
        self.server.get_mount_points().add_factory("/ball", factory)
        self.server.attach(None)
        self.pipeline = None

    def _protect(self, factory, user: str, password: str) -> None:
        auth = GstRtspServer.RTSPAuth()
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "user")
        auth.add_digest(user, password, token)
        self.server.set_auth(auth)
        rights = Gst.Structure.new_from_string("user,media.factory.access=true,media.factory.construct=true")
        factory.add_role_from_structure(rights)

    def _configured(self, _, media) -> None:
        self.pipeline = media.get_element()

    def order(self, words: list[str]) -> bool:
        if self.pipeline is None:
            return False
        match words:
            case ["size", width, height]:
                caps = Gst.Caps.from_string(f"video/x-raw,width={width},height={height},framerate=15/1")
                self.pipeline.get_child_by_name("size").set_property("caps", caps)
            case ["bitrate", bits]:
                self.pipeline.get_child_by_name("coder").set_property("bitrate", int(bits))
        return False


def main() -> None:
    Gst.init(None)
    stream = Stream(sys.argv[1], sys.argv[2:4])
    loop = GLib.MainLoop()

    def listen() -> None:
        for line in sys.stdin:
            GLib.idle_add(stream.order, line.split())
        loop.quit()

    threading.Thread(target=listen, daemon=True).start()
    print("ready", flush=True)
    loop.run()


if __name__ == "__main__":
    main()
