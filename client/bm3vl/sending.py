"""The bytes of an upload on their way: in pieces as large as the way takes, again after every break, until patience ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import httpx

from bm3vl.errors import ApiError, ClientError, Conflict, ConnectionFailed, Refused
from bm3vl.transport import RETRY_STATUS, Transport

OnProgress = Callable[[int, int], None]
"""Called with bytes sent and bytes in all."""

PIECE_BYTES = 8 << 20
LEAST_PIECE_BYTES = 64 << 10  # a proxy that refuses less refuses everything
LONGEST_PAUSE_S = 15.0
OFFSET_TYPE = "application/offset+octet-stream"
URLS_A_CALL = 50


@dataclass
class Patience:
    """How long a break may last: `limit_s` seconds without a byte that arrived."""

    limit_s: float
    pause_s: float = 0.5
    _since_s: float = field(default_factory=time.monotonic)

    def progress(self) -> None:
        """Bytes have arrived: the next break starts anew."""
        self._since_s, self.pause_s = time.monotonic(), 0.5

    def wait(self, error: ClientError) -> None:
        """Pause before the next try; raises the error when patience has ended or trying again cannot help."""
        if not is_passing(error) or time.monotonic() - self._since_s > self.limit_s:
            raise error
        time.sleep(self.pause_s)
        self.pause_s = min(LONGEST_PAUSE_S, 2 * self.pause_s)


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


def send(transport: Transport, file: BinaryIO, state: dict[str, Any], patience_s: float, tell: OnProgress) -> None:
    """Send what is missing of an upload whose `state` the service has told. Raises ClientError when it cannot go on."""
    senders = {"offset": _send_at_offset, "multipart": _send_parts}
    senders[state["mode"]](transport, file, state, Patience(patience_s), tell)


def _send_at_offset(
    transport: Transport, file: BinaryIO, state: dict[str, Any], patience: Patience, tell: OnProgress
) -> None:
    """PATCH pieces; after a break ask where to go on."""
    size, offset, piece = state["asset"]["size_bytes"], state["offset_bytes"], PieceSize()
    is_known = True
    while offset < size or not is_known:
        tell(offset, size)
        try:
            if not is_known:
                before, offset, is_known = offset, _offset(transport, state["url"]), True
                if offset > before:
                    patience.progress()
                continue
            file.seek(offset)
            offset = _patch(transport, state["url"], offset, file.read(piece.bytes), piece)
            patience.progress()
        except ClientError as error:
            is_known = False
            patience.wait(error)


def _offset(transport: Transport, url: str) -> int:
    return int(transport.call("HEAD", url, repeatable=False).headers["upload-offset"])


def _patch(transport: Transport, url: str, offset: int, data: bytes, piece: PieceSize) -> int:
    """Send one piece and return the offset after it: the same one when the piece was too large for the way."""
    headers = {"Upload-Offset": str(offset), "Content-Type": OFFSET_TYPE}
    try:
        answer = transport.call("PATCH", url, headers=headers, content=data, timeout=120.0)
    except ConnectionFailed:
        piece.broken()
        raise
    except ApiError as error:
        if error.status != 413 or error.problem.get("code") == "upload_too_long":
            raise
        piece.too_large()
        return offset
    piece.arrived()
    return int(answer.headers["upload-offset"])


def _send_parts(
    transport: Transport, file: BinaryIO, state: dict[str, Any], patience: Patience, tell: OnProgress
) -> None:
    """PUT the missing parts straight to the object store; its addresses carry their own authorization and expire."""
    size, done = state["asset"]["size_bytes"], set(state["parts_done"])
    sent = state["offset_bytes"]
    with httpx.Client(timeout=httpx.Timeout(300.0, connect=10.0)) as store:
        while missing := [number for number in range(1, state["parts"] + 1) if number not in done]:
            tell(sent, size)
            try:
                wanted = {"numbers": missing[:URLS_A_CALL]}
                for part in transport.json("POST", state["parts_url"], json=wanted)["parts"]:
                    file.seek((part["number"] - 1) * state["part_bytes"])
                    _put(store, part["url"], file.read(part["size_bytes"]))
                    done.add(part["number"])
                    sent += part["size_bytes"]
                    patience.progress()
                    tell(sent, size)
            except ClientError as error:
                patience.wait(error)


def _put(store: httpx.Client, url: str, data: bytes) -> None:
    try:
        answer = store.put(url, content=data)
    except httpx.TransportError as error:
        raise ConnectionFailed(f"the object store: {error or type(error).__name__}") from error
    if answer.status_code == 413:
        raise Refused(
            f"a proxy before the object store refuses a part of {len(data) >> 20} MiB (413): have its limit raised"
        )
    if not answer.is_success:  # 403 too: the next try gets a fresh address
        raise ConnectionFailed(f"the object store answered {answer.status_code}")
