"""Loading: what is wrong with a model is said before any job starts; settings and adapters take effect."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from tests.worker.engines.models import ALL, OPTIONS, checkpoint_folder, chunk, stock_model, tiny_engine
from worker.engine.protocol import ChatRequest
from worker.engines import load_engine
from worker.engines.loading import known_family
from worker.engines.running import decode_mode, overlaps
from worker.engines.spec import ModelSpec
from worker.engines.tiny import write_tiny
from worker.engines.weights import weights_sha256
from worker.errors import Permanent


def refused(folder: Path, **options: str) -> str:
    with pytest.raises(Permanent) as failed:
        load_engine(ModelSpec("m", "pytorch", str(folder), {"device": "cpu", **options}))
    assert failed.value.code == "model_unavailable"
    return str(failed.value)


def test_an_unknown_family_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gpt2"}))
    assert "gpt2" in refused(tmp_path)


def test_a_folder_that_is_not_there_is_not_looked_for_on_the_hub(tmp_path: Path) -> None:
    assert "no such folder" in refused(tmp_path / "absent")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    refused(tmp_path)


def test_a_torn_checkpoint_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(checkpoint_folder("qwen3_vl"), tmp_path / "torn")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    refused(folder)


@pytest.mark.parametrize(
    "option", [{"dtype": "int3"}, {"attention": "magic"}, {"quantization": "1bit"}, {"colour": "red"}]
)
def test_a_setting_of_no_meaning_is_refused(option: dict[str, str]) -> None:
    assert next(iter(option)) in refused(checkpoint_folder("qwen3_vl"), **option)


@pytest.mark.parametrize("quantization", ["8bit", "4bit"])
def test_experts_that_would_stay_whole_are_not_said_to_be_quantized(quantization: str) -> None:
    reason = refused(checkpoint_folder("qwen3_vl_moe"), quantization=quantization)
    assert f"quantization={quantization} would leave the experts of qwen3_vl_moe as they are" in reason


@pytest.mark.slow
@pytest.mark.parametrize(("quantization", "share"), [("8bit", 0.4), ("4bit", 0.3)])
def test_quantized_weights_are_smaller_and_see_about_the_same(quantization: str, share: float) -> None:
    engines = tiny_engine("qwen3_vl"), tiny_engine("qwen3_vl", quantization=quantization)
    seen = [engine.open(OPTIONS).feed(chunk(0)).silence_probability or 0 for engine in engines]
    layers = [engine.loaded.forward._text.layers for engine in engines]
    whole, small = (sum(weight.nbytes for weight in layer.parameters()) for layer in layers)
    for engine in engines:
        engine.close()
    assert small < share * whole
    assert seen[1] != seen[0]
    assert seen[1] == pytest.approx(seen[0], rel=0.3)


@pytest.mark.parametrize("family", ALL)
@pytest.mark.parametrize(
    "options", [{"dtype": "bfloat16"}, {"attention": "eager"}, {"vision_attention": "eager"}], ids=str
)
def test_settings_take_effect_and_it_still_watches(family: str, options: dict[str, str]) -> None:
    engine = tiny_engine(family, **options)
    session = engine.open(OPTIONS)
    replies = [session.feed(chunk(index)) for index in range(3)]
    engine.close()
    assert engine.info.dtype == options.get("dtype", "float32")
    assert all(reply.silence_probability is not None for reply in replies)


@pytest.mark.parametrize("family", ["qwen2_5_vl", "qwen3_vl"])
def test_eager_and_fused_attention_say_the_same(family: str) -> None:
    said = []
    for attention in ("sdpa", "eager"):
        engine = tiny_engine(family, attention=attention)
        session = engine.open(OPTIONS)
        said.append([session.feed(chunk(index)).token_ids for index in range(8)])
        engine.close()
    assert said[0] == said[1]


def test_an_adapter_changes_what_is_said(tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(5)
    shape = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    get_peft_model(stock_model("qwen3_vl"), shape).save_pretrained(tmp_path)
    plain, changed = tiny_engine("qwen3_vl"), tiny_engine("qwen3_vl", adapter=str(tmp_path))
    question = [{"role": "user", "content": "Hello"}]
    answers = [engine.chat(ChatRequest(question, 12)) for engine in (plain, changed)]
    for engine in (plain, changed):
        engine.close()
    assert answers[0].text != answers[1].text
    assert plain.info.weights_sha256 != changed.info.weights_sha256


def test_what_the_generation_config_suppresses_is_never_said(tmp_path: Path) -> None:
    folder = write_tiny("bm3_vl", tmp_path)
    free = said(folder)
    (folder / "generation_config.json").write_text(json.dumps({"suppress_tokens": sorted(free)}))
    held = said(folder)
    assert free
    assert held
    assert not free & held


def said(folder: Path) -> set[int]:
    engine = load_engine(ModelSpec("m", "pytorch", str(folder), {"device": "cpu"}))
    session = engine.open(OPTIONS)
    ids = {token for index in range(3) for token in session.feed(chunk(index)).token_ids}
    engine.close()
    return ids


def test_weights_are_known_by_their_content(tmp_path: Path) -> None:
    cache = tmp_path / "cache" / "hashes.json"
    first = write_tiny("qwen2_vl", tmp_path / "a")
    same = write_tiny("qwen2_vl", tmp_path / "b")
    other = write_tiny("qwen2_vl", tmp_path / "c", seed=1)
    hashes = [weights_sha256([folder], cache) for folder in (first, same, other)]
    assert hashes[0] == hashes[1] != hashes[2]
    assert weights_sha256([first], cache) == hashes[0]
    assert len(json.loads(cache.read_text())) == 3


def test_a_torn_cache_of_hashes_costs_nothing_but_time(tmp_path: Path) -> None:
    folder = write_tiny("qwen2_vl", tmp_path / "a")
    cache = tmp_path / "hashes.json"
    cache.write_text("{")
    assert weights_sha256([folder], cache) == weights_sha256([folder], tmp_path / "other.json")


@pytest.mark.skipif(torch.cuda.is_available(), reason="they are for a card")
@pytest.mark.parametrize("decode", ["together", "graphs"])
def test_ways_of_decoding_for_a_card_are_refused_without_one(decode: str) -> None:
    reason = refused(checkpoint_folder("qwen3_vl"), decode=decode)
    assert f"decode={decode} needs an NVIDIA GPU and the package triton" in reason


def test_a_hybrid_has_no_graphs() -> None:
    """Its states are not where a graph could read them; said before anything is loaded, whatever the machine."""
    config, _ = known_family(checkpoint_folder("qwen3_5"))
    for decode, device in (("apart", "cpu"), ("together", "cuda"), ("graphs", "cuda")):
        spec = ModelSpec("m", "pytorch", "nowhere", {"decode": decode, "device": device})
        if decode == "graphs":
            with pytest.raises(ValueError, match="decode=together"):
                decode_mode(spec, config)
        else:
            assert decode_mode(spec, config) == decode


@pytest.mark.parametrize(
    ("options", "overlap"),
    [
        ({"device": "cuda"}, False),
        ({"device": "cpu"}, False),
        ({"device": "cpu", "overlap": "on"}, True),
        ({"device": "cuda:1", "overlap": "on"}, True),
        ({"device": "cuda", "overlap": "off"}, False),
        ({"device": "cuda", "quantization": "8bit"}, False),
    ],
)
def test_prefills_run_beside_decode_steps_where_it_is_asked_for(options: dict[str, str], overlap: bool) -> None:
    config, _ = known_family(checkpoint_folder("qwen3_vl"))
    assert overlaps(ModelSpec("m", "pytorch", "nowhere", options), config) is overlap


def test_quantized_layers_are_used_by_one_thread() -> None:
    """bitsandbytes' layers write to themselves when they are called."""
    reason = refused(checkpoint_folder("qwen3_vl"), overlap="on", quantization="8bit")
    assert "overlap=on is for models that are not quantized" in reason
    assert "overlap=perhaps" in refused(checkpoint_folder("qwen3_vl"), overlap="perhaps")
