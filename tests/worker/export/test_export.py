"""Exports are whole or not there, go on where they were broken off, and refuse what they cannot do in one sentence."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from db.failures import Failure
from tests.worker.engines.exports import WHOLE, export_folder, export_of, onnx_engine, spec_of
from tests.worker.engines.models import checkpoint_folder, tiny_engine
from worker.engines.conversation import conversation
from worker.engines.onnx.engine import OnnxEngine
from worker.engines.onnx.manifest import ExportManifest, Parity, read_manifest
from worker.engines.pytorch import PytorchEngine
from worker.engines.spec import ModelSpec
from worker.errors import Permanent
from worker.export.__main__ import main
from worker.export.errors import ExportError
from worker.export.plan import ExportOptions
from worker.export.quantize import round_to_nearest, unpack
from worker.export.questions import follow, questions
from worker.export.run import Export
from worker.export.source import canonical
from worker.export.verify import Compared, compare

FAMILY = "qwen3_vl"
INT4 = ExportOptions("int4", activations="fp32", block=32)


class BrokenOff(Exception):
    """Power went."""


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A checkpoint that a test may spoil."""
    return Path(shutil.copytree(checkpoint_folder(FAMILY), tmp_path / "checkpoint"))


def export(checkpoint: Path, out: Path, options: ExportOptions = WHOLE, **more: Any) -> ExportManifest:
    return Export(checkpoint, out, options, more.get("on_progress", lambda _, __: None), more.get("prove")).run()


def test_int4_says_what_the_same_int4_says_in_torch(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(checkpoint_folder(FAMILY), tmp_path / "rounded"))
    weights = load_file(folder / "model.safetensors")
    for name, tensor in weights.items():
        layer = canonical(name).startswith("model.language_model.layers.")
        if tensor.ndim == 2 and (layer or name == "lm_head.weight"):
            weights[name] = torch.from_numpy(unpack(round_to_nearest(tensor.numpy(), 4, 32)).copy())
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    by_torch = PytorchEngine(ModelSpec("rounded", "pytorch", str(folder), {"device": "cpu"}))
    by_onnx = onnx_engine(FAMILY, INT4)
    for messages in questions(by_torch.factor_px, 2):
        asked = conversation(messages, by_torch.loaded.geometry)
        theirs, ours = (follow(engine.loaded, asked, 24) for engine in (by_torch, by_onnx))
        assert np.array_equal(theirs.argmax(-1), ours.argmax(-1))
        assert Compared(theirs, ours).parity.max_logit_error < 1e-3
    for engine in (by_torch, by_onnx):
        engine.close()


@pytest.mark.parametrize(
    ("options", "kl"),
    [
        (replace(WHOLE, kv="fp16"), 1e-3),
        (replace(WHOLE, kv="int8"), 1e-2),
        (replace(WHOLE, vision="int8"), 1e-3),
        (ExportOptions("int8"), 0.05),
        (ExportOptions("int4", block=32), 3.0),
    ],
)
def test_smaller_exports_are_measured_and_near(options: ExportOptions, kl: float) -> None:
    parity = compare(checkpoint_folder(FAMILY), export_folder(FAMILY, options), threads=1, steps=8)
    assert parity.tokens_compared == 32
    assert 0 < parity.mean_kl < kl


def test_a_broken_off_export_goes_on_where_it_was(checkpoint: Path, tmp_path: Path) -> None:
    written: list[str] = []

    def break_off(name: str, _: int) -> None:
        written.append(name)
        if len(written) == 70:
            raise BrokenOff

    with pytest.raises(BrokenOff):
        export(checkpoint, tmp_path / "out", on_progress=break_off)
    assert not (tmp_path / "out").exists(), "nothing half-written has the name that was asked for"
    torn = tmp_path / "out.partial" / "decoder.onnx.weights"
    before = torn.stat().st_mtime_ns
    with torn.open("ab") as file:
        file.write(b"half a tensor")
    export(checkpoint, tmp_path / "out")
    assert before, "the decoder had begun"
    whole = export_folder(FAMILY)
    assert {file.name for file in (tmp_path / "out").iterdir()} == {file.name for file in whole.iterdir()}
    for name in ("decoder.onnx.weights", "vision.onnx.weights", "embeddings.npy"):
        assert (tmp_path / "out" / name).read_bytes() == (whole / name).read_bytes()


def test_another_precision_does_not_go_on_with_it(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(BrokenOff):
        export(checkpoint, tmp_path / "out", on_progress=lambda *_: (_ for _ in ()).throw(BrokenOff()))
    manifest = export(checkpoint, tmp_path / "out", INT4)
    assert manifest.weights == "int4"
    OnnxEngine(spec_of(tmp_path / "out")).close()


def test_an_export_that_says_something_else_is_not_finished(checkpoint: Path, tmp_path: Path) -> None:
    parity = Parity(tokens_compared=256, tokens_equal=255, max_logit_error=0.3, mean_kl=0.01)
    with pytest.raises(ExportError, match="1 of 256 tokens differ"):
        export(checkpoint, tmp_path / "out", prove=lambda *_: parity)
    assert not (tmp_path / "out").exists()


def test_the_command_proves_what_it_made(checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main([str(checkpoint), "--out", str(out), "--weights", "fp32", "--quiet"]) == 0
    assert "256 of 256 tokens" in capsys.readouterr().out
    assert json.loads((out / "manifest.json").read_text())["parity"]["tokens_equal"] == 256
    assert main([str(checkpoint), "--out", str(out), "--quiet"]) == 1
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "vision"),
    [
        (("--weights", "int4"), "int8"),
        (("--weights", "int4", "--vision", "fp32"), "fp32"),
        (("--weights", "int4", "--activations", "fp32"), "fp32"),
        (("--weights", "fp32"), "fp32"),
        (("--weights", "fp32", "--vision", "int8"), "int8"),
    ],
)
def test_the_tower_is_int8_where_the_text_is_rounded_too(
    checkpoint: Path, tmp_path: Path, asked: tuple[str, ...], vision: str
) -> None:
    out = tmp_path / "out"
    assert main([str(checkpoint), "--out", str(out), *asked, "--no-proof", "--quiet"]) == 0
    assert read_manifest(out, "model").vision_weights == vision
    small = (out / "vision.onnx.weights").stat().st_size < (
        export_folder(FAMILY) / "vision.onnx.weights"
    ).stat().st_size
    assert small == (vision == "int8")


def spoil(checkpoint: Path, **changed: Any) -> None:
    path = checkpoint / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (lambda c: (c / "config.json").unlink(), "not a model folder"),
        (lambda c: spoil(c, model_type="llava"), "'llava' cannot be exported"),
        (lambda c: spoil(c, quantization_config={"bits": 4}), "quantized already"),
        (lambda c: (c / "model.safetensors").unlink(), "holds no"),
        (lambda c: (c / "model.safetensors").write_bytes((c / "model.safetensors").read_bytes()[:-900]), "download"),
        (lambda c: (c / "tokenizer.json").write_text("{"), "tokenizer"),
        (lambda c: (c / "preprocessor_config.json").write_text("{"), "damaged"),
    ],
)
def test_what_cannot_be_exported_is_refused(checkpoint: Path, tmp_path: Path, fault: Any, sentence: str) -> None:
    fault(checkpoint)
    with pytest.raises(ExportError, match=sentence):
        export(checkpoint, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_tensor_and_a_wrong_shape_are_named(checkpoint: Path, tmp_path: Path) -> None:
    file = checkpoint / "model.safetensors"
    weights = load_file(file)
    norm = next(name for name in weights if canonical(name) == "model.language_model.norm.weight")
    save_file({**weights, norm: torch.ones(3)}, file)
    with pytest.raises(ExportError, match=r"norm\.weight has the shape \(3,\)"):
        export(checkpoint, tmp_path / "out")
    del weights[norm]
    save_file(weights, file)
    with pytest.raises(ExportError, match=r"lacks the tensor .*norm\.weight"):
        export(checkpoint, tmp_path / "out")


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """An export that a test may spoil."""
    return Path(shutil.copytree(export_folder(FAMILY), tmp_path / "exported"))


def refused(folder: Path, **options: str) -> str:
    with pytest.raises(Permanent) as caught:
        OnnxEngine(spec_of(folder, **options))
    assert caught.value.code is Failure.MODEL_UNAVAILABLE
    return str(caught.value)


def test_a_folder_that_is_no_export_is_refused(tmp_path: Path) -> None:
    assert "python -m worker.export" in refused(tmp_path)
    assert "python -m worker.export" in refused(checkpoint_folder(FAMILY))


def test_a_changed_or_missing_file_is_refused(exported: Path) -> None:
    weights = exported / "decoder.onnx.weights"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:100] + b"\x01" + whole[101:])
    assert "not the file that was exported" in refused(exported)
    weights.unlink()
    assert "cannot be read" in refused(exported)


@pytest.mark.parametrize(
    ("changed", "sentence"), [({"format": 2}, "format 2"), ({"weights": "int3"}, "damaged"), ({"more": 1}, "damaged")]
)
def test_another_manifest_is_refused(exported: Path, changed: dict[str, Any], sentence: str) -> None:
    path = exported / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))
    assert sentence in refused(exported)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"provider": "cuda"}, "install"),
        ({"provider": "magic"}, "one of cpu, cuda"),
        ({"threads": "0"}, "from 1 to"),
        ({"dtype": "float16"}, "unknown options"),
    ],
)
def test_options_of_no_meaning_are_refused(options: dict[str, str], sentence: str) -> None:
    assert sentence in refused(export_folder(FAMILY), **options)


def test_old_names_of_tensors_are_known() -> None:
    assert canonical("visual.blocks.0.norm1.weight") == "model.visual.blocks.0.norm1.weight"
    assert canonical("model.layers.3.mlp.up_proj.weight") == "model.language_model.layers.3.mlp.up_proj.weight"
    assert canonical("model.embed_tokens.weight") == "model.language_model.embed_tokens.weight"
    assert canonical("model.language_model.norm.weight") == "model.language_model.norm.weight"


def test_bfloat16_embeddings_are_kept_as_they_are(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(checkpoint_folder(FAMILY), tmp_path / "half"))
    weights = {name: tensor.bfloat16() for name, tensor in load_file(folder / "model.safetensors").items()}
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    out = export_of(folder)
    assert json.loads((out / "manifest.json").read_text())["embeddings"] == "bfloat16"
    engine, stock = OnnxEngine(spec_of(out)), tiny_engine(FAMILY)
    name = next(name for name in weights if canonical(name) == "model.language_model.embed_tokens.weight")
    rows = engine.loaded.forward._embeddings.rows([5, 77])  # type: ignore[attr-defined]
    assert np.array_equal(rows, weights[name][[5, 77]].float().numpy())
    for one in (engine, stock):
        one.close()
