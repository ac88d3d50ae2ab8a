"""What there is to work with: models, workers, queues; and what a tenant uses of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from .base import FromAttributes


class ModelView(FromAttributes):
    """A model that living workers hold resident."""

    name: str
    family: str
    engine: str
    weights_sha256: str
    context_tokens: int
    queues: list[str]
    workers: int
    slots: int
    default: bool = Field(description="What jobs get that name no model")
    demo: bool = Field(description="A demonstration: it understands the material it was made with and no other")
    notice: str | None = Field(description="What everybody must know who uses it")
    dtype: str = Field("", description="Numbers of its weights; empty: the engine does not report them")
    device: str = Field("", description="Where it runs: cpu, cuda:0, remote")
    parameters: int | None = Field(None, description="Numbers in its weights")
    memory_bytes: int | None = Field(None, description="What its weights take as loaded; streams come on top")
    problem: str | None = Field(None, description="Why no worker can load it; null for a model that is served")


class WorkerView(FromAttributes):
    """A worker process; `alive`: its heartbeat is young."""

    id: str
    role: str
    queues: list[str]
    slots: int
    started_at: datetime
    heartbeat_at: datetime
    alive: bool
    draining: bool
    data: dict[str, Any]


class QueueView(BaseModel):
    """Jobs of the caller in a queue by state, and the slots of all workers that serve it."""

    name: str
    states: dict[str, int]
    oldest_queued_at: datetime | None
    slots: int


class UsageView(FromAttributes):
    """What a tenant uses now; a limit of null is none."""

    queued: int
    running: int
    bytes_kept: int
    gpu_seconds_last_day: float
    cost_last_day: float | None = None
    limits: dict[str, int | None]
