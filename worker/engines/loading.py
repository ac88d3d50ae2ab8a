"""From a model spec to a resident model: any Hugging Face folder or hub id of the known families."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from llguidance import LLTokenizer
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForImageTextToText, AutoTokenizer
from transformers.utils.logging import disable_progress_bar

from db.documents.kinds.video import Window
from db.failures import Failure
from worker.engines import grammar
from worker.engines.hub import folder_of
from worker.engines.packing import LINEAR, pack
from worker.engines.running import decode_mode, overlaps, placed
from worker.engines.spec import ModelSpec
from worker.errors import Permanent
from worker.families import FAMILIES
from worker.families.base import Family
from worker.families.geometry import Geometry
from worker.streaming.attention import ATTENTION, NAME
from worker.streaming.forward import Normalisation

OPTIONS = frozenset(
    {
        "device",
        "dtype",
        "attention",
        "vision_attention",
        "adapter",
        "quantization",
        "revision",
        "decode",
        "linear",
        "overlap",
    }
)
QUANTIZATION: dict[str, dict[str, Any]] = {
    "4bit": {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4"},
    "8bit": {"load_in_8bit": True},
}
LAYER_TYPES = {"full_attention", "linear_attention"}
KEPT_WHOLE = ["model.visual", "lm_head"]  # small beside the text layers, and what every picture and word goes through

CACHED_TEXTS = 1024  # texts whose tokens are kept; marks and prompts come again with every chunk


@dataclass(frozen=True)
class Loaded:
    """A model in memory, and what its folder says about it."""

    model: Any
    family: Family
    geometry: Geometry
    tokens: HubTokenizer
    folders: tuple[Path, ...]
    attention: str
    decode: str
    overlap: bool
    context_tokens: int
    window: Window
    demo: bool

    @property
    def device(self) -> torch.device:
        """Where its weights are, and so where inputs go."""
        device: torch.device = self.model.device
        return device

    @property
    def dtype(self) -> torch.dtype:
        """Of what is not quantized."""
        dtype: torch.dtype = self.model.dtype
        return dtype


@dataclass(frozen=True)
class HeldPart:
    """What one node of a split model holds: some layers; the first node also pictures and embeddings, the last the head."""

    layers: range
    first: bool
    last: bool


class HubTokenizer:
    """A transformers tokenizer that never reads marks out of a user's text."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.text = lru_cache(CACHED_TEXTS)(self._text)  # the same marks come with every chunk

    def _text(self, text: str) -> tuple[int, ...]:
        return (
            tuple(self._tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids) if text else ()
        )

    def mark(self, name: str) -> int:
        """The id of a special token. Raises Permanent (MODEL_UNAVAILABLE) for a tokenizer that lacks it."""
        token = self._tokenizer.convert_tokens_to_ids(name)
        if not isinstance(token, int):
            raise Permanent(Failure.MODEL_UNAVAILABLE, f"the tokenizer has no {name}")
        return token

    def words(self, end_id: int, size: int) -> LLTokenizer:
        """The vocabulary for answers held to a schema; `size` is the number of logits."""
        return grammar.vocabulary(self._tokenizer.backend_tokenizer.to_str(), end_id, size)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids, without special tokens."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))


def load(spec: ModelSpec, part: HeldPart | None = None) -> Loaded:
    """Load a model, or of a split model what a node holds, onto its device.

    Raises Permanent(MODEL_UNAVAILABLE) with what is wrong: no such folder, an unknown family, an option of no meaning, a
    missing package for the quantization asked for.
    """
    spec.refuse_unknown(OPTIONS)
    quiet: Any = disable_progress_bar  # untyped, as much of transformers
    quiet()  # a worker's log is no terminal
    attention = spec.option_of("attention", ATTENTION, "sdpa")
    try:
        folder = folder_of(spec.path, spec.options.get("revision"))
        config, family = known_family(folder)
        decode, overlap = decode_mode(spec, config), overlaps(spec, config)
        _refuse_quantized_experts(spec, config)
        model = _model(spec, folder, config, part)
        tokenizer = AutoTokenizer.from_pretrained(folder)
    except (OSError, ImportError, ValueError, SafetensorError) as error:
        raise Permanent(Failure.MODEL_UNAVAILABLE, f"{spec.name}: {error}") from error
    text = config.get_text_config()
    if not set(getattr(text, "layer_types", None) or ()) <= LAYER_TYPES:
        raise Permanent(Failure.MODEL_UNAVAILABLE, f"{spec.name}: sliding-window layers are not supported")
    adapter = spec.options.get("adapter")
    return Loaded(
        model=model.eval(),
        family=family,
        geometry=geometry_of(config.vision_config, folder, family),
        tokens=HubTokenizer(tokenizer),
        folders=(folder, Path(adapter)) if adapter else (folder,),
        attention=attention,
        decode=decode,
        overlap=overlap,
        context_tokens=text.max_position_embeddings,
        window=Window(**(getattr(config, "default_window", None) or {})),
        demo=bool(getattr(config, "demonstration", False)),
    )


def normalisation(geometry: Geometry, device: torch.device) -> Normalisation:
    """Pixel normalisation for rows of patches, whose columns are ordered channel first."""
    per_channel = geometry.frames_per_group * geometry.patch_px**2
    mean = torch.tensor(geometry.mean, device=device).repeat_interleave(per_channel)
    std = torch.tensor(geometry.std, device=device).repeat_interleave(per_channel)
    return Normalisation(scale=1 / (255 * std), shift=-mean / std)


def known_family(folder: Path) -> tuple[Any, Family]:
    """Configuration and family of a model folder. Raises OSError or ValueError with what is wrong."""
    model_type = json.loads((folder / "config.json").read_text()).get("model_type")
    family = FAMILIES.get(model_type)
    if family is None:
        raise ValueError(f"unknown family {model_type!r}; known are {', '.join(FAMILIES)}")
    if family.code:
        import_module(family.code)  # registers its classes with transformers' Auto classes
    return AutoConfig.from_pretrained(folder), family


def _model(spec: ModelSpec, folder: Path, config: Any, part: HeldPart | None) -> Any:
    device, dtype = placed(spec)
    vision = spec.options.get("vision_attention", "sdpa")
    factory = AutoModelForImageTextToText if part is None else _partial(config, part)
    model = factory.from_pretrained(
        folder,
        config=config,
        dtype=dtype,
        device_map=device,
        attn_implementation={"text_config": NAME, "vision_config": vision},
        quantization_config=_quantization(spec, dtype),
    )
    if adapter := spec.options.get("adapter"):
        _adapt(model, adapter)
    if spec.option_of("linear", LINEAR, "plain") == "packed":
        pack(model, device, dtype)
    never = model.generation_config.suppress_tokens
    if never and (part is None or part.last):
        _suppress(model.lm_head, torch.tensor(never, device=device))
    return model


def _partial(config: Any, part: HeldPart) -> Any:
    """The class of a model that is built without what the node does not hold: no memory is taken for it."""
    whole: Any = AutoModelForImageTextToText._model_mapping[type(config)]

    def build(self: Any, *arguments: Any, **named: Any) -> None:
        whole.__init__(self, *arguments, **named)
        text = self.model.language_model
        for index in range(len(text.layers)):
            if index not in part.layers:
                text.layers[index] = torch.nn.Identity()
        if not part.first:
            self.model.visual = None
            text.embed_tokens = torch.nn.Identity()
        if not part.last:
            text.norm = torch.nn.Identity()
            self.lm_head = torch.nn.Identity()

    return type(whole.__name__, (whole,), {"__init__": build, "__module__": whole.__module__})


def _adapt(model: Any, adapter: str) -> None:
    """Put an adapter's layers into this very model.

    By peft itself: the `load_adapter` of transformers 5.24 asks for peft 0.22, which is not released.
    """
    from peft import PeftModel  # slow to import, and few models have an adapter

    PeftModel.from_pretrained(model, adapter)


def _refuse_quantized_experts(spec: ModelSpec, config: Any) -> None:
    """Experts are parameters of three dimensions, which bitsandbytes does not see: nearly all weights would stay whole."""
    if "quantization" in spec.options and getattr(config.get_text_config(), "num_experts", None):
        raise ValueError(
            f"quantization={spec.options['quantization']} would leave the experts of {config.model_type} as they are, "
            "which are nearly all of its weights: use dtype=bfloat16, or a dense model with quantization"
        )


def _suppress(head: torch.nn.Module, never: torch.Tensor) -> None:
    """Give the tokens that generation_config.json suppresses no chance, whoever decodes."""
    head.register_forward_hook(lambda _, __, logits: logits.index_fill(-1, never, float("-inf")))


def _quantization(spec: ModelSpec, dtype: torch.dtype) -> Any:
    if "quantization" not in spec.options:
        return None  # a checkpoint that is quantized says so in its own config.json
    from transformers import BitsAndBytesConfig  # optional: needs the bitsandbytes package

    untyped: Any = BitsAndBytesConfig
    kind = QUANTIZATION[spec.option_of("quantization", QUANTIZATION, "4bit")]
    return untyped(**kind, llm_int8_skip_modules=KEPT_WHOLE, bnb_4bit_compute_dtype=dtype)


def geometry_of(vision: Any, folder: Path, family: Family) -> Geometry:
    """The vision grid of a checkpoint."""
    file = folder / "preprocessor_config.json"
    said = json.loads(file.read_text()) if file.exists() else {}
    return Geometry(
        patch_px=vision.patch_size,
        merge=vision.spatial_merge_size,
        frames_per_group=vision.temporal_patch_size,
        mean=tuple(said.get("image_mean", family.mean)),
        std=tuple(said.get("image_std", family.std)),
    )
