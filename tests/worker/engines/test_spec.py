"""Model specs: one line of settings."""

from __future__ import annotations

import subprocess
import sys

import pytest

from worker.engines import ENGINES, load_engine
from worker.engines.spec import ModelSpec
from worker.errors import Permanent


@pytest.mark.parametrize(
    ("text", "name", "engine", "path", "options"),
    [
        ("fake", "fake", "fake", "", {}),
        ("fake?delay_ms=50&fail_at=3", "fake", "fake", "", {"delay_ms": "50", "fail_at": "3"}),
        ("pytorch:/models/bm3?device=cuda", "bm3", "pytorch", "/models/bm3", {"device": "cuda"}),
        ("small=pytorch:Qwen/Qwen3-VL-2B-Instruct", "small", "pytorch", "Qwen/Qwen3-VL-2B-Instruct", {}),
        ("a=fake?once=/tmp/x=y", "a", "fake", "", {"once": "/tmp/x=y"}),
        ("/models/bm3", "bm3", "pytorch", "/models/bm3", {}),
        ("./nano?device=cpu", "nano", "pytorch", "./nano", {"device": "cpu"}),
        ("small=Qwen/Qwen3-VL-2B-Instruct", "small", "pytorch", "Qwen/Qwen3-VL-2B-Instruct", {}),
    ],
)
def test_a_spec_is_read(text: str, name: str, engine: str, path: str, options: dict[str, str]) -> None:
    spec = ModelSpec.parse(text)
    assert (spec.name, spec.engine, spec.path, dict(spec.options)) == (name, engine, path, options)


@pytest.mark.parametrize("text", ["", "name=", "?x=1", "nosuch", "fake?delay=5", "fake?delay_ms=soon"])
def test_a_wrong_spec_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(Permanent) as refused:
        load_engine(text)
    assert refused.value.code == "model_unavailable"


def test_the_fake_engine_and_the_list_of_engines_import_no_torch() -> None:
    code = "import sys; from worker.engines import load_engine; load_engine('fake'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_engine_is_there() -> None:
    from importlib import import_module

    for place in ENGINES.values():
        module, _, name = place.partition(":")
        assert callable(getattr(import_module(module), name))
