"""Byte ranges (RFC 9110, 14): one range a request; several or odd ones are answered with the whole."""

from __future__ import annotations

import re
from dataclasses import dataclass

from api.errors import Problem

ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True)
class Slice:
    """Bytes `start` up to, not including, `stop` of `size`."""

    start: int
    stop: int
    size: int
    partial: bool

    @property
    def status(self) -> int:
        return 206 if self.partial else 200

    @property
    def content_range(self) -> str:
        return f"bytes {self.start}-{self.stop - 1}/{self.size}"


def whole(size: int) -> Slice:
    return Slice(0, size, size, False)


def parse(header: str | None, size: int) -> Slice:
    """The bytes that a Range header asks for. Raises 416 where there are none."""
    found = ONE_RANGE.fullmatch((header or "").strip())
    if found is None or not (found[1] or found[2]):
        return whole(size)
    if found[1]:
        start = int(found[1])
        stop = min(int(found[2]) + 1, size) if found[2] else size
        if found[2] and int(found[2]) < start:
            return whole(size)
    else:
        start, stop = max(size - int(found[2]), 0), size
    if start >= stop:
        headers = {"Content-Range": f"bytes */{size}"}
        raise Problem(416, "range_not_satisfiable", f"there are {size} bytes", headers=headers)
    return Slice(start, stop, size, True)
