"""Uploads: begin, continue after any break, complete; and the assets they become."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Header, Path, Query, Request, Response
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api import paging
from api.auth import AssetsWriter, Caller
from api.deps import Services, ServicesDep, now
from api.documents.requests import PartsRequest, UploadRequest
from api.documents.schemas import asset_view, settled_view, upload_view
from api.errors import NotFound, Problem, field_problem
from api.paging import Cursor, Limit
from api.submission.received import Named, receive
from db.assets import assets
from db.assets.assets import NewAsset
from db.assets.discard import discard
from db.assets.verify import verify
from db.documents.answers.assets import AssetView, PartUrl, PartUrls, UploadView
from db.documents.answers.base import Page
from db.jobs import quotas
from db.schema.base import new_id
from db.schema.tables import Asset, AssetState, Upload
from db.storage.objects import (
    ObjectError,
    OffsetConflict,
    OffsetUploads,
    PresignedUploads,
    StoreUpload,
    UploadMismatch,
    UploadMissing,
    UploadProgress,
)

router = APIRouter(prefix="/v1", tags=["uploads"])
FileName = Annotated[
    str,
    Path(
        max_length=255, pattern=r"^[^\x00-\x1f]+$", description="Of `PUT`: how the file is called; else the asset's id"
    ),
]
OFFSET_TYPE = "application/offset+octet-stream"
PIECE_BYTES = 1 << 20
URL_LIFE_S = 3600
STORED_AS = re.compile(r"(video|image|audio)/(?!svg)[\w.+-]+|application/pdf", re.IGNORECASE)
log = logging.getLogger(__name__)


@router.post(
    "/uploads",
    status_code=201,
    responses={200: {"model": UploadView, "description": "The file is here already, or an upload of it to go on with"}},
)
def begin_upload(caller: AssetsWriter, services: ServicesDep, request: UploadRequest, response: Response) -> UploadView:
    """Begin an upload. With a SHA-256 that is here already nothing needs to be sent; one that broke off goes on."""
    if request.size_bytes > services.api.max_upload_bytes:
        raise Problem(413, "file_too_large", f"files may have {services.api.max_upload_bytes} bytes at most")
    known = _known(services, caller, request) if request.sha256 else None
    if known is not None:
        response.status_code = 200
        return known
    with services.database.read() as session:
        quotas.check_bytes(session, caller.tenant, request.size_bytes)  # before the store is asked, and again below
    new = NewAsset(new_id(), caller.tenant_id, request.filename, request.media_type, request.size_bytes, request.sha256)
    started = services.objects.start_upload(new.object_key, new.size_bytes, _stored_type(new.declared_type))
    mode = "offset" if isinstance(services.objects, OffsetUploads) else "multipart"
    try:
        with services.database.write() as session:
            quotas.check_bytes(session, caller.tenant, request.size_bytes)
            asset, upload = assets.begin(session, now(), new, started, mode)
    except quotas.QuotaExceeded:
        services.objects.abort_upload(started)
        raise
    response.headers["Location"] = f"/v1/uploads/{asset.id}"
    return upload_view(asset, upload, 0, ())


@router.get("/uploads/{asset_id}")
def get_upload(caller: AssetsWriter, services: ServicesDep, asset_id: UUID) -> UploadView:
    """Where an upload stands, for whoever wants to go on."""
    asset, upload = _find(services, caller, asset_id)
    if upload is None:
        return settled_view(asset)
    done = _progress(services, asset, upload)
    return upload_view(asset, upload, done.bytes_done, done.parts_done)


@router.head("/uploads/{asset_id}")
def upload_offset(caller: AssetsWriter, services: ServicesDep, asset_id: UUID) -> Response:
    """The offset to go on from, in `Upload-Offset`."""
    asset, upload = _find(services, caller, asset_id)
    done = asset.size_bytes if upload is None else _progress(services, asset, upload).bytes_done
    return Response(headers={"Upload-Offset": str(done), "Upload-Length": str(asset.size_bytes)})


@router.patch(
    "/uploads/{asset_id}",
    status_code=204,
    openapi_extra={"requestBody": {"content": {OFFSET_TYPE: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def append_bytes(
    caller: AssetsWriter,
    services: ServicesDep,
    asset_id: UUID,
    request: Request,
    upload_offset: Annotated[int, Header(ge=0, description="Where these bytes begin")],
) -> Response:
    """Add bytes at the end of what has arrived. What arrives before a break stays."""
    if request.headers.get("content-type", "").split(";")[0] != OFFSET_TYPE:
        raise Problem(415, "unsupported_media_type", f"send the bytes as {OFFSET_TYPE}")
    store, upload = await run_in_threadpool(_appendable, services, caller, asset_id)
    offset, piece = upload_offset, bytearray()
    with suppress(ClientDisconnect):  # what has arrived is kept; the client goes on from there
        async for data in request.stream():
            piece += data
            if len(piece) >= PIECE_BYTES:
                offset, piece = await run_in_threadpool(_append, store, upload, offset, piece), bytearray()
    offset = await run_in_threadpool(_append, store, upload, offset, piece)
    return Response(status_code=204, headers={"Upload-Offset": str(offset), "Upload-Length": str(upload.size_bytes)})


@router.post("/uploads/{asset_id}/parts")
def sign_parts(caller: AssetsWriter, services: ServicesDep, asset_id: UUID, request: PartsRequest) -> PartUrls:
    """Addresses to PUT parts to, straight into the object store."""
    asset, upload = _find(services, caller, asset_id)
    if upload is None or not isinstance(services.objects, PresignedUploads):
        raise Problem(409, "not_multipart", "this upload takes no parts")
    stored = assets.in_store(asset, upload)
    try:
        urls = services.objects.part_urls(stored, sorted(set(request.numbers)), URL_LIFE_S)
    except UploadMismatch as error:
        raise field_problem("/numbers", str(error)) from error
    parts = [PartUrl(number=number, url=url, size_bytes=stored.part_bytes(number)) for number, url in urls.items()]
    return PartUrls(parts=parts, expires_s=URL_LIFE_S)


@router.post("/uploads/{asset_id}/complete")
def complete_upload(caller: AssetsWriter, services: ServicesDep, asset_id: UUID, later: BackgroundTasks) -> AssetView:
    """All bytes are sent: check them. Large files are checked after the answer; the asset then is `verifying`."""
    asset, upload = _find(services, caller, asset_id)
    if upload is None:
        return asset_view(asset)
    try:
        services.objects.complete_upload(assets.in_store(asset, upload))
    except UploadMismatch as error:
        raise Problem(409, "upload_incomplete", str(error)) from error
    except UploadMissing as error:
        raise _gone() from error
    with services.database.write() as session:
        assets.verifying(session, asset_id)
    if asset.size_bytes > services.api.verify_at_once_bytes:
        later.add_task(verify, services.database, services.objects, asset_id)
    else:
        verify(services.database, services.objects, asset_id)
    return asset_view(_find(services, caller, asset_id)[0])


@router.get("/assets")
def list_assets(
    caller: AssetsWriter, services: ServicesDep, limit: Annotated[Limit, Query()] = 50, cursor: Cursor = None
) -> Page[AssetView]:
    """The tenant's assets, newest first."""
    with services.database.read() as session:
        rows = assets.page(session, caller.tenant_id, limit, paging.after(cursor))
    return Page(items=[asset_view(row) for row in rows], next_cursor=paging.next_cursor(rows, limit))


@router.put(
    "/assets/{asset_id}",
    status_code=201,
    response_model=AssetView,
    responses={200: {"model": AssetView, "description": "The file is here already"}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def put_asset(
    caller: AssetsWriter, services: ServicesDep, asset_id: FileName, request: Request, response: Response
) -> AssetView:
    """Upload a file in one request: its bytes are the body, its name stands in the address. Large files, and those that
    may break off on the way, are better sent as uploads."""
    at = now()
    named = Named(asset_id, request.headers.get("content-type", "application/octet-stream")[:120])
    asset = await receive(services, caller, at, named, request.stream())
    if asset.created_at < at:
        response.status_code = 200
    response.headers["Location"] = f"/v1/assets/{asset.id}"
    return asset_view(asset)


@router.get("/assets/{asset_id}")
def get_asset(caller: AssetsWriter, services: ServicesDep, asset_id: UUID) -> AssetView:
    """One asset."""
    return asset_view(_find(services, caller, asset_id)[0])


@router.delete("/assets/{asset_id}", status_code=204)
def delete_asset(caller: AssetsWriter, services: ServicesDep, asset_id: UUID) -> Response:
    """Remove an asset and its bytes, unless an unfinished job needs it."""
    _find(services, caller, asset_id)
    with services.database.write() as session:
        if not assets.hide(session, now(), asset_id):
            raise Problem(409, "asset_in_use", "an unfinished job needs this asset")
    try:
        discard(services.database, services.objects, asset_id)
    except ObjectError as error:  # it is gone for everybody; the dispatcher removes the bytes when the store is back
        log.warning("asset %s: its bytes stay until the next sweep: %s", asset_id, error)
    return Response(status_code=204)


def _known(services: Services, caller: Caller, request: UploadRequest) -> UploadView | None:
    """The asset that holds the declared bytes, or where an upload of them stands that is not finished."""
    wanted = (caller.tenant_id, request.sha256 or "", request.size_bytes)
    with services.database.read() as session:
        if (twin := assets.with_content(session, *wanted)) is not None:
            return settled_view(twin)
        begun = assets.begun(session, now(), *wanted)
    if begun is None:
        return None
    if begun[0].state is AssetState.VERIFYING:
        return settled_view(begun[0])
    try:
        done = services.objects.upload_progress(assets.in_store(*begun))
    except UploadMissing:  # the store has swept it away: begin anew
        return None
    return upload_view(*begun, done.bytes_done, done.parts_done)


def _stored_type(declared: str) -> str:
    """The media type to keep the bytes under: what a sender says, unless a browser might run it. Bytes decide the rest."""
    said = declared.split(";")[0].strip()
    return said if STORED_AS.fullmatch(said) else "application/octet-stream"


def _find(services: Services, caller: Caller, asset_id: UUID) -> tuple[Asset, Upload | None]:
    with services.database.read() as session:
        asset = assets.find(session, caller.tenant_id, asset_id)
        if asset is None:
            raise NotFound("upload")
        return asset, _open_upload(session, now(), asset)


def _open_upload(session: Session, at: datetime, asset: Asset) -> Upload | None:
    upload = assets.upload_of(session, asset.id)
    if upload is not None and upload.expires_at < at and asset.state is AssetState.UPLOADING:
        raise Problem(410, "upload_expired", "this upload has expired; begin another")
    return upload


def _progress(services: Services, asset: Asset, upload: Upload) -> UploadProgress:
    stored = assets.in_store(asset, upload)
    if asset.state is not AssetState.UPLOADING:
        return UploadProgress(asset.size_bytes, tuple(range(1, stored.parts + 1)))
    try:
        return services.objects.upload_progress(stored)
    except UploadMissing as error:
        raise _gone() from error


def _appendable(services: Services, caller: Caller, asset_id: UUID) -> tuple[OffsetUploads, StoreUpload]:
    asset, upload = _find(services, caller, asset_id)
    if not isinstance(services.objects, OffsetUploads):
        raise Problem(409, "not_appendable", "this upload is sent in parts, straight to the object store")
    if upload is None or asset.state is not AssetState.UPLOADING:
        raise Problem(409, "upload_complete", "this upload is complete")
    return services.objects, assets.in_store(asset, upload)


def _append(store: OffsetUploads, upload: StoreUpload, offset: int, piece: bytearray) -> int:
    try:
        return store.append(upload, offset, bytes(piece))
    except OffsetConflict as error:
        headers = {"Upload-Offset": str(error.offset_bytes)}
        raise Problem(409, "offset_conflict", str(error), headers=headers) from error
    except UploadMismatch as error:
        raise Problem(413, "upload_too_long", str(error)) from error
    except UploadMissing as error:
        raise _gone() from error


def _gone() -> Problem:
    return Problem(410, "upload_gone", "this upload is gone; begin another")
