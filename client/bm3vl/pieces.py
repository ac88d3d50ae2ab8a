"""How an upload is cut into pieces, and how long a break may last: decisions, without a socket or a file."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from bm3vl.errors import ApiError, ClientError, Conflict, ConnectionFailed, Refused
from bm3vl.retries import RETRY_STATUS

OnProgress = Callable[[int, int], None]
"""Called with bytes sent and bytes in all."""

PIECE_BYTES = 8 << 20
LEAST_PIECE_BYTES = 64 << 10  # a proxy that refuses less refuses everything
LONGEST_PAUSE_S = 15.0
OFFSET_TYPE = "application/offset+octet-stream"
URLS_A_CALL = 50


def untold(sent: int, size: int) -> None:
    """Tell nobody."""


def sha256(path: Path) -> str:
    """The hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def size_and_sha256(path: Path) -> tuple[int, str]:
    """A file's length in bytes and its hash."""
    return path.stat().st_size, sha256(path)


def piece_of(file: BinaryIO, offset: int, most: int) -> bytes:
    """At most so many bytes from there."""
    file.seek(offset)
    return file.read(most)


@dataclass
class Patience:
    """How long a break may last: `limit_s` seconds without a byte that arrived."""

    limit_s: float
    _pause_s: float = 0.5
    _since_s: float = field(default_factory=time.monotonic)

    def progress(self) -> None:
        """Bytes have arrived: the next break starts anew."""
        self._since_s, self._pause_s = time.monotonic(), 0.5

    def pause_s(self, error: ClientError) -> float:
        """Seconds until the next try; raises the error when patience has ended or trying again cannot help."""
        if not is_passing(error) or time.monotonic() - self._since_s > self.limit_s:
            raise error
        pause, self._pause_s = self._pause_s, min(LONGEST_PAUSE_S, 2 * self._pause_s)
        return pause


def is_passing(error: ClientError) -> bool:
    """Whether a later try may go better."""
    return isinstance(error, (ConnectionFailed, Conflict)) or (
        isinstance(error, ApiError) and error.status in RETRY_STATUS
    )


@dataclass
class PieceSize:
    """Bytes of the next piece: fewer after a break or a 413, more again while all goes well."""

    bytes: int = PIECE_BYTES
    _refused: int = PIECE_BYTES + 1

    def too_large(self) -> None:
        """A 413: pieces of this size never pass. Raises Refused when the least one does not either."""
        if self.bytes <= LEAST_PIECE_BYTES:
            raise Refused(
                f"a proxy before the service refuses pieces of {self.bytes >> 10} KiB (413): "
                "have its body limit raised (nginx: client_max_body_size)"
            )
        self._refused = self.bytes
        self.broken()

    def broken(self) -> None:
        """Less is lost with the next break; and some proxies break off where they should answer 413."""
        self.bytes = max(LEAST_PIECE_BYTES, self.bytes // 2)

    def arrived(self) -> None:
        """Twice as much next time, below what was refused."""
        if 2 * self.bytes < self._refused:
            self.bytes *= 2
