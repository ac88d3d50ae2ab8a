"""The uploaded file behind a player or a page view, in ranges, with a content type that can never run anything."""

from __future__ import annotations

from uuid import UUID

from fastapi import Response
from fastapi.responses import StreamingResponse

from api.deps import Services
from api.errors import NotFound
from api.ranges import parse
from db.assets import assets
from db.schema.tables import AssetState, Job
from db.storage.objects import ObjectMissing

# What browsers play or show; everything else is only downloaded. Never SVG or HTML.
SHOWN = {
    "video/mp4": "video/mp4",
    "video/quicktime": "video/mp4",  # the same boxes; browsers refuse the other name
    "video/webm": "video/webm",
    "video/x-matroska": "video/webm",
    "video/ogg": "video/ogg",
    "image/png": "image/png",
    "image/jpeg": "image/jpeg",
    "image/webp": "image/webp",
}
SAFE = {"Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "private, max-age=3600"}


def input_of(job: Job, name: str = "video") -> UUID | None:
    """The asset that a parameter names."""
    given = job.params.get(name)
    asset_id = given.get("asset_id") if isinstance(given, dict) else None
    return UUID(asset_id) if asset_id else None


def stream(services: Services, job: Job, asset_id: UUID | None, range_header: str | None) -> Response:
    """The asset's bytes, or the part of them that is asked for. Raises NotFound."""
    if asset_id is None:
        raise NotFound("file")
    with services.database.read() as session:
        asset = assets.find(session, job.tenant_id, asset_id)
    if asset is None or asset.state is not AssetState.READY:
        raise NotFound("file")
    wanted = parse(range_header, asset.size_bytes)
    try:
        body = services.objects.open_range(asset.object_key, wanted.start, wanted.stop if wanted.partial else None)
    except ObjectMissing as error:
        raise NotFound("file") from error
    media_type = SHOWN.get(asset.sniffed_type or "")
    headers = {**SAFE, "Accept-Ranges": "bytes", "Content-Length": str(body.size_bytes), "ETag": f'"{asset.sha256}"'}
    headers["Content-Disposition"] = "inline" if media_type else "attachment"
    if wanted.partial:
        headers["Content-Range"] = wanted.content_range
    return StreamingResponse(iter(body), wanted.status, headers, media_type or "application/octet-stream")
