"""What follows from a job's kind and parameters: queue, model, input and cache key, for a new job and for one done again.

Nothing of this is ever carried over from another job: parameters may differ, and so may the workers that are alive.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.errors import field_problem
from db.assets import assets
from db.documents.kinds.base import Document
from db.documents.kinds.live import is_live
from db.documents.kinds.registry import KINDS
from db.jobs import events, inputs, jobs, served
from db.jobs.jobs import NewJob
from db.jobs.served import Maker
from db.schema.tables import Asset, AssetState, Job

INPUT_FIELDS = frozenset({"asset_id", "url", "s3", "base64"})


def derived(
    session: Session, tenant_id: UUID, now: datetime, kind: str, document: Document, params: dict[str, Any], at: str
) -> NewJob:
    """A job of these parameters, everything that follows from them set. `document` is what `params` were written from.

    Raises 422 problems that point below `at`: unknown or rejected assets, a model that no worker serves.
    """
    queue = KINDS[kind].queue(document)
    named = named_assets(session, tenant_id, params, at)
    waiting = next((asset for asset in named if asset.state in inputs.UNVERIFIED and not is_live(params)), None)
    model = params.get("model")
    if is_live(params):
        _check_growing(session, named, at)
    _check_model(session, now, queue, model, at)
    return NewJob(
        tenant_id=tenant_id,
        kind=kind,
        queue=queue,
        params=params,
        asset_id=waiting.id if waiting else (named[0].id if named else None),
        asset_ready=waiting is None,
        model=model,
        cache_key=None
        if waiting or is_live(params)
        else _cache_key(kind, params, named, served.maker_for(session, now, queue, model)),
    )


def twin_of(session: Session, now: datetime, new: NewJob) -> Job | None:
    """A finished job that holds the answer already: of the same key, and truly made by what would make it now."""
    twin = jobs.cached(session, new.tenant_id, new.cache_key) if new.cache_key is not None else None
    maker = served.maker_for(session, now, new.queue, new.model) if twin is not None else None
    return twin if twin is not None and maker is not None and _was_made_by(session, twin, maker) else None


def named_assets(session: Session, tenant_id: UUID, params: dict[str, Any], at: str) -> list[Asset]:
    """The assets that the parameters name, held until the job is stored. Raises a 422 problem for unknown and rejected ones."""
    try:
        names = inputs.named_in(params)
    except ValueError as error:
        raise field_problem(f"{at}/params", "an asset_id is not a UUID") from error
    found = assets.hold_all(session, tenant_id, names) if names else {}
    for name in names:
        if name not in found:
            raise field_problem(f"{at}/params", f"there is no asset {name}", "unknown_asset")
        if found[name].state is AssetState.REJECTED:
            reason = found[name].failure_message
            raise field_problem(f"{at}/params", f"the asset {name} was rejected: {reason}", "rejected_asset")
    return [found[name] for name in names]


def _check_growing(session: Session, named: list[Asset], at: str) -> None:
    """Refuse to follow an upload that the object store shows only when it is complete."""
    uploads = [assets.upload_of(session, asset.id) for asset in named if asset.state is AssetState.UPLOADING]
    if any(upload is not None and upload.mode != "offset" for upload in uploads):
        message = (
            "this object store shows an upload when it is complete: submit without `live`, and the job waits for it"
        )
        raise field_problem(f"{at}/params/live", message)


def media_inputs(value: Any) -> Iterator[dict[str, Any]]:
    """The media inputs in a parameter document, however deep."""
    if isinstance(value, dict):
        if value.keys() >= INPUT_FIELDS:
            yield value
        value = [*value.values()]
    if isinstance(value, list):
        for part in value:
            yield from media_inputs(part)


def _check_model(session: Session, now: datetime, queue: str, model: str | None, at: str) -> None:
    """Refuse a model that no living worker serves: a misspelt name would wait for ever. Without workers the job waits."""
    known = served.names(session, now, queue) if model is not None else None
    if known is not None and model not in known:
        offered = ", ".join(sorted(known)) or "none"
        raise field_problem(f"{at}/params/model", f"no worker serves {model}; served are: {offered}", "unknown_model")


def _cache_key(kind: str, params: dict[str, Any], named: list[Asset], maker: Maker | None) -> str | None:
    """What equal work has in common; None while that cannot be known (URLs, no worker, several weights or versions)."""
    if maker is None or any(place["asset_id"] is None for place in media_inputs(params)):
        return None
    contents = {str(asset.id): asset.sha256 for asset in named}
    document = {"kind": kind, "params": _by_content(params, contents), "weights": maker.weights, "code": maker.code}
    return jobs.fingerprint(document)


def _by_content(value: Any, contents: dict[str, str | None]) -> Any:
    """The same document with assets named by what they hold."""
    match value:
        case dict():
            return {
                name: contents.get(part) if name == "asset_id" else _by_content(part, contents)
                for name, part in value.items()
            }
        case list():
            return [_by_content(part, contents) for part in value]
    return value


def _was_made_by(session: Session, job: Job, maker: Maker) -> bool:
    """The key says what was served at the submit; a worker exchanged before the job's end may have made it otherwise."""
    used = {attempt.weights_sha256 for attempt in events.attempts(session, job.id)} - {None}
    origin = (job.result or {}).get("provenance") or {}
    same_code = origin.get("code_version", maker.code) == maker.code
    return same_code and {*used, origin.get("weights_sha256", maker.weights)} == {maker.weights}
