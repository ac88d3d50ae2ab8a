"""`Idempotency-Key`: the same request twice is done once, and both get the same answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session

from db.jobs import idempotency
from db.jobs.idempotency import Given


@dataclass(frozen=True)
class IdempotentRequest:
    """The request's key and what it asks; without a key every request is its own."""

    key: str | None
    request_sha256: str

    def replayed(self, session: Session, now: datetime, tenant_id: UUID) -> Given | None:
        """The answer given before, or None: then do the work and `keep` its answer in the same transaction."""
        if self.key is None:
            return None
        return idempotency.reserve(session, now, tenant_id, self.key, self.request_sha256)

    def keep(self, session: Session, tenant_id: UUID, given: Given) -> Given:
        if self.key is not None:
            idempotency.answer(session, tenant_id, self.key, given)
        return given


@dataclass(frozen=True)
class Answered:
    """An answer and whether it was given before."""

    given: Given
    replayed: bool


async def idempotent_request(
    request: Request,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")] = None,
) -> IdempotentRequest:
    """The idempotency of this request."""
    body = await request.body() if idempotency_key is not None else b""
    return IdempotentRequest(idempotency_key, idempotency.fingerprint(request.method, request.url.path, body))


def answer(
    session: Session, now: datetime, tenant_id: UUID, asked: IdempotentRequest, work: Callable[[], Given]
) -> Answered:
    """The earlier answer, or that of `work`, kept for the next time."""
    before = asked.replayed(session, now, tenant_id)
    if before is not None:
        return Answered(before, True)
    return Answered(asked.keep(session, tenant_id, work()), False)


def response(answered: Answered, headers: dict[str, str] | None = None) -> JSONResponse:
    """The answer as it goes over the wire."""
    more: dict[str, Any] = {"Idempotency-Replayed": "true"} if answered.replayed else {}
    return JSONResponse(answered.given.body, answered.given.status, {**(headers or {}), **more})


Idempotency = Annotated[IdempotentRequest, Depends(idempotent_request)]
