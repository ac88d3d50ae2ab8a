"""Every engine, loaded with its smallest model, and every object store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.storage.local import LocalObjects
from db.storage.objects import (
    ObjectStore,
)
from tests.conformance.engines import FAKE, RUNS
from tests.conformance.stores import s3_objects
from tests.worker.engines.exports import export_folder
from tests.worker.engines.models import TINY, checkpoint_folder
from tests.worker.engines.pipeline.nodes import pipeline
from worker.engine.protocol import Engine
from worker.engines import load_engine
from worker.engines.spec import ModelSpec


@pytest.fixture(scope="session", params=RUNS)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    runtime, _, family = request.param.partition("/")
    if runtime == "pipeline":
        name, _, nodes = family.partition("/")
        with pipeline(name, int(nodes), TINY) as split_over:
            yield split_over
        return
    folder = export_folder if runtime == "onnx" else checkpoint_folder
    options = {"pytorch": {"device": "cpu"}, "onnx": {"threads": "1"}, FAKE: {"context_tokens": "32768"}}
    path = str(folder(family)) if family else ""
    loaded = load_engine(ModelSpec("model", runtime, path, options[runtime]))
    yield loaded
    loaded.close()


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "local":
        return LocalObjects(tmp_path / "store")
    return s3_objects(request.getfixturevalue("s3"))
