"""Which models are served now, as the workers last said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.documents.kinds.video import DEMO_NOTICE
from db.jobs.counts import HEARTBEAT_LIFE
from db.schema.tables import Worker


@dataclass(frozen=True)
class ServedModel:
    """A model that at least one living worker holds resident; `default`: what jobs get that name none."""

    name: str
    family: str
    engine: str
    weights_sha256: str
    context_tokens: int
    queues: tuple[str, ...]
    workers: int
    slots: int
    default: bool
    demo: bool
    dtype: str = ""
    device: str = ""
    parameters: int | None = None
    memory_bytes: int | None = None
    problem: str | None = None

    @property
    def notice(self) -> str | None:
        """What everybody must know who uses it."""
        return DEMO_NOTICE if self.demo else None


@dataclass(frozen=True)
class BrokenModel:
    """A model that a living worker was told to serve and cannot load."""

    worker: str
    name: str
    problem: str


@dataclass(frozen=True)
class ServedNode:
    """A node of a split model; `layers` are the first and the one after the last, `bytes` those of its weights."""

    rank: int
    role: str
    layers: tuple[int, int]
    bytes: int
    joined: bool
    device: str = ""
    host: str | None = None
    round_trip_ms: float | None = None
    cache_bytes: int = 0


@dataclass(frozen=True)
class SplitModel:
    """A model that a living worker has split over several machines."""

    worker: str
    name: str
    nodes: tuple[ServedNode, ...]


def models(session: Session, now: datetime) -> list[ServedModel]:
    """The served models, by name; a worker lists its own in `data["models"]`, the default one first."""
    alive = session.scalars(select(Worker).where(Worker.heartbeat_at > now - HEARTBEAT_LIFE).order_by(Worker.id)).all()
    found: dict[tuple[str, str], list[tuple[Worker, dict[str, Any]]]] = {}
    for worker in alive:
        for model in filter(_is_sound, worker.data.get("models", [])):
            found.setdefault((str(model.get("name")), str(model.get("weights_sha256", ""))), []).append((worker, model))
    known = {name for name, weights in found if weights}
    return [_served(found[name, weights]) for name, weights in sorted(found) if weights or name not in known]


def names(session: Session, now: datetime, queue: str) -> set[str] | None:
    """The models that jobs of this queue may name now; None while no worker of the queue is alive to say so.

    Among them those that were loaded and whose nodes are away: they come back by themselves, and jobs wait for them.
    """
    alive = session.scalars(select(Worker).where(Worker.heartbeat_at > now - HEARTBEAT_LIFE)).all()
    able = [worker for worker in alive if queue in worker.queues and worker.data.get("models")]
    offered = [model for worker in able for model in worker.data["models"]]
    return {str(model.get("name")) for model in offered if _is_sound(model) or model.get("nodes")} if able else None


def broken(session: Session, now: datetime) -> list[BrokenModel]:
    """Models that living workers cannot load, by worker."""
    alive = session.scalars(select(Worker).where(Worker.heartbeat_at > now - HEARTBEAT_LIFE).order_by(Worker.id)).all()
    offered = [(worker.id, model) for worker in alive for model in worker.data.get("models", [])]
    return [BrokenModel(name, str(m.get("name")), str(m["problem"])) for name, m in offered if "problem" in m]


def split(session: Session, now: datetime) -> list[SplitModel]:
    """Models of living workers that are split over several machines, by worker."""
    alive = session.scalars(select(Worker).where(Worker.heartbeat_at > now - HEARTBEAT_LIFE).order_by(Worker.id)).all()
    return [
        SplitModel(worker.id, str(model.get("name")), tuple(_node(node) for node in model["nodes"]))
        for worker in alive
        for model in worker.data.get("models", [])
        if model.get("nodes")
    ]


def _node(said: dict[str, Any]) -> ServedNode:
    known = {field.name: said[field.name] for field in fields(ServedNode) if field.name in said}
    return ServedNode(**{**known, "layers": tuple(said["layers"])})


def unserved(session: Session, now: datetime) -> list[ServedModel]:
    """Models that some living worker cannot load and none serves, by name; `problem` is what the first of them says."""
    able = {one.name for one in models(session, now)}
    told = {one.name: one.problem for one in reversed(broken(session, now)) if one.name not in able}
    return [
        ServedModel(name, "", "", "", 0, (), workers=0, slots=0, default=False, demo=False, problem=told[name])
        for name in sorted(told)
    ]


def demo_for(session: Session, now: datetime, queue: str, model: str | None) -> ServedModel | None:
    """The demonstration model that answers a job of a queue now; None where a real one does, or nobody can say."""
    fitting = [one for one in models(session, now) if queue in one.queues and _answers(one, model)]
    return next((one for one in fitting if one.demo), None)


def _answers(one: ServedModel, model: str | None) -> bool:
    return one.default if model is None else one.name == model


def _is_sound(model: dict[str, Any]) -> bool:
    return "problem" not in model


@dataclass(frozen=True)
class Maker:
    """What determines an answer beside the parameters: the weights, and the version of this project that runs them."""

    weights: str
    code: str


def maker_for(session: Session, now: datetime, queue: str, model: str | None) -> Maker | None:
    """What would answer a job now; None when nobody, or not everybody, would use the same weights and version."""
    alive = session.scalars(select(Worker).where(Worker.heartbeat_at > now - HEARTBEAT_LIFE)).all()
    chosen = {_maker(worker.data, model) for worker in alive if queue in worker.queues}
    chosen.discard(None)
    return chosen.pop() if len(chosen) == 1 else None


def _maker(data: dict[str, Any], model: str | None) -> Maker | None:
    weights = _weights(data.get("models", []), model)
    code = (data.get("packages") or {}).get("bm3-vl") or "unknown"
    return Maker(weights, str(code)) if weights is not None else None


def _weights(offered: Iterable[dict[str, Any]], model: str | None) -> str | None:
    fitting = (one for one in offered if model is None or one.get("name") == model)
    first = next(fitting, None)
    return str(first["weights_sha256"]) if first and first.get("weights_sha256") else None


def _served(holders: list[tuple[Worker, dict[str, Any]]]) -> ServedModel:
    model = holders[0][1]
    return ServedModel(
        name=str(model.get("name")),
        family=str(model.get("family", "")),
        engine=str(model.get("engine", "")),
        weights_sha256=str(model.get("weights_sha256", "")),
        context_tokens=int(model.get("context_tokens", 0)),
        queues=tuple(sorted({queue for worker, _ in holders for queue in worker.queues})),
        workers=len(holders),
        slots=sum(worker.slots for worker, _ in holders),
        default=any(worker.data["models"][0] is entry for worker, entry in holders),
        demo=bool(model.get("demo", False)),
        dtype=str(model.get("dtype", "")),
        device=str(model.get("device", "")),
        parameters=model.get("parameters"),
        memory_bytes=model.get("memory_bytes"),
    )
