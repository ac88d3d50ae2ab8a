"""Sends a file to the server, whole or from where a broken upload stopped, and waits until it is checked."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from client.errors import ClientError, Conflict, ConnectionFailed
from client.transport import Transport

OnProgress = Callable[[int, int], None]
"""Called with bytes sent and bytes in all."""

PIECE_BYTES = 8 << 20
OFFSET_TYPE = "application/offset+octet-stream"
URLS_A_CALL = 50


def untold(sent: int, size: int) -> None:
    """Tell nobody."""


class Rejected(ClientError):
    """The server checked the uploaded file and refused it."""


def upload(
    transport: Transport,
    path: Path,
    on_progress: OnProgress = untold,
    *,
    asset_id: str | None = None,
    wait: bool = True,
) -> dict[str, Any]:
    """Upload a file and return its asset. A file the server has already is not sent again.

    `asset_id` continues an earlier upload of the same file. Raises Rejected when the file is not what it claims to be.
    """
    size = path.stat().st_size
    state = transport.json("GET", f"/v1/uploads/{asset_id}") if asset_id else _begin(transport, path, size)
    if state["mode"] is not None:
        with path.open("rb") as file:
            _SENDERS[state["mode"]](transport, file, state, size, on_progress)
        asset = transport.json("POST", state["complete_url"], repeatable=True, timeout=600.0)
    else:
        asset = state["asset"]
    on_progress(size, size)
    return _settled(transport, asset) if wait else dict(asset)


def _begin(transport: Transport, path: Path, size: int) -> dict[str, Any]:
    body = {"filename": path.name[:255], "size_bytes": size, "sha256": sha256(path)}
    return dict(transport.json("POST", "/v1/uploads", json=body, repeatable=True))


def sha256(path: Path) -> str:
    """The hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _send_at_offset(transport: Transport, file: BinaryIO, state: dict[str, Any], size: int, tell: OnProgress) -> None:
    """PATCH pieces; after a break ask where to go on."""
    offset: int = state["offset_bytes"]
    failures = 0
    while offset < size:
        tell(offset, size)
        file.seek(offset)
        try:
            offset = _patch(transport, state["url"], offset, file.read(PIECE_BYTES))
            failures = 0
        except (ConnectionFailed, Conflict):
            failures += 1
            if failures > transport.retries:
                raise
            offset = int(transport.call("HEAD", state["url"]).headers["upload-offset"])


def _patch(transport: Transport, url: str, offset: int, piece: bytes) -> int:
    headers = {"Upload-Offset": str(offset), "Content-Type": OFFSET_TYPE}
    answer = transport.call("PATCH", url, headers=headers, content=piece, timeout=120.0)
    return int(answer.headers["upload-offset"])


def _send_parts(transport: Transport, file: BinaryIO, state: dict[str, Any], size: int, tell: OnProgress) -> None:
    """PUT the missing parts straight to the object store; its addresses carry their own authorization."""
    done = set(state["parts_done"])
    missing = [number for number in range(1, state["parts"] + 1) if number not in done]
    sent = state["offset_bytes"]
    with httpx.Client(timeout=httpx.Timeout(300.0, connect=10.0)) as store:
        for part in _addresses(transport, state["parts_url"], missing):
            file.seek((part["number"] - 1) * state["part_bytes"])
            _put(transport, store, part["url"], file.read(part["size_bytes"]))
            sent += part["size_bytes"]
            tell(sent, size)


def _addresses(transport: Transport, url: str, missing: list[int]) -> Iterator[dict[str, Any]]:
    for first in range(0, len(missing), URLS_A_CALL):
        numbers = missing[first : first + URLS_A_CALL]
        yield from transport.json("POST", url, json={"numbers": numbers}, repeatable=True)["parts"]


def _put(transport: Transport, store: httpx.Client, url: str, piece: bytes) -> None:
    for attempt in range(transport.retries + 1):
        try:
            if (answer := store.put(url, content=piece)).is_success:
                return
            problem = f"the object store answered {answer.status_code}"
        except httpx.TransportError as error:
            problem = str(error) or type(error).__name__
        time.sleep(min(8.0, 0.25 * 2**attempt))
    raise ConnectionFailed(f"a part could not be sent: {problem}")


_SENDERS = {"offset": _send_at_offset, "multipart": _send_parts}


def _settled(transport: Transport, asset: dict[str, Any]) -> dict[str, Any]:
    """The asset once it is checked; large files take a while."""
    while asset["state"] in ("uploading", "verifying"):
        time.sleep(0.5)
        asset = transport.json("GET", f"/v1/assets/{asset['id']}")
    if asset["state"] == "rejected":
        raise Rejected(f"{asset['filename']}: {asset['failure_message']} ({asset['failure']})")
    return dict(asset)
