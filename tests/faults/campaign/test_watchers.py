"""The watcher itself neither invents nor forgets: a link that breaks in the middle of an event, and a server that errs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from db.schema.base import new_id
from tests.faults.campaign.watchers import Notes, Watcher
from tests.faults.retrying_client import RetryingClient


def cue(number: int) -> str:
    data = json.dumps({"start_ms": number, "end_ms": number + 1, "text": f"cue {number}"})
    return f"event: cue\ndata: {data}\nid: 0.{number}\n\n"


END = "event: end\ndata: {}\nid: 9.9\n\n"


class _Scripted(BaseHTTPRequestHandler):
    """Answers one request after another with the next of `answers`, and breaks off behind each."""

    protocol_version = "HTTP/1.1"
    answers: list[str]
    asked: list[str | None]

    def do_GET(self) -> None:
        self.asked.append(self.headers["Last-Event-ID"])
        answer = self.answers.pop(0)
        if not answer:
            self.send_error(503)
            return
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.close_connection = True
        self.wfile.write(f"{len(answer):x}\r\n{answer}\r\n".encode())

    def log_message(self, *args: object) -> None:
        return


@contextmanager
def scripted(*answers: str) -> Iterator[tuple[RetryingClient, list[str | None]]]:
    asked: list[str | None] = []
    handler = type("Scripted", (_Scripted,), {"answers": [*answers], "asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield RetryingClient(f"http://127.0.0.1:{server.server_port}", "key"), asked
    server.shutdown()
    server.server_close()


def ended(notes: Notes) -> Notes:
    deadline = time.monotonic() + 60
    while not notes.ended:
        assert time.monotonic() < deadline, notes
        time.sleep(0.02)
    return notes


def test_each_cue_is_noted_once_however_often_the_link_breaks() -> None:
    half = cue(1)[:-2]  # all but the blank line that ends an event
    with scripted(": watching\n\n" + cue(0) + half, "", cue(1), cue(2) + END) as (client, asked):
        notes = ended(Watcher(client, new_id()).notes)
    assert [text for _, _, text in notes.told] == ["cue 0", "cue 1", "cue 2"]
    assert asked == [None, "0.0", "0.0", "0.1"]


@pytest.mark.parametrize("said", [cue(0) + cue(0) + END, cue(1) + cue(0) + END])
def test_what_is_told_wrongly_is_noted_as_told(said: str) -> None:
    with scripted(said) as (client, _):
        notes = ended(Watcher(client, new_id()).notes)
    assert len(notes.told) == 2
