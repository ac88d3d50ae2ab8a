"""Sends a file to the server, whole or from where a broken upload stopped, and waits until it is checked."""

from __future__ import annotations

from pathlib import Path

from bm3vl._async import runtime
from bm3vl._async.sending import send
from bm3vl._async.transport import AsyncTransport
from bm3vl.answers import parsed
from bm3vl.defaults import CHECK_S, PATIENCE_S, SETTLE_POLL_S
from bm3vl.documents.answers.assets import AssetView, UploadView
from bm3vl.documents.answers.states import AssetState
from bm3vl.errors import ApiError, ConnectionFailed, Rejected, UploadBroken
from bm3vl.pieces import OnProgress, is_passing, size_and_sha256, untold


async def upload(
    transport: AsyncTransport,
    path: Path,
    on_progress: OnProgress = untold,
    *,
    asset_id: str | None = None,
    patience_s: float = PATIENCE_S,
) -> AssetView:
    """Upload a file and return its asset. What the server has of it already, by its SHA-256, is not sent again.

    `asset_id` names the upload to go on with. Raises Rejected when the file is not taken, UploadBroken after
    `patience_s` seconds without a byte that arrives.
    """
    state = await _begun(transport, path, asset_id)
    asset = state.asset
    try:
        if state.mode is not None:
            with await runtime.unblocked(path.open, "rb") as file:
                await send(transport, file, state, patience_s, on_progress)
            done = await transport.json("POST", str(state.complete_url), repeatable=True, timeout=CHECK_S)
            asset = parsed(AssetView, done)
        on_progress(asset.size_bytes, asset.size_bytes)
        return await _settled(transport, asset)
    except (ConnectionFailed, ApiError) as error:
        if isinstance(error, ApiError) and not is_passing(error):
            raise
        raise UploadBroken(path, str(asset.id), error) from error


async def _begun(transport: AsyncTransport, path: Path, asset_id: str | None) -> UploadView:
    """Where the file's upload stands: the one named, one that broke off earlier, or a new one."""
    size, digest = await runtime.unblocked(size_and_sha256, path)
    if asset_id is None:
        body = {"filename": path.name[:255], "size_bytes": size, "sha256": digest}
        return parsed(UploadView, await transport.json("POST", "/v1/uploads", json=body, repeatable=True))
    state = parsed(UploadView, await transport.json("GET", f"/v1/uploads/{asset_id}"))
    asset = state.asset
    if asset.size_bytes != size or asset.sha256 not in (None, digest):
        raise Rejected(f"{path} is not the file that asset {asset_id} was begun with ({asset.filename})")
    return state


async def _settled(transport: AsyncTransport, asset: AssetView) -> AssetView:
    """The asset once it is checked; large files take a while."""
    while asset.state in (AssetState.UPLOADING, AssetState.VERIFYING):
        await runtime.sleep(SETTLE_POLL_S)
        asset = parsed(AssetView, await transport.json("GET", f"/v1/assets/{asset.id}"))
    if asset.state == AssetState.REJECTED:
        raise Rejected(f"{asset.filename}: {asset.failure_message} ({asset.failure})")
    return asset
