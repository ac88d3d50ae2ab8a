"""ONNX Runtime's sessions as the engine opens them."""

from __future__ import annotations

from tests.worker.engines.exports import export_folder, spec_of
from worker.engines.onnx.manifest import DECODER
from worker.engines.onnx.runtime import open_graph


def test_threads_without_work_wait_a_moment_and_sleep() -> None:
    """What runs beside the model gets the cores between two answers: by default each thread turns for tens of ms."""
    folder = export_folder("qwen3_vl")
    options = open_graph(folder / DECODER, spec_of(folder), "cpu", 2).get_session_options()
    assert options.intra_op_num_threads == 2
    assert 0 < int(options.get_session_config_entry("session.intra_op.spin_duration_us")) <= 1000
