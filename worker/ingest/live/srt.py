"""A live source over SRT: a process of its own receives, with libsrt of the system; it says bytes of MPEG-TS and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator

import httpcore
import httpx

from db.failures import Failure
from worker.egress.guard import Guard
from worker.errors import Permanent
from worker.ingest.live.relay import data, opened
from worker.ingest.live.srt_receiver import NO_LIBRARY, REJECTED
from worker.live_feed import SourceDown

DIAL_S = 10.0
STOP_CHECK_S = 0.5  # between looks whether the receiver has ended by itself
READ_BYTES = 64 << 10


class SrtSource:
    """What `srt://host:port?streamid=...&passphrase=...` sends, which we call."""

    def __init__(self, url: httpx.URL, guard: Guard) -> None:
        if url.port is None:
            raise Permanent(Failure.FETCH_FAILED, "an SRT address names a port")
        if url.params.get("mode", "caller") != "caller":
            raise Permanent(Failure.UNSUPPORTED, "of SRT only mode=caller is taken: the source listens, and is called")
        self._host, self._port, self._guard = url.raw_host.decode("ascii"), url.port, guard
        self._options = {name: url.params.get(name, "") for name in ("streamid", "passphrase", "latency", "pbkeylen")}

    def frames(self, stop: threading.Event) -> Iterator[bytes]:
        """One call. Raises SourceDown, Permanent."""
        try:
            address = self._guard.addresses(self._host, self._port, DIAL_S)[0]
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise SourceDown("the source's name does not resolve") from error
        asked = json.dumps({"address": address, "port": self._port, **self._options}).encode()
        command = [sys.executable, "-m", "worker.ingest.live.srt_receiver"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as receiver:
            threading.Thread(target=_end_with, args=(receiver, stop), daemon=True, name="srt-end").start()
            try:
                yield from self._received(receiver, asked)
            finally:
                receiver.kill()
        if receiver.returncode == NO_LIBRARY:
            raise Permanent(Failure.UNSUPPORTED, "SRT needs libsrt on the worker (Debian: libsrt1.5-openssl)")
        if receiver.returncode == REJECTED:
            raise SourceDown("the source rejects the call: look at streamid and passphrase")
        raise SourceDown("the source cannot be reached, or broke off")

    def _received(self, receiver: subprocess.Popen[bytes], asked: bytes) -> Iterator[bytes]:
        if receiver.stdin is None or receiver.stdout is None:
            raise SourceDown("the receiver has no pipes")
        receiver.stdin.write(asked)  # not an argument: every user of the machine may read those
        receiver.stdin.close()
        begun = False
        while part := receiver.stdout.read(READ_BYTES):
            if not begun:
                yield opened()
                begun = True
            yield from data(part)
        receiver.wait(DIAL_S)


def _end_with(receiver: subprocess.Popen[bytes], stop: threading.Event) -> None:
    """Nobody listens any more: end the call."""
    while receiver.poll() is None:
        if stop.wait(STOP_CHECK_S):
            receiver.kill()
            return
