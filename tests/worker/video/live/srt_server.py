"""An SRT sender (GStreamer's, as listener) of a moving ball in H.264 and MPEG-TS: srt_server.py PORT [PASSPHRASE]."""

from __future__ import annotations

import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

PIPELINE = (
    "videotestsrc is-live=true pattern=ball motion=wavy ! video/x-raw,width=320,height=240,framerate=15/1 ! videoconvert "
    "! openh264enc bitrate=300000 gop-size=15 ! h264parse config-interval=-1 ! mpegtsmux alignment=7 "
    "! srtsink name=sink wait-for-connection=false"
)


def main() -> None:
    Gst.init(None)
    pipeline = Gst.parse_launch(PIPELINE)
    secret = f"&passphrase={sys.argv[2]}&pbkeylen=16" if len(sys.argv) > 2 else ""
    pipeline.get_by_name("sink").set_property("uri", f"srt://127.0.0.1:{sys.argv[1]}?mode=listener{secret}")
    pipeline.set_state(Gst.State.PLAYING)
    if pipeline.get_state(30 * Gst.SECOND)[0] is Gst.StateChangeReturn.FAILURE:
        raise SystemExit("the sender does not start")
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
