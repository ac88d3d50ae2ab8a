"""From a validated request to a row: inputs checked, inline bytes stored, cached results found."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth import Caller
from api.deps import Services
from api.errors import field_problem
from api.requests import JobRequest
from db import assets, inputs, jobs, quotas, served, sniff
from db.assets import NewAsset, Verified
from db.base import new_id
from db.jobs import NewJob
from db.kinds.registry import KINDS
from db.tables import Asset, AssetState, Job

INPUT_FIELDS = frozenset({"asset_id", "url", "s3", "base64"})


@dataclass(frozen=True)
class Prepared:
    """A request whose inline bytes lie in the store; `at` points to it in the body."""

    request: JobRequest
    params: dict[str, Any]
    at: str


def prepare(kept: Services, who: Caller, now: datetime, request: JobRequest, at: str = "") -> Prepared:
    """Store inline inputs as assets, so that a row stays small whatever it refers to."""
    params = request.params.model_dump(mode="json")
    for place in _inputs(params):
        if place["s3"] is not None and place["s3"]["bucket"] not in kept.settings.s3_input_buckets:
            raise field_problem(f"{at}/params", f"the bucket {place['s3']['bucket']} is not registered for inputs")
        if place["base64"] is not None:
            place |= {"asset_id": str(_store_inline(kept, who, now, place["base64"], at)), "base64": None}
    return Prepared(request, params, at)


def submit(session: Session, who: Caller, now: datetime, ready: Prepared) -> Job:
    """Make the row, or take over the result of an equal job."""
    request = ready.request
    queue = KINDS[request.kind].queue(request.params)
    named = named_assets(session, who.tenant_id, ready.params, ready.at)
    waiting = next((asset for asset in named if asset.state in inputs.UNVERIFIED), None)
    model = ready.params.get("model")
    _check_model(session, now, queue, model, ready.at)
    key = None if waiting else _cache_key(session, now, queue, request.kind, ready.params, named)
    new = NewJob(
        tenant_id=who.tenant_id,
        kind=request.kind,
        queue=queue,
        params=ready.params,
        priority=request.priority,
        labels=dict(request.labels),
        webhook=request.webhook.model_dump(mode="json") if request.webhook else None,
        asset_id=waiting.id if waiting else (named[0].id if named else None),
        asset_ready=waiting is None,
        model=model,
        cache_key=key,
    )
    twin = jobs.cached(session, who.tenant_id, key) if key is not None and request.cache == "use" else None
    if twin is not None:
        return jobs.submit_cached(session, now, new, twin)
    return jobs.submit(session, now, new)


def named_assets(session: Session, tenant_id: UUID, params: dict[str, Any], at: str) -> list[Asset]:
    """The assets that the parameters name. Raises a 422 problem for unknown and rejected ones."""
    try:
        names = inputs.named_in(params)
    except ValueError as error:
        raise field_problem(f"{at}/params", "an asset_id is not a UUID") from error
    found = assets.find_all(session, tenant_id, names) if names else {}
    for name in names:
        if name not in found:
            raise field_problem(f"{at}/params", f"there is no asset {name}", "unknown_asset")
        if found[name].state is AssetState.REJECTED:
            reason = found[name].failure_message
            raise field_problem(f"{at}/params", f"the asset {name} was rejected: {reason}", "rejected_asset")
    return [found[name] for name in names]


def _check_model(session: Session, now: datetime, queue: str, model: str | None, at: str) -> None:
    """Refuse a model that no living worker serves: a misspelt name would wait for ever. Without workers the job waits."""
    known = served.names(session, now, queue) if model is not None else None
    if known is not None and model not in known:
        offered = ", ".join(sorted(known)) or "none"
        raise field_problem(f"{at}/params/model", f"no worker serves {model}; served are: {offered}", "unknown_model")


def check_quotas(session: Session, who: Caller, now: datetime, count: int) -> None:
    """Raise QuotaExceeded unless that many jobs may be submitted."""
    quotas.check_submit(session, now, who.tenant, count)


def _cache_key(
    session: Session, now: datetime, queue: str, kind: str, params: dict[str, Any], named: list[Asset]
) -> str | None:
    """What equal work has in common; None while that cannot be known (URLs, no worker, several weights)."""
    if any(place["asset_id"] is None for place in _inputs(params)):
        return None
    weights = served.weights_for(session, now, queue, params.get("model"))
    if weights is None:
        return None
    contents = {str(asset.id): asset.sha256 for asset in named}
    document = {"kind": kind, "params": _by_content(params, contents), "weights": weights}
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


def _inputs(value: Any) -> Iterator[dict[str, Any]]:
    """The media inputs in a parameter document, however deep."""
    if isinstance(value, dict):
        if value.keys() >= INPUT_FIELDS:
            yield value
        value = [*value.values()]
    if isinstance(value, list):
        for part in value:
            yield from _inputs(part)


def _store_inline(kept: Services, who: Caller, now: datetime, text: str, at: str) -> UUID:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:  # what is no ASCII raises no binascii.Error
        raise field_problem(f"{at}/params", "this is not base64") from error
    found = Verified(len(data), hashlib.sha256(data).hexdigest(), sniff.sniff(data[: sniff.HEAD_BYTES]))
    if found.sniffed_type is None or found.sniffed_type == sniff.PLAYLIST:
        raise field_problem(f"{at}/params", "the inline bytes do not begin like any known format", "unknown_format")
    with kept.database.read() as session:
        twin = assets.with_content(session, who.tenant_id, found.sha256, found.size_bytes)
        quotas.check_bytes(session, who.tenant, found.size_bytes)
    if twin is not None:
        return twin.id
    new = NewAsset(new_id(), who.tenant_id, "inline", found.sniffed_type, found.size_bytes, found.sha256)
    kept.objects.put(new.object_key, data, found.sniffed_type)
    with kept.database.write() as session:
        assets.add_ready(session, now, new, found)
    return new.id
