"""What several answers share."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")


class FromAttributes(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Page(BaseModel, Generic[T]):
    """Newest first; `next_cursor` is null on the last page."""

    items: list[T]
    next_cursor: str | None = None
