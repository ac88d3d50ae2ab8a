"""The inputs that a parameter document names, whatever its kind."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.schema.tables import Asset, AssetState

UNVERIFIED = frozenset({AssetState.UPLOADING, AssetState.VERIFYING})


def named_in(params: Any) -> list[UUID]:
    """The assets that a parameter document names, in order, each once."""
    found: dict[UUID, None] = {}
    todo = [params]
    while todo:
        match todo.pop(0):
            case dict() as fields:
                if isinstance(name := fields.get("asset_id"), str):
                    found[UUID(name)] = None
                todo.extend(fields.values())
            case list() as items:
                todo.extend(items)
    return [*found]


def unready(session: Session, params: Any) -> UUID | None:
    """The first asset the parameters name that is not verified yet."""
    names = named_in(params)
    waiting = set(session.scalars(select(Asset.id).where(Asset.id.in_(names), Asset.state.in_([*UNVERIFIED]))))
    return next((name for name in names if name in waiting), None)
