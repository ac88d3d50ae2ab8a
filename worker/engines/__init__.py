"""The engines by name; named as import strings, so that reading the list imports no runtime."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from db.failures import Failure
from worker.engine.protocol import Engine
from worker.engines.spec import ModelSpec
from worker.errors import Permanent

ENGINES: dict[str, str] = {
    "fake": "worker.engines.fake:FakeEngine",
    "pytorch": "worker.engines.pytorch:PytorchEngine",
    "onnx": "worker.engines.onnx.engine:OnnxEngine",
    "pipeline": "worker.engines.pipeline.engine:PipelineEngine",
    "openai": "worker.engines.openai:OpenAIEngine",
}
"""Engine name -> `module:class`; the class is called with a `ModelSpec` and returns a loaded `Engine`."""


def load_engine(spec: ModelSpec | str) -> Engine:
    """Load the model of a spec. Raises Permanent(MODEL_UNAVAILABLE) when there is no such engine or model."""
    spec = ModelSpec.parse(spec) if isinstance(spec, str) else spec
    if spec.engine not in ENGINES:
        raise Permanent(
            Failure.MODEL_UNAVAILABLE,
            f"no engine {spec.engine!r}; there is {', '.join(ENGINES)}; a folder needs a slash",
        )
    module, _, name = ENGINES[spec.engine].partition(":")
    return cast(Engine, getattr(import_module(module), name)(spec))
