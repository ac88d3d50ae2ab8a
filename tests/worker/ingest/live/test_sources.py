"""Live sources over real sockets: playlists, credentials, and servers that would lead us elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from db.failures import Failure
from worker.egress.guard import Guard
from worker.errors import Permanent
from worker.ingest.live.open import source_of
from worker.ingest.live.relay import Relay
from worker.ingest.live.tunnel import RtspAnswers
from worker.live_feed import FrameKind, LiveFeed, SourceDown

HERE = Guard.allowing(["127.0.0.0/8"])
Answer = Callable[[str], tuple[int, dict[str, str], bytes]]


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], str]]:
    """Serves what a function answers to a path; the address."""
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Answer) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, headers, body = answer(self.path + " " + self.headers.get("Authorization", ""))
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                return

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"127.0.0.1:{servers[-1].server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def read(feed: LiveFeed) -> bytes:
    with closing(feed):
        whole = b""
        while part := feed.read(1 << 16):
            whole += part
        return whole


def test_a_playlist_is_one_body_up_to_a_discontinuity_and_to_its_end(serve: Callable[[Answer], str]) -> None:
    playlist = (
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.ts\n#EXTINF:1,\nb.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:1,\nc.ts\n"
        "#EXT-X-ENDLIST\n"
    )

    def answer(path: str) -> tuple[int, dict[str, str], bytes]:
        name = path.split()[0].rpartition("/")[2]
        return 200, {}, playlist.encode() if name == "live.m3u8" else name.encode()

    with Relay(source_of(f"http://{serve(answer)}/live.m3u8", HERE, 3)) as relay:
        first, second = LiveFeed(relay.path), None
        assert read(first) == b"a.tsb.ts"
        assert first.end is FrameKind.NEXT
        second = LiveFeed(relay.path)
        assert read(second) == b"c.ts"
        assert second.end is FrameKind.OVER


def test_a_playlist_leads_into_no_private_network(serve: Callable[[Answer], str]) -> None:
    body = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://10.0.0.1/a.ts\n"
    with Relay(source_of(f"http://{serve(lambda _: (200, {}, body))}/live.m3u8", HERE, 3)) as relay:
        feed = LiveFeed(relay.path)
        with pytest.raises(Permanent) as refused:
            read(feed)
    assert refused.value.code is Failure.BLOCKED_ADDRESS


def test_credentials_go_to_their_own_host_alone(serve: Callable[[Answer], str]) -> None:
    asked: list[str] = []

    def elsewhere(path: str) -> tuple[int, dict[str, str], bytes]:
        asked.append(path)
        return 200, {}, b"bytes"

    other = serve(elsewhere)
    own: list[str] = []

    def answer(path: str) -> tuple[int, dict[str, str], bytes]:
        own.append(path)
        return 302, {"Location": f"http://{other}/there"}, b""

    with Relay(source_of(f"http://ann:pw@{serve(answer)}/x", HERE, 3)) as relay:
        assert read(LiveFeed(relay.path)) == b"bytes"
    assert own == ["/x Basic YW5uOnB3"]
    assert asked == ["/there "]


@pytest.mark.parametrize("url", ["rtsp://10.0.0.1/x", "rtmp://10.0.0.1/a/b", "srt://10.0.0.1:9", "http://10.0.0.1/"])
def test_no_protocol_reaches_a_private_address(url: str) -> None:
    with Relay(source_of(url, Guard(), 3)) as relay, pytest.raises(Permanent) as refused:
        LiveFeed(relay.path)
    assert refused.value.code is Failure.BLOCKED_ADDRESS


def test_a_source_that_is_away_may_come_back() -> None:
    with (
        Relay(source_of("rtsp://127.0.0.1:1/x", HERE, 3)) as relay,
        pytest.raises(SourceDown, match="cannot be reached"),
    ):
        LiveFeed(relay.path)


def test_answers_of_rtsp_go_through_whole_however_they_arrive() -> None:
    said = b"RTSP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody$\x00\x00\x03abcRTSP/1.0 401 No\r\n\r\n"
    for step in (1, 3, 1000):
        answers = RtspAnswers()
        parts = [answers.checked(said[at : at + step]) for at in range(0, len(said), step)]
        assert b"".join(parts) == said


def test_a_redirect_of_rtsp_is_refused() -> None:
    with pytest.raises(Permanent, match="redirects"):
        RtspAnswers().checked(b"RTSP/1.0 302 Moved\r\nLocation: rtsp://10.0.0.1/\r\n\r\n")
