"""HLS that happens: segments of a second are made beforehand and appear in the playlist as time goes on, then it ends."""

from __future__ import annotations

import threading
import time
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import numpy as np

RATE, SEGMENTS = 10, 4  # pictures a second; seconds of a stretch


class PlaylistServer:
    """Stretches of four seconds, each with a clock of its own that begins at one of `starts_s`."""

    def __init__(self, folder: Path, starts_s: tuple[int, ...]) -> None:
        self.length_s = SEGMENTS * len(starts_s)
        lines, self._bodies = list[str](), dict[str, bytes]()
        for stretch, start_s in enumerate(starts_s):
            for number in range(SEGMENTS):
                name = f"{stretch}-{number}.ts"
                self._bodies[name] = _segment(folder / name, start_s + number)
                lines.append(("#EXT-X-DISCONTINUITY\n" if stretch and not number else "") + f"#EXTINF:1,\n{name}\n")
        self._lines = lines
        self._began: float | None = None
        server = self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/live.m3u8"

    def cut(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def body(self, name: str) -> bytes | None:
        """The playlist as it is now, or a segment."""
        if name != "live.m3u8":
            return self._bodies.get(name)
        self._began = self._began or time.monotonic()
        there = 2 + int(time.monotonic() - self._began)
        end = "#EXT-X-ENDLIST\n" if there >= len(self._lines) else ""
        return ("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n" + "".join(self._lines[:there]) + end).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        body_of = self.body

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = body_of(self.path.rpartition("/")[2])
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_: object) -> None:
                return

        return Handler


def _segment(path: Path, start_s: int) -> bytes:
    with av.open(str(path), "w", format="mpegts", options={"mpegts_copyts": "1"}) as container:
        stream = container.add_stream(
            "libx264", RATE, options={"preset": "ultrafast", "tune": "zerolatency", "g": "10"}
        )
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.time_base = Fraction(1, 90_000)
        for number in range(RATE):
            frame = av.VideoFrame.from_ndarray(np.full((120, 160, 3), 20 * number, np.uint8), format="rgb24")
            frame.pts, frame.time_base = (start_s * RATE + number) * 90_000 // RATE, Fraction(1, 90_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path.read_bytes()
