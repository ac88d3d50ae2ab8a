"""A process that receives one SRT call and writes what comes to its standard output. Its order is one JSON line of input.

libsrt is C and hears whatever a stranger sends: here it has no rights, no secrets but its own, and may die.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import ipaddress
import json
import os
import socket
import struct
import sys
from typing import Any

NO_LIBRARY, REJECTED, UNREACHED, ENDED = 3, 4, 5, 6
NAMES = ("libsrt-openssl.so.1.5", "libsrt-gnutls.so.1.5", "libsrt.so.1.5", "libsrt.so.1", "libsrt.so")
RECEIVE_TIMEOUT, LATENCY, PASSPHRASE, KEY_LENGTH, CONNECT_TIMEOUT, STREAM_ID = 14, 23, 26, 27, 36, 46  # SRT_SOCKOPT
REJECTION = 1002  # SRT_ECONNREJ
QUIET_MS, CONNECT_MS = 15_000, 8_000
PACKET_BYTES = 1456


def library() -> ctypes.CDLL | None:
    """libsrt, where the system has it."""
    for name in (*NAMES, ctypes.util.find_library("srt-openssl") or ""):
        try:
            if name:
                return ctypes.CDLL(name)
        except OSError:
            continue
    return None


def main() -> int:
    """Receive until the call ends; the exit status says why."""
    asked = json.loads(sys.stdin.buffer.read(100_000))
    srt = library()
    if srt is None:
        return NO_LIBRARY
    srt.srt_startup()
    call = srt.srt_create_socket()
    for option, value in _options(asked).items():
        srt.srt_setsockflag(call, option, value, len(value))
    place = _socket_address(asked["address"], asked["port"])
    if srt.srt_connect(call, place, len(place)) < 0:
        return REJECTED if srt.srt_getlasterror(None) == REJECTION else UNREACHED
    buffer = ctypes.create_string_buffer(PACKET_BYTES)
    while (size := srt.srt_recvmsg(call, buffer, PACKET_BYTES)) > 0:
        os.write(1, buffer.raw[:size])
    return ENDED


def _options(asked: dict[str, Any]) -> dict[int, bytes]:
    numbers = {CONNECT_TIMEOUT: CONNECT_MS, RECEIVE_TIMEOUT: QUIET_MS}
    if asked["latency"].isdigit():
        numbers[LATENCY] = min(int(asked["latency"]), 30_000)
    if asked["pbkeylen"] in ("16", "24", "32"):
        numbers[KEY_LENGTH] = int(asked["pbkeylen"])
    texts = {STREAM_ID: asked["streamid"], PASSPHRASE: asked["passphrase"]}
    return {option: struct.pack("i", value) for option, value in numbers.items()} | {
        option: text.encode() for option, text in texts.items() if text
    }


def _socket_address(address: str, port: int) -> bytes:
    """A `sockaddr_in` or `sockaddr_in6`."""
    parsed = ipaddress.ip_address(address)
    if parsed.version == 4:
        return struct.pack("=H", socket.AF_INET) + struct.pack(">H4s8x", port, parsed.packed)
    return struct.pack("=H", socket.AF_INET6) + struct.pack(">HI16sI", port, 0, parsed.packed, 0)


if __name__ == "__main__":
    sys.exit(main())
