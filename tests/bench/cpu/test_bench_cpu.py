"""The benchmark of the CPU with models that take no time: every line that it promises, and peers that cannot take part."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from tests.bench import bench_cpu
from tests.bench.cpu import peers
from tests.bench.cpu.checkpoints import random_tensor
from tests.bench.cpu.film import film
from tests.bench.cpu.models import drawn, graph_name, write_decoder
from tests.bench.cpu.nano import first_token, memory
from tests.bench.cpu.peers import Peer, PeerMissing
from tests.bench.cpu.runtime import Runtime
from tests.bench.cpu.shapes import SHAPES, SPREAD, STEPS
from tests.bench.cpu.streamed import streamed
from tests.worker.engines.exports import export_folder
from tests.worker.engines.models import checkpoint_folder
from worker.export.quantize import unpack

TINY = SHAPES["tiny"]


def lines_of(captured: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in captured.splitlines()]


@pytest.mark.slow
def test_every_runtime_is_told_of_beside_the_first(capfd: pytest.CaptureFixture[str]) -> None:
    bench_cpu.main(
        [
            "decode",
            "--shapes",
            "tiny",
            "--contexts",
            "8",
            "24",
            "--rounds",
            "2",
            "--runtimes",
            "fp32",
            "int8",
            "float32",
        ]
    )
    lines = lines_of(capfd.readouterr().out)
    names = ["onnx int4 kv fp32", "onnx int4 kv int8", "pytorch float32"]
    assert [(line["context"], line["runtime"]) for line in lines] == [(c, name) for c in (8, 24) for name in names]
    assert all(line["decode_tokens_per_s"] > 0 and line["prefill_tokens_per_s"] > 0 for line in lines)
    assert [line["decode_ratio"] for line in lines if line["runtime"] == names[0]] == [1, 1]
    assert all(line["peak_mb"] >= line["load_peak_mb"] > 50 and line["read_gb_per_s"] > 0 for line in lines)


def test_without_a_compiler_a_peer_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "PEERS", tmp_path)
    peer = Peer("none", ("nothing",), "nothing", (("no-such-program", "nor-this-one"),))
    with pytest.raises(PeerMissing, match="no no-such-program or nor-this-one on this machine to compile nothing with"):
        peer.ensure()
    assert not list(tmp_path.iterdir())


def test_a_peer_that_cannot_be_installed_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "PEERS", tmp_path)
    with pytest.raises(PeerMissing, match=r"(?s)none cannot be installed: .*no-such-folder"):
        Peer("none", (str(tmp_path / "no-such-folder"),)).ensure()
    assert not (tmp_path / "none" / peers.READY).exists()


def test_what_was_installed_once_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "PEERS", tmp_path)
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / peers.READY).touch()
    assert Peer("there", ("no package",)).ensure() == tmp_path / "there" / "bin" / "python"


def test_the_line_of_a_peer_that_ends_holds_its_last_words() -> None:
    with pytest.raises(PeerMissing, match=r"llama\.cpp ended with 1: (?s:.*)ImportError: neither"):
        Runtime.start("llama.cpp", "by_llama", "nowhere.gguf", "tiny", "1")


def test_a_peer_that_cannot_take_part_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def missing(self: Peer) -> Path:
        raise PeerMissing(f"{self.name} is not for this processor")

    monkeypatch.setattr(Peer, "ensure", missing)
    bench_cpu.main(["decode", "--shapes", "tiny", "--contexts", "4", "--rounds", "1", "--runtimes", "llama", "fp32"])
    skipped, measured = lines_of(capfd.readouterr().out)
    assert skipped["skipped"] == "llama is not for this processor"
    assert (measured["runtime"], measured["vs"]) == ("onnx int4 kv fp32", "onnx int4 kv fp32")


def test_random_codes_are_weights_of_the_usual_size() -> None:
    weights = unpack(drawn(np.random.default_rng(0), np.ones((96, 256), np.float32), 4, 128))
    assert weights.shape == (96, 256)
    assert weights.std() == pytest.approx(SPREAD, rel=0.1)
    assert abs(weights.mean()) < SPREAD / 5


def test_no_two_matrices_are_alike(tmp_path: Path) -> None:
    """Equal ones are kept once, and then a small cache serves what has to come from memory."""
    write_decoder(tmp_path, TINY)
    graph = onnx.load(tmp_path / graph_name("int8"))
    matrices = [tensor.raw_data for tensor in graph.graph.initializer if tensor.name.endswith(".packed")]
    assert len(matrices) == 4 * TINY.layers + 1
    assert len(set(matrices)) == len(matrices)
    assert not random_tensor("first", (8, 8)).equal(random_tensor("second", (8, 8)))


def test_bytes_of_a_step_are_those_of_the_weights_and_of_all_that_is_kept() -> None:
    assert TINY.kv_bytes(4) == 2 * TINY.layers * TINY.kv_heads * TINY.head_dim * 4
    layer = 256 * 128 * (4 + 2 + 2) + 4 * 128 * 256 + 3 * 256 * 512
    assert TINY.weights == 2 * layer + 4096 * 256
    assert STEPS > 0


def test_a_film_has_its_frames_in_time() -> None:
    chunks = film(32, 2000, 2.0)
    first, second = next(chunks), next(chunks)
    assert [frame.pts_ms for frame in first.frames] == [0, 500, 1000, 1500]
    assert (second.start_ms, second.frames[0].pts_ms, second.frames[0].pixels.shape) == (2000, 2000, (32, 32, 3))


@pytest.mark.slow
def test_a_streamed_video_is_told_of_by_both_engines() -> None:
    lines: list[dict[str, Any]] = []
    export, checkpoint = export_folder("qwen3_vl"), checkpoint_folder("qwen3_vl")
    streamed(export, checkpoint, 4000, 2, 1, lambda **line: lines.append(line))
    onnx, torch = lines
    assert (onnx["runtime"], torch["runtime"], torch["ratio"]) == ("onnx int4", "pytorch float32", 1)
    assert onnx["context"] == torch["context"] > 4 * 64
    assert onnx["ratio"] == pytest.approx(onnx["chunks_per_s"] / torch["chunks_per_s"], rel=0.05)
    assert 0 < onnx["vision_s"] + onnx["prefill_s"] + onnx["reply_s"] < 1 / onnx["chunks_per_s"]


@pytest.mark.slow
def test_the_built_in_model_is_measured_from_its_start(tmp_path: Path) -> None:
    lines: list[dict[str, Any]] = []
    export = export_folder("qwen3_vl")
    first_token(export, tmp_path, 1, lambda **line: lines.append(line))
    memory(export, 1000, lambda **line: lines.append(line))
    started, held = lines
    assert 0 < started["best_s"] <= started["median_s"]
    assert (held["chunks"], held["growth_mb"]) == (1000, 0)
