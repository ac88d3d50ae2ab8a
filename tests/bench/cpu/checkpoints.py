"""Checkpoints of the size of real ones, with random weights: `python -m tests.bench.cpu.checkpoints SHAPE FOLDER`.

They are written tensor by tensor, in bfloat16, so that one larger than memory can be made.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForImageTextToText

from tests.bench.workloads import FAMILY, SHAPES, Shape
from worker.engines.tiny import MARKS, tiny_tokenizer

VOCABULARY = 151_936
SPREAD = 0.02
TILE_NUMBERS = 1 << 20
SHARD_BYTES = 1 << 30


def write_checkpoint(shape: Shape, folder: Path) -> Path:
    """A Qwen3-VL checkpoint of that shape in a folder, which is made; the folder again."""
    folder.mkdir(parents=True)
    tokenizer = tiny_tokenizer()
    config = config_of(shape, {mark.strip("<|>"): tokenizer.convert_tokens_to_ids(mark) for mark in MARKS})
    config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    auto: Any = AutoModelForImageTextToText
    with torch.device("meta"):
        model = auto.from_config(config, dtype=torch.bfloat16)
    sizes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    if shape.tied:
        sizes.pop("lm_head.weight", None)
    places: dict[str, str] = {}
    for index, shard in enumerate(_shards(sizes)):
        name = f"model-{index:05d}.safetensors"
        save_file({key: random_tensor(key, sizes[key]) for key in shard}, folder / name, metadata={"format": "pt"})
        places |= dict.fromkeys(shard, name)
    index_file = {"metadata": {}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index_file), "utf-8")
    return folder


def config_of(shape: Shape, marks: dict[str, int]) -> Any:
    """The configuration of such a model."""
    text = {
        "hidden_size": shape.hidden,
        "intermediate_size": shape.intermediate,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "vocab_size": VOCABULARY,
        "max_position_embeddings": 262_144,
        "rope_parameters": {"rope_type": "default", "rope_theta": 5e6, "mrope_section": [24, 20, 20]},
    }
    vision = {
        "depth": shape.vision_depth,
        "hidden_size": shape.vision_hidden,
        "intermediate_size": shape.vision_intermediate,
        "out_hidden_size": shape.hidden,
        "num_heads": 16,
        "patch_size": 16,
        "num_position_embeddings": 2304,
        "deepstack_visual_indexes": list(shape.deepstack),
    }
    return AutoConfig.for_model(
        FAMILY,
        text_config=text,
        vision_config=vision,
        tie_word_embeddings=shape.tied,
        image_token_id=marks["image_pad"],
        video_token_id=marks["video_pad"],
        vision_start_token_id=marks["vision_start"],
        vision_end_token_id=marks["vision_end"],
    )


def random_tensor(name: str, size: tuple[int, ...]) -> torch.Tensor:
    """Ones for the weights of norms; else a tile of random numbers over and over: billions of them in seconds.

    Each name has a tile of its own: matrices that are equal ONNX Runtime keeps once.
    """
    if "norm" in name and name.endswith("weight"):
        return torch.ones(size, dtype=torch.bfloat16)
    tensor = torch.empty(size, dtype=torch.bfloat16)
    tile = torch.randn(TILE_NUMBERS, generator=torch.Generator().manual_seed(crc32(name.encode()))) * SPREAD
    for part in tensor.view(-1).split(TILE_NUMBERS):
        part.copy_(tile[: len(part)])
    return tensor


def _shards(sizes: dict[str, tuple[int, ...]]) -> Iterator[list[str]]:
    """Names in order, in lists of about SHARD_BYTES."""
    shard: list[str] = []
    filled = 0
    for name, size in sizes.items():
        if shard and filled > SHARD_BYTES:
            yield shard
            shard, filled = [], 0
        shard.append(name)
        filled += 2 * torch.Size(size).numel()
    yield shard


if __name__ == "__main__":
    write_checkpoint(SHAPES[sys.argv[1]], Path(sys.argv[2]))
