"""What produced a result: model, weights, seed and the version of this project."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from db.documents.kinds.video import Provenance
from worker.engine.protocol import ModelInfo


def provenance(info: ModelInfo, seed: int) -> Provenance:
    """Enough to produce the result again."""
    return Provenance(
        model=info.name,
        family=info.family,
        engine=info.engine,
        weights_sha256=info.weights_sha256,
        code_version=code_version(),
        seed=seed,
        demo=info.demo,
    )


def code_version() -> str:
    """The installed version of this project; "unknown" when it runs from a folder that was never installed."""
    try:
        return version("bm3-vl")
    except PackageNotFoundError:
        return "unknown"
