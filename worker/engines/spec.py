"""A model spec: the one line of settings that says which engine loads which weights, and how.

[NAME=]ENGINE[:PATH][?key=value&key=value...]      a path or hub id alone (it holds a slash) is pytorch's

fake                                             the scripted engine of the tests
fake?delay_ms=50&fail_at=3                       the same, slower, failing at chunk 3
bm3=pytorch:/models/bm3?device=cuda&dtype=bfloat16
pytorch:Qwen/Qwen3-VL-8B-Instruct?dtype=bfloat16
/models/bm3                                      short for pytorch:/models/bm3
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from types import MappingProxyType
from urllib.parse import parse_qsl

from db.failures import Failure
from worker.errors import Permanent


@dataclass(frozen=True)
class ModelSpec:
    """Which engine, which weights (a folder or a hub id; empty for engines without any) and the engine's options."""

    name: str
    engine: str
    path: str = ""
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def parse(cls, text: str) -> ModelSpec:
        """Read one line of the grammar above. Raises Permanent(MODEL_UNAVAILABLE) when there is no engine name in it."""
        head, _, query = text.strip().partition("?")
        name, named, rest = head.partition("=")
        engine, _, path = (rest if named else head).partition(":")
        if "/" in engine:
            engine, path = "pytorch", rest if named else head
        if not engine:
            raise Permanent(Failure.MODEL_UNAVAILABLE, f"not a model spec: {text!r}")
        options = dict(parse_qsl(query, keep_blank_values=True))
        return cls(name if named else PurePath(path).name or engine, engine, path, MappingProxyType(options))

    def option_int(self, key: str, default: int) -> int:
        """The whole number under `key`; Permanent(MODEL_UNAVAILABLE) when it is not one."""
        try:
            return int(self.options.get(key, default))
        except ValueError as error:
            raise Permanent(Failure.MODEL_UNAVAILABLE, f"model option {key}: not a whole number") from error

    def option_of(self, key: str, allowed: Collection[str], default: str) -> str:
        """The word under `key`; Permanent(MODEL_UNAVAILABLE) when it is not one of those allowed."""
        value = self.options.get(key, default)
        if value not in allowed:
            raise Permanent(Failure.MODEL_UNAVAILABLE, f"model option {key}={value}: one of {', '.join(allowed)}")
        return value

    def refuse_unknown(self, known: frozenset[str]) -> None:
        """Raise Permanent(MODEL_UNAVAILABLE) when an option is not one of `known`: a typo must not pass unseen."""
        if unknown := sorted(set(self.options) - known):
            raise Permanent(Failure.MODEL_UNAVAILABLE, f"unknown options of engine {self.engine}: {', '.join(unknown)}")
