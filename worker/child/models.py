"""The child's resident models: each loaded once, by the first who asks, while other models stay usable.

One that could not be loaded is tried again after a pause that doubles: a folder may be mounted, a hub reached, or memory
come free later.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from db.failures import Failure
from worker.child.verdict import HandlerFailure, attempt
from worker.engine.protocol import Engine, SplitEngine
from worker.engines import load_engine
from worker.engines.spec import ModelSpec
from worker.errors import Permanent, Transient
from worker.protocol import ModelReport

LONGEST_PAUSE_S = 600.0
RELOAD_S = 30.0  # the first pause before a model that could not be loaded is tried again


@dataclass(frozen=True)
class Unloadable:
    """Why a model could not be loaded, and from when on (monotonic) it is worth another try."""

    failure: HandlerFailure
    pause_s: float
    again_at: float


def _warm(spec: ModelSpec) -> Engine:
    """A model that has run once. Raises what loading or running it raises; its memory is free then."""
    engine = load_engine(spec)
    try:
        engine.warm_up()
    except BaseException:
        engine.close()
        raise
    return engine


class Models:
    """Engines by the names that jobs call them."""

    def __init__(self, specs: Sequence[str], default: str = "", reload_s: float = RELOAD_S) -> None:
        parsed = [ModelSpec.parse(text) for text in specs]
        self._default = default or next((spec.name for spec in parsed), "")
        parsed.sort(key=lambda spec: spec.name != self._default)  # reports begin with the default
        self._specs = {spec.name: spec for spec in parsed}
        self._locks = {name: threading.Lock() for name in self._specs}
        self._loaded: dict[str, Engine | Unloadable] = {}
        self._reload_s = reload_s

    def engine(self, name: str | None) -> Engine:
        """The engine of a model, loaded if need be. Raises Permanent(MODEL_UNAVAILABLE), or Transient(GPU_OOM)."""
        wanted = name or self._default
        if wanted not in self._specs:
            raise Permanent(Failure.MODEL_UNAVAILABLE, f"this worker serves no model {wanted!r}")
        with self._locks[wanted]:
            found = self._loaded.get(wanted)
            if found is None or (isinstance(found, Unloadable) and time.monotonic() >= found.again_at):
                found = self._loaded[wanted] = self._load(wanted, found.pause_s if found else 0.0)
        if isinstance(found, Unloadable):
            if found.failure.code is Failure.GPU_OOM:
                raise Transient(Failure.GPU_OOM, found.failure.message)
            raise Permanent(Failure.MODEL_UNAVAILABLE, f"model {wanted!r} cannot be loaded: {found.failure.message}")
        return found

    def retry_in_s(self) -> float:
        """How long until a model that could not be loaded is worth another try; 0 when there is none."""
        due = [found.again_at for found in self._loaded.values() if isinstance(found, Unloadable)]
        return max(0.0, min(due, default=0.0) - time.monotonic())

    def weights_sha256(self, name: str | None) -> str | None:
        """The hash of a model's weights; None while it is not loaded."""
        found = self._loaded.get(name or self._default)
        return None if found is None or isinstance(found, Unloadable) else found.info.weights_sha256

    @property
    def changing(self) -> bool:
        """Whether a model here may lose and find parts of itself: its report is worth making again."""
        return any(isinstance(found, SplitEngine) for found in self._loaded.values())

    def reports(self, *, load: bool) -> tuple[ModelReport, ...]:
        """What there is to say of every model, once they are loaded if `load`."""
        return tuple(self._report(name) if load else ModelReport(name=name) for name in self._specs)

    def _load(self, name: str, pause_s: float) -> Engine | Unloadable:
        loaded = attempt(lambda: _warm(self._specs[name]))
        if not isinstance(loaded, HandlerFailure):
            return loaded
        pause_s = min(max(2 * pause_s, self._reload_s), LONGEST_PAUSE_S)
        return Unloadable(loaded, pause_s, time.monotonic() + pause_s)

    def _report(self, name: str) -> ModelReport:
        found = attempt(lambda: self.engine(name))
        if isinstance(found, HandlerFailure):
            return ModelReport(name=name, problem=found.message)
        info = asdict(found.info)
        if not info["nodes"]:
            del info["nodes"]
        return ModelReport(name=name, info=info, problem=found.problem() if isinstance(found, SplitEngine) else None)
