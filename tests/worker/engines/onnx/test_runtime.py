"""ONNX Runtime's sessions as the engine opens them."""

from __future__ import annotations

import os

import pytest

from tests.worker.engines.exports import export_folder, spec_of
from worker.engines.onnx.manifest import DECODER
from worker.engines.onnx.runtime import WHOLE_ROWS, attention_over, open_graph


def test_threads_without_work_wait_a_moment_and_sleep() -> None:
    """What runs beside the model gets the cores between two answers: by default each thread turns for tens of ms."""
    folder = export_folder("qwen3_vl")
    options = open_graph(folder / DECODER, spec_of(folder), "cpu", 2).get_session_options()
    assert options.intra_op_num_threads == 2
    assert 0 < int(options.get_session_config_entry("session.intra_op.spin_duration_us")) <= 1000


@pytest.mark.parametrize(("kv", "whole"), [("fp32", None), ("fp16", None), ("int8", "1")])
def test_only_sessions_over_int8_attend_to_all_keys_at_once(
    kv: str, whole: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(WHOLE_ROWS, raising=False)
    with attention_over(kv):
        assert os.environ.get(WHOLE_ROWS) == whole
    assert WHOLE_ROWS not in os.environ


def test_what_the_environment_says_about_attention_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WHOLE_ROWS, "0")
    with attention_over("int8"):
        assert os.environ[WHOLE_ROWS] == "0"
    assert os.environ[WHOLE_ROWS] == "0"
