"""The models that a form offers, and what must be known of them before something is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from db.jobs import served
from db.jobs.served import ServedModel


@dataclass(frozen=True)
class ModelChoice:
    """Names of served models; `demos`: the warning of each demonstration model, by what the form sends for it."""

    names: list[str]
    demos: dict[str, str]

    @property
    def default_demo(self) -> str:
        """The warning that holds while nothing is chosen; empty where a real model answers."""
        return self.demos.get("", "")


def gather(session: Session, at: datetime) -> ModelChoice:
    """What is served now."""
    models = served.models(session, at)
    demos = {name: model.notice for model in models if model.notice for name in _sent(model)}
    return ModelChoice(sorted({model.name for model in models}), demos)


def _sent(model: ServedModel) -> tuple[str, ...]:
    """What a form sends for a model: nothing chosen means the default one."""
    return (model.name, "") if model.default else (model.name,)
