"""What `inspect` says about an export is what the loaded engine takes."""

from __future__ import annotations

import json

import pytest

from tests.worker.engines.exports import export_folder, onnx_engine, spec_of
from tests.worker.engines.models import OPTIONS
from worker.engines.__main__ import main
from worker.engines.onnx.inspection import inspect_export


def test_a_stream_takes_what_was_told() -> None:
    found = inspect_export(spec_of(export_folder("qwen3_vl")), OPTIONS)
    engine = onnx_engine("qwen3_vl")
    session = engine.open(OPTIONS)
    assert found.stream == session.cache.nbytes
    assert found.disk == engine.info.memory_bytes
    assert found.manifest.parameters == engine.info.parameters
    session.close()
    engine.close()


def test_the_bound_falls_with_the_context() -> None:
    found = inspect_export(spec_of(export_folder("qwen3_vl")), OPTIONS)
    assert found.bound(1e9, 0) == pytest.approx(1e9 / found.decode)
    assert found.bound(1e9, 4096) < found.bound(1e9, 128)


def test_the_command_prints_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", f"onnx:{export_folder('qwen3_vl')}", "--streams", "1", "3"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["family"], told["layers"], told["dtype"]) == ("qwen3_vl", 3, "fp32")
    assert told["memory_bytes"]["3"] - told["memory_bytes"]["1"] == 2 * told["stream_bytes"]
    assert set(told["bound_tokens_per_second"]) == {"128", "1024", "4096"}


def test_a_folder_that_is_no_export_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", "onnx:/gone"]) == 1
    assert "not an exported model" in capsys.readouterr().err
