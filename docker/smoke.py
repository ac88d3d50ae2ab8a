"""One job of each kind through a deployment's public address, and a signed webhook for each: does all of it work?

    python docker/smoke.py https://captions.example.org --listen HOST      HOST: this machine's name as the service sees it

The key comes from BM3_API_KEY or the file that BM3_API_KEY_FILE names. The receiver of the webhooks listens on --listen, which
the service must be allowed to reach (BM3_ALLOW_NETWORKS). Exit status 0: everything arrived; 1: a sentence says what did not.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bm3vl import Client, JobView
from bm3vl.errors import ClientError
from worker.bm3.scenes.scenes import Scene
from worker.bm3.scenes.write import Format, write_video

VIDEO_MS = 6_000
POLL_S = 2.0


class Wrong(Exception):
    """What does not work, as a sentence."""


class Hooks(ThreadingHTTPServer):
    """A receiver that keeps every delivery."""

    def __init__(self, port: int) -> None:
        super().__init__(("", port), _Handler)
        self.heard: dict[str, tuple[dict[str, str], bytes]] = {}


class _Handler(BaseHTTPRequestHandler):
    server: Hooks

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard[json.loads(body)["data"]["job_id"]] = ({k.lower(): v for k, v in self.headers.items()}, body)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        return


@contextmanager
def receiver(port: int) -> Iterator[Hooks]:
    """A receiver in a thread of its own."""
    server = Hooks(port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def connect_to(url: str, address: str) -> None:
    """Dial `address` wherever the host of `url` is meant, as curl's --connect-to does; its certificate stays that of the URL."""
    meant, found = urlsplit(url).hostname, socket.getaddrinfo
    socket.getaddrinfo = lambda host, *rest, **how: found(address if host == meant else host, *rest, **how)


def verified(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """Whether a delivery was signed with the endpoint's secret (Standard Webhooks, v1)."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(wanted, one) for one in headers["webhook-signature"].split())


def wait_for_model(client: Client, wait_s: float) -> dict[str, Any]:
    """The model that jobs get that name none. Raises Wrong when there is none in time."""
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        for model in client.get("/v1/models"):
            if model["default"]:
                return dict(model)
        time.sleep(POLL_S)
    raise Wrong(f"no worker has a model after {wait_s:.0f} s: see the Workers page and the log of the gpu worker")


def inputs(folder: Path) -> tuple[Path, Path]:
    """A rendered video of some seconds and a datasheet, made here."""
    video, sheet = folder / "scenes.mp4", folder / "part.pdf"
    for _ in write_video(Scene(1_000_003), video, Format(VIDEO_MS)):
        pass
    command = [sys.executable, "-m", "worker.datasheet.synthetic", "--seed", "7", "--out", str(sheet)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return video, sheet


def submit(client: Client, video: Path, sheet: Path) -> dict[str, JobView]:
    """One job of each kind; a result of an earlier run does not count."""
    film, paper = (client.upload(path).id for path in (video, sheet))
    words = [{"role": "user", "content": "Say something."}]
    wanted: dict[str, dict[str, Any]] = {
        "video.caption": {"video": {"asset_id": film}},
        "datasheet.extract": {"document": {"asset_id": paper}},
        "chat.complete": {"messages": words, "max_tokens": 16},
    }
    return {kind: client.submit(kind, params, cache="bypass") for kind, params in wanted.items()}


def check(client: Client, kind: str, job: JobView) -> str:
    """What a finished job brought, in words. Raises Wrong when its result is not one."""
    result = job.result or {}
    if kind == "video.caption":
        track = client.read(job, "captions.vtt").decode()
        if not track.startswith("WEBVTT") or result["duration_ms"] < VIDEO_MS - 500:
            raise Wrong(f"captions.vtt is no track of the whole video: {track[:80]!r}")
        return f"{result['duration_ms'] / 1000:g} s of video, {track.count('-->')} captions"
    if kind == "datasheet.extract":
        if not (result.get("land_pattern") or {}).get("pads"):
            raise Wrong("the datasheet's footprint has no pads")
        return f"{len(result['land_pattern']['pads'])} pads, {job.verdict}"
    return f"answer of {len(result['text'])} characters"


def heard(hooks: Hooks, secret: str, job: JobView, wait_s: float) -> None:
    """Wait for a job's webhook. Raises Wrong when it does not come, or is signed by somebody else."""
    deadline = time.monotonic() + wait_s
    while str(job.id) not in hooks.heard:
        if time.monotonic() > deadline:
            raise Wrong("no webhook came: may the light worker reach --listen (BM3_ALLOW_NETWORKS)?")
        time.sleep(0.2)
    if not verified(secret, *hooks.heard[str(job.id)]):
        raise Wrong("a webhook came with a wrong signature")


def smoke(client: Client, asked: argparse.Namespace) -> None:
    """All of it. Raises Wrong, or ClientError of the client."""
    model = wait_for_model(client, asked.wait_s)
    print(f"model: {model['name']} ({model['family']}){', a demonstration' if model['demo'] else ''}", flush=True)
    with tempfile.TemporaryDirectory() as folder, receiver(asked.hook_port) as hooks:
        url = f"http://{asked.listen}:{hooks.server_port}/"
        endpoint = client.post("/v1/webhooks", {"url": url, "events": ["job.succeeded"]})
        try:
            for kind, job in submit(client, *inputs(Path(folder))).items():
                done = client.wait(job, timeout_s=asked.wait_s)
                said = check(client, kind, done)
                heard(hooks, endpoint["secret"], done, asked.wait_s)
                print(f"ok    {kind}: {said}; webhook verified", flush=True)
        finally:
            client.remove(f"/v1/webhooks/{endpoint['id']}")


def key() -> str:
    """The API key of the environment. Raises Wrong when there is none."""
    file = os.environ.get("BM3_API_KEY_FILE")
    found = Path(file).read_text().strip() if file else os.environ.get("BM3_API_KEY", "")
    if not found:
        raise Wrong("no key: set BM3_API_KEY, or BM3_API_KEY_FILE to a file that holds one")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("url", help="the service's public address")
    parser.add_argument("--listen", required=True, help="this machine's name as the service's light worker sees it")
    parser.add_argument("--hook-port", type=int, default=0, help="port of the receiver; 0: any free one")
    parser.add_argument("--connect-to", help="dial this address instead of the URL's host")
    parser.add_argument("--wait-s", type=float, default=900.0, help="longest wait for the model and for each job")
    asked = parser.parse_args(arguments)
    if asked.connect_to:
        connect_to(asked.url, asked.connect_to)
    try:
        with Client(asked.url, key()) as client:
            smoke(client, asked)
    except (Wrong, ClientError, OSError) as error:
        print(f"FAIL  {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
