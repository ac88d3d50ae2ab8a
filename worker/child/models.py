"""The child's resident models: each loaded once, by the first who asks, while other models stay usable."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import asdict

from db.failures import Failure
from worker.child.verdict import HandlerFailure, attempt
from worker.engine.protocol import Engine
from worker.engines import load_engine
from worker.engines.spec import ModelSpec
from worker.errors import Permanent, Transient
from worker.protocol import ModelReport


class Models:
    """Engines by the names that jobs call them."""

    def __init__(self, specs: Sequence[str], default: str = "") -> None:
        parsed = [ModelSpec.parse(text) for text in specs]
        self._default = default or next((spec.name for spec in parsed), "")
        parsed.sort(key=lambda spec: spec.name != self._default)  # reports begin with the default
        self._specs = {spec.name: spec for spec in parsed}
        self._locks = {name: threading.Lock() for name in self._specs}
        self._loaded: dict[str, Engine | HandlerFailure] = {}

    def engine(self, name: str | None) -> Engine:
        """The engine of a model, loaded if need be. Raises Permanent(MODEL_UNAVAILABLE), or Transient(GPU_OOM)."""
        wanted = name or self._default
        if wanted not in self._specs:
            raise Permanent(Failure.MODEL_UNAVAILABLE, f"this worker serves no model {wanted!r}")
        with self._locks[wanted]:
            if wanted not in self._loaded:
                self._loaded[wanted] = attempt(lambda: load_engine(self._specs[wanted]))
            found = self._loaded[wanted]
        if isinstance(found, HandlerFailure):
            if found.code is Failure.GPU_OOM:
                raise Transient(Failure.GPU_OOM, found.message)
            raise Permanent(Failure.MODEL_UNAVAILABLE, f"model {wanted!r} cannot be loaded: {found.message}")
        return found

    def weights_sha256(self, name: str | None) -> str | None:
        """The hash of a model's weights; None while it is not loaded."""
        found = self._loaded.get(name or self._default)
        return None if found is None or isinstance(found, HandlerFailure) else found.info.weights_sha256

    def reports(self, *, load: bool) -> tuple[ModelReport, ...]:
        """What there is to say of every model, once they are loaded if `load`."""
        return tuple(self._report(name) if load else ModelReport(name=name) for name in self._specs)

    def _report(self, name: str) -> ModelReport:
        found = attempt(lambda: self.engine(name))
        if isinstance(found, HandlerFailure):
            return ModelReport(name=name, problem=found.message)
        return ModelReport(name=name, info=asdict(found.info))
