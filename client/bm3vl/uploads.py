"""Sends a file to the server, whole or from where a broken upload stopped, and waits until it is checked."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

from bm3vl.defaults import PATIENCE_S
from bm3vl.errors import ApiError, ClientError, ConnectionFailed, Rejected
from bm3vl.sending import OnProgress, is_passing, send
from bm3vl.transport import Transport


def untold(sent: int, size: int) -> None:
    """Tell nobody."""


class UploadBroken(ConnectionFailed):
    """An upload stopped on its way. What has arrived stays for a week: the same call goes on there."""

    def __init__(self, path: Path, asset_id: str, error: ClientError) -> None:
        self.path, self.asset_id = path, asset_id
        super().__init__(
            f"the upload of {path} (asset {asset_id}) broke off: {error}. What has arrived is kept for 7 days; "
            f"the same command goes on there, and so does: bm3vl upload {path}"
        )


def upload(
    transport: Transport,
    path: Path,
    on_progress: OnProgress = untold,
    *,
    asset_id: str | None = None,
    wait: bool = True,
    patience_s: float = PATIENCE_S,
) -> dict[str, Any]:
    """Upload a file and return its asset. What the server has of it already, by its SHA-256, is not sent again.

    `asset_id` names the upload to go on with. Raises Rejected when the file is not taken, UploadBroken after
    `patience_s` seconds without a byte that arrives.
    """
    state = _begun(transport, path, asset_id)
    asset = state["asset"]
    try:
        if state["mode"] is not None:
            with path.open("rb") as file:
                send(transport, file, state, patience_s, on_progress)
            asset = transport.json("POST", state["complete_url"], repeatable=True, timeout=600.0)
        on_progress(asset["size_bytes"], asset["size_bytes"])
        return _settled(transport, asset) if wait else dict(asset)
    except (ConnectionFailed, ApiError) as error:
        if isinstance(error, ApiError) and not is_passing(error):
            raise
        raise UploadBroken(path, asset["id"], error) from error


def sha256(path: Path) -> str:
    """The hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _begun(transport: Transport, path: Path, asset_id: str | None) -> dict[str, Any]:
    """Where the file's upload stands: the one named, one that broke off earlier, or a new one."""
    size, digest = path.stat().st_size, sha256(path)
    if asset_id is None:
        body = {"filename": path.name[:255], "size_bytes": size, "sha256": digest}
        return dict(transport.json("POST", "/v1/uploads", json=body, repeatable=True))
    state = dict(transport.json("GET", f"/v1/uploads/{asset_id}"))
    asset = state["asset"]
    if asset["size_bytes"] != size or asset["sha256"] not in (None, digest):
        raise Rejected(f"{path} is not the file that asset {asset_id} was begun with ({asset['filename']})")
    return state


def _settled(transport: Transport, asset: dict[str, Any]) -> dict[str, Any]:
    """The asset once it is checked; large files take a while."""
    while asset["state"] in ("uploading", "verifying"):
        time.sleep(0.5)
        asset = transport.json("GET", f"/v1/assets/{asset['id']}")
    if asset["state"] == "rejected":
        raise Rejected(f"{asset['filename']}: {asset['failure_message']} ({asset['failure']})")
    return dict(asset)
