"""What strangers and greedy tenants do to the api: nothing that others would feel, and no secret in the log."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from api.live.seats import Seats
from api.serving.connections import TimedConnection
from db.access import shares
from db.schema.base import new_id
from db.schema.tables import Job
from tests.api.live_app import live_app
from tests.api.running_app import MP4, NO_REDIS, RunningApp
from tests.servers import api_server
from tests.waiting import GUARD_S, until


@pytest.mark.slow
def test_a_share_link_is_not_written_to_the_log(tmp_path: Path) -> None:
    token = f"{new_id().hex}.{'a1' * 20}"
    with api_server(tmp_path) as server:
        assert httpx.get(f"{server.url}/share/{token}").status_code == 404
        assert httpx.get(f"{server.url}/share/{token}/captions.vtt").status_code == 404
    log = (tmp_path / "server.log").read_text()
    assert token[:33] in log
    assert token[33:] not in log


def test_odd_paths_of_a_share_link_are_not_found(here: RunningApp) -> None:
    ann = here.tenant_client("ann")
    job_id = ann.submit(params={"prompt": "What happens?"})["id"]
    with here.services.database.write() as session:
        job = session.get_one(Job, UUID(job_id))
        link = shares.create(session, job.created_at, job, "ann", job.created_at.replace(year=2999))
        token = shares.token(link)
    odd = [
        "prompt",
        "sampling",
        "fps",
        "window",
        "video",
        "image",
        "..",
        "%00",
        "a" * 300,
        "\N{PILE OF POO}",
        "0",
        "-1",
    ]
    parts = ["media/{}", "page/{}.png", "files/{}", "{}", "cues?after={}"]
    for part, name in itertools.product(parts, odd):
        answer = here.client.get(f"/share/{token}/{part.format(name)}")
        assert answer.status_code in (200, 404), (part, name, answer.status_code)


def test_readiness_may_be_asked_often_without_a_write_each_time(here: RunningApp) -> None:
    store = here.services.settings.data_dir / "store"
    assert here.client.get("/readyz").json()["parts"]["objects"] == "ok"
    before = _changes(store)
    for _ in range(30):
        assert here.client.get("/readyz").status_code == 200
    assert _changes(store) == before


def test_a_byte_quota_holds_for_uploads_begun_at_once(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    anywhere.admin().call("PATCH", f"/v1/tenants/{ann.tenant_id}", json={"max_bytes": 3 * len(MP4)})
    body = {"filename": "a.mp4", "media_type": "video/mp4", "size_bytes": len(MP4)}
    with ThreadPoolExecutor(12) as pool:
        codes = [*pool.map(lambda _: ann.post("/v1/uploads", body).status_code, range(24))]
    assert (codes.count(201), codes.count(429)) == (3, 21)


def test_a_tenant_with_many_watchers_makes_room_for_one_with_few(tmp_path: Path) -> None:
    with live_app(tmp_path, NO_REDIS, watchers_limit=8) as live:
        ann, bob = live.inside.tenant_client("ann"), live.inside.tenant_client("bob")
        job, other = ann.submit()["id"], bob.submit()["id"]
        ended = threading.Semaphore(0)

        def watch() -> None:
            headers = {"Authorization": f"Bearer {ann.token}"}
            with httpx.stream("GET", f"{live.url}/v1/jobs/{job}/events", headers=headers, timeout=GUARD_S) as answer:
                for _ in answer.iter_lines():
                    pass
            ended.release()

        crowd = [threading.Thread(target=watch, daemon=True) for _ in range(8)]
        for one in crowd:
            one.start()
        until(lambda: live.inside.services.live.watching == 8)
        headers = {"Authorization": f"Bearer {bob.token}"}
        with httpx.stream("GET", f"{live.url}/v1/jobs/{other}/events", headers=headers, timeout=GUARD_S) as answer:
            assert any("progress" in line for line in answer.iter_lines())
        assert ended.acquire(timeout=GUARD_S)
        httpx.post(f"{live.url}/v1/jobs/{job}/cancel", headers={"Authorization": f"Bearer {ann.token}"})
        for one in crowd:
            one.join(GUARD_S)


def test_seats_are_given_fairly_and_never_exceed_the_limit() -> None:
    seats, (ann, bob, eve) = Seats(6), (uuid4(), uuid4(), uuid4())

    def fill(tenant: UUID, number: int) -> list[bool]:
        return [seats.take(tenant, asyncio.Queue(10)) for _ in range(number)]

    assert fill(ann, 7) == [True] * 6 + [False]
    assert fill(bob, 4) == [True] * 3 + [False]
    assert fill(eve, 3) == [True] * 2 + [False]
    assert seats.taken == 6
    assert fill(ann, 1) == [False]


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"G"])
def test_a_connection_that_never_asks_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(TimedConnection, "headers_s", 0.5)
    with live_app(tmp_path, NO_REDIS) as live, socket.create_connection(("127.0.0.1", live.port)) as link:
        link.sendall(sent)
        link.settimeout(GUARD_S)
        assert link.recv(100) == b""


def test_a_body_that_stops_is_given_up_and_a_slow_one_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TimedConnection, "headers_s", 2.0)
    monkeypatch.setattr(TimedConnection, "body_pause_s", 1.0)
    with live_app(tmp_path, NO_REDIS) as live:
        ann = live.inside.tenant_client("ann")
        body = json.dumps({"kind": "video.caption", "params": {"video": {"url": "https://example.com/a.mp4"}}}).encode()
        head = f"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ann.token}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", live.port)) as link:
            link.sendall(head.encode() + body[:5])
            link.settimeout(GUARD_S)
            assert link.recv(100) == b""
        with socket.create_connection(("127.0.0.1", live.port)) as link:
            link.sendall(head.encode())
            for start in range(0, len(body), 16):
                link.sendall(body[start : start + 16])
                time.sleep(0.4)
            link.settimeout(GUARD_S)
            assert link.recv(100).startswith(b"HTTP/1.1 202")


def _changes(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]}
