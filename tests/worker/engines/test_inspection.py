"""What `inspect` computes is what a loaded model and its streams take."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from transformers import Qwen3_5TextConfig

from tests.worker.engines.models import ALL, OPTIONS, checkpoint_folder, tiny_engine
from worker.engines.__main__ import main
from worker.engines.inspection import inspect
from worker.engines.spec import ModelSpec
from worker.streaming.cache import CacheShape


def spec(folder: Path) -> ModelSpec:
    return ModelSpec("tiny", "pytorch", str(folder), {"device": "cpu"})


@pytest.mark.parametrize("family", ALL)
def test_bytes_are_as_computed(family: str) -> None:
    found = inspect(spec(checkpoint_folder(family)), OPTIONS)
    engine = tiny_engine(family)
    session = engine.open(OPTIONS)
    model = engine.loaded.forward
    weights = sum(weight.nbytes for part in (model._visual, model._text, model._head) for weight in part.parameters())
    engine.close()
    assert found.family == family
    assert found.stream == session.cache.nbytes
    assert found.weights == pytest.approx(weights, rel=0.02)
    assert found.context(8) == found.weights + 8 * session.cache.nbytes
    assert found.disk == pytest.approx(weights, rel=0.1)


def test_what_stays_on_the_disk_is_not_counted(tmp_path: Path) -> None:
    """Qwen3.5's checkpoints hold heads for several tokens at once (`mtp.`), which no engine of ours loads."""
    folder = shutil.copytree(checkpoint_folder("qwen3_5"), tmp_path / "with-mtp")
    whole = inspect(spec(folder), OPTIONS)
    save_file({"mtp.fc.weight": torch.zeros(300, 300)}, folder / "mtp.safetensors")
    found = inspect(spec(folder), OPTIONS)
    assert found.weights == whole.weights
    assert found.disk > whole.disk


def test_the_command_prints_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", f"{checkpoint_folder('qwen3_vl_moe')}?device=cpu", "--streams", "1", "3"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["layers"] == 3
    assert told["memory_bytes"]["3"] - told["memory_bytes"]["1"] == 2 * told["stream_bytes"]


def test_what_cannot_be_read_is_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", f"{checkpoint_folder('qwen3_vl')}?quantization=4bit"]) == 1
    assert "inspect the model without it" in capsys.readouterr().err
    assert main(["inspect", f"{checkpoint_folder('qwen3_vl')}?colour=red"]) == 1
    assert "colour" in capsys.readouterr().err
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    assert main(["inspect", str(tmp_path)]) == 1
    assert "unknown family 'llama'" in capsys.readouterr().err
    assert main(["inspect", "openai:gpt"]) == 1
    assert "only models of engine pytorch" in capsys.readouterr().err


def test_the_page_says_what_hybrids_take() -> None:
    page = Path(__file__).parents[3].joinpath("docs", "models.md").read_text(encoding="utf-8")
    row = r"^\| [^|]+ \| (\d+) \+ (\d+) \| (\d+) \| (\d+) \| ([\d,]+) MB \| ([\d,]+) MB \| ([\d,]+) MB \|$"
    rows = re.findall(row, page, re.MULTILINE)
    assert len(rows) == 3
    for full, linear, heads, value_heads, state, one, eight in rows:
        kinds = ["full_attention"] * int(full) + ["linear_attention"] * int(linear)
        text = Qwen3_5TextConfig(
            num_hidden_layers=len(kinds),
            layer_types=kinds,
            num_key_value_heads=int(heads),
            linear_num_value_heads=int(value_heads),
        )
        shape = CacheShape.of(text, torch.bfloat16, torch.device("cpu"))
        assert shape.linear is not None
        stream = shape.nbytes(tokens=8300, text_tokens=1200)
        told = [shape.linear.nbytes, stream, 8 * stream]
        assert [f"{size / 1e6:,.0f}" for size in told] == [state, one, eight]


def test_the_page_says_what_is_computed() -> None:
    page = Path(__file__).parents[3].joinpath("docs", "models.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| (\d+) \| (\d+) \| (\d+) \| ([\d,]+) MB \| ([\d,]+) MB \|$", page, re.MULTILINE)
    assert len(rows) >= 2
    for layers, heads, head_dim, one, eight in rows:
        shape = CacheShape(int(layers), int(heads), int(head_dim), torch.bfloat16, torch.device("cpu"))
        stream = shape.nbytes(tokens=8300, text_tokens=1200)
        assert [f"{count * stream / 1e6:,.0f}" for count in (1, 8)] == [one, eight]
