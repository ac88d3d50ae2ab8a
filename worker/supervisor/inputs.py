"""Brings a job's inputs into its folder before the child starts: the child itself can reach neither store nor network."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from db.documents.kinds.base import MediaInput, S3Input
from db.failures import Failure
from db.schema.tables import Asset, AssetState
from db.session import Database
from db.settings import Settings
from db.storage.objects import ObjectError, ObjectMissing, ObjectStore, ObjectStoreRefused, ObjectStoreUnavailable
from worker.egress.guard import Guard
from worker.errors import Permanent, Transient
from worker.ingest.fetch import FetchLimits, fetch
from worker.ingest.live.open import source_of
from worker.ingest.live.relay import LiveSource
from worker.protocol import input_key
from worker.supervisor.attempt import Attempt
from worker.supervisor.growing import GrowingUpload

KEEP_FREE_BYTES = 1 << 30


@dataclass(frozen=True)
class Sources:
    """Where inputs may come from, and how much."""

    database: Database
    objects: ObjectStore
    settings: Settings
    guard: Guard
    limits: FetchLimits


def media_in(value: Any) -> Iterator[MediaInput]:
    """Every media input in a parameter document, whatever its kind."""
    if isinstance(value, MediaInput):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from media_in(getattr(value, name))
    elif isinstance(value, dict):
        for part in value.values():
            yield from media_in(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from media_in(part)


def gather(sources: Sources, attempt: Attempt, params: BaseModel) -> dict[str, str]:
    """Fetch every input into the attempt's folder. Raises Permanent or Transient."""
    found: dict[str, str] = {}
    left = sources.limits.max_bytes
    for number, media in enumerate(media_in(params)):
        key = input_key(named(media))
        if key in found:
            continue
        path = attempt.folder / f"input-{number}"
        _fetch_one(sources, attempt, media, path, left)
        left -= path.stat().st_size
        found[key] = str(path)
    return found


def live_source(sources: Sources, attempt: Attempt, params: BaseModel) -> LiveSource:
    """The live source that a job follows. Raises Permanent for an address that is none."""
    media = next(media_in(params))
    if media.asset_id is not None:
        return GrowingUpload(sources.database, sources.objects, attempt, media.asset_id)
    return source_of(media.url or "", sources.guard, sources.limits.max_redirects)


def without_inline(params: BaseModel) -> dict[str, Any]:
    """The parameters as JSON, inline bytes replaced by names, so that they are not carried through the pipe twice."""
    document: dict[str, Any] = params.model_dump(mode="json")
    return {name: _shortened(value) for name, value in document.items()}


def named(media: MediaInput) -> MediaInput:
    """A media input as the child sees it: inline bytes go by the name of their key."""
    return media if media.base64 is None else MediaInput(asset_id=f"inline-{input_key(media)}")


def with_inline(document: dict[str, Any], original: dict[str, Any]) -> dict[str, Any]:
    """The opposite: a document made from shortened parameters with the inline bytes of the originals in it again."""
    inline = {named(media).asset_id: media.model_dump(mode="json") for media in _inline_in(original)}
    whole: dict[str, Any] = _lengthened(document, inline)
    return whole


def _inline_in(value: Any) -> Iterator[MediaInput]:
    if isinstance(value, dict) and value.get("base64") and set(value) <= set(MediaInput.model_fields):
        yield MediaInput.model_validate(value)
    elif isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _inline_in(part)


def _lengthened(value: Any, inline: dict[str | None, dict[str, Any]]) -> Any:
    if isinstance(value, list):
        return [_lengthened(part, inline) for part in value]
    if not isinstance(value, dict):
        return value
    if value.get("asset_id") in inline:
        return inline[value["asset_id"]]
    return {name: _lengthened(part, inline) for name, part in value.items()}


def _shortened(value: Any) -> Any:
    if isinstance(value, list):
        return [_shortened(part) for part in value]
    if not isinstance(value, dict):
        return value
    if value.get("base64") and set(value) == set(MediaInput.model_fields):
        return named(MediaInput.model_validate(value)).model_dump(mode="json")
    return {name: _shortened(part) for name, part in value.items()}


def _fetch_one(sources: Sources, attempt: Attempt, media: MediaInput, path: Path, max_bytes: int) -> None:
    if media.base64 is not None:
        _decode(media.base64, path, max_bytes)
    elif media.url is not None:
        fetch(media.url, path, replace(sources.limits, max_bytes=max_bytes), sources.guard)
    elif media.s3 is not None:
        bucket = _bucket(sources.settings, media.s3)
        _copy(bucket, media.s3.key, path, max_bytes, attempt)
    elif media.asset_id is not None:
        key = _asset_key(sources.database, attempt, media.asset_id)
        _copy(sources.objects, key, path, max_bytes, attempt)


def _decode(text: str, path: Path, max_bytes: int) -> None:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Permanent(Failure.BAD_PARAMS, "the inline input is not valid base64") from error
    if len(data) > max_bytes:
        raise Permanent(Failure.TOO_LARGE, f"more than {max_bytes} bytes of input")
    path.write_bytes(data)


def _bucket(settings: Settings, place: S3Input) -> ObjectStore:
    if place.bucket not in settings.s3_input_buckets:
        raise Permanent(Failure.FETCH_FAILED, f"bucket {place.bucket!r} is not registered here")
    # Imported here: boto3 takes long to load and most jobs have no use for it.
    from db.storage.s3 import S3Inputs
    from db.storage.s3_client import S3Config

    return S3Inputs(S3Config(place.bucket, region=settings.s3_region, endpoint_url=settings.s3_endpoint_url))


def _asset_key(database: Database, attempt: Attempt, asset_id: str) -> str:
    with database.read() as session:
        asset = session.get(Asset, UUID(asset_id))
    if asset is None or asset.tenant_id != attempt.job.tenant_id:
        raise Permanent(Failure.FETCH_FAILED, "the input asset is gone")
    if asset.state is not AssetState.READY:
        raise Permanent(Failure.FETCH_FAILED, f"the input asset is {asset.state}")
    return asset.object_key


def _copy(objects: ObjectStore, key: str, path: Path, max_bytes: int, attempt: Attempt) -> None:
    """Copy an object, looking up between its parts whether anybody still wants it."""
    try:
        with objects.open_range(key) as body:
            _check_room(body.size_bytes, path, max_bytes)
            with path.open("wb") as file:
                for chunk in body:
                    if attempt.stopping.is_set():
                        return
                    file.write(chunk)
                    attempt.advanced()
    except ObjectMissing as error:
        raise Permanent(Failure.FETCH_FAILED, "the input is not in the store any more") from error
    except ObjectStoreRefused as error:
        raise Permanent(Failure.STORAGE_REFUSED, f"the store does not let the service read: {error}") from error
    except ObjectStoreUnavailable as error:
        raise Transient(Failure.STORAGE, str(error)) from error
    except ObjectError as error:
        raise Permanent(Failure.FETCH_FAILED, f"the input cannot be read: {error}") from error
    except OSError as error:
        raise Transient(Failure.STORAGE, f"cannot write the input: {error.strerror}") from error


def _check_room(size_bytes: int, path: Path, max_bytes: int) -> None:
    if size_bytes > max_bytes:
        raise Permanent(Failure.TOO_LARGE, f"more than {max_bytes} bytes of input")
    if shutil.disk_usage(path.parent).free < size_bytes + KEEP_FREE_BYTES:
        raise Transient(Failure.STORAGE, "the worker has no room for the input")
