"""Keeps what was read of every drawing under a hash of the reader's code, so that only what changed is read again."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

READER = ("worker/datasheet", "db/documents/footprint", "db/documents/kinds")  # the code that a result depends on
KEPT_BACK = 3  # every so manyth drawing, by the hash of its name, is scored and not looked at


@cache
def code_hash() -> str:
    """A short hash over the source files of the reader; the evaluation itself and the generator change no result."""
    root = Path(__file__).parents[3]
    found = hashlib.sha256()
    for file in sorted(f for part in READER for f in (root / part).rglob("*.py")):
        if "evaluation" not in file.parts and "synthetic" not in str(file):
            found.update(file.read_bytes())
    return found.hexdigest()[:12]


def kept_back(name: str) -> bool:
    """Whether a drawing belongs to the third that nobody looks at before the end."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % KEPT_BACK == 0


def load(folder: Path, name: str, hints: bool) -> dict[str, Any] | None:
    """What was stored for a drawing by this code, None when it has to be read."""
    file = _file(folder, name, hints)
    if not file.is_file():
        return None
    stored: dict[str, Any] = json.loads(file.read_text())
    return stored if stored["code"] == code_hash() else None


def store(folder: Path, name: str, hints: bool, content: dict[str, Any]) -> None:
    """Keep what a drawing was read as, beside the hash of the code that read it."""
    file = _file(folder, name, hints)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"code": code_hash(), **content}))


def _file(folder: Path, name: str, hints: bool) -> Path:
    return folder / f"{name}{'.hints' if hints else ''}.json"
