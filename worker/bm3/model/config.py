"""Configuration of BM3-VL, with the field names of Qwen3-VL so that either loads the other's config.json."""

# mypy: disable-error-code="misc, no-untyped-call"
# transformers' base classes have untyped hooks, and instance attributes where it reads class attributes.

from __future__ import annotations

from typing import Any, ClassVar

from huggingface_hub.dataclasses import strict
from transformers import AutoConfig, PreTrainedConfig

from worker.compat import CACHE

QWEN_VISION_TYPES = ("qwen3_vl", "qwen3_vl_vision")  # early Qwen3-VL files name the vision tower "qwen3_vl"
QWEN_TEXT_TYPES = ("qwen3_vl_text",)


@strict
class BM3VLVisionConfig(PreTrainedConfig):
    """The vision tower (Qwen3-VL report, section 2: SigLIP-2 style ViT with interpolated positions and 2-D rotary)."""

    model_type = "bm3_vl_vision"
    base_config_key = "vision_config"
    default_rope_type = "axial"
    attribute_map: ClassVar[dict[str, str]] = {"num_attention_heads": "num_heads", "num_hidden_layers": "depth"}

    depth: int = 27
    hidden_size: int = 1152
    hidden_act: str = "gelu_pytorch_tanh"
    intermediate_size: int = 4304
    num_heads: int = 16
    in_channels: int = 3
    patch_size: int = 16
    spatial_merge_size: int = 2
    temporal_patch_size: int = 2
    out_hidden_size: int = 3584
    num_position_embeddings: int = 2304  # a square grid, resampled to each image's own grid
    deepstack_visual_indexes: list[int] | tuple[int, ...] = (8, 16, 24)
    initializer_range: float = 0.02
    rope_parameters: dict[str, Any] | None = None


@strict
class BM3VLTextConfig(PreTrainedConfig):
    """The decoder (Qwen3 dense decoder with interleaved multimodal rotary positions)."""

    model_type = "bm3_vl_text"
    base_config_key = "text_config"
    default_theta = 500000.0
    ignore_keys_at_rope_validation: ClassVar[set[str]] = {"mrope_section", "mrope_interleaved"}

    vocab_size: int = 151936
    hidden_size: int = 4096
    intermediate_size: int = 22016
    num_hidden_layers: int = 32
    num_attention_heads: int = 32
    num_key_value_heads: int | None = 32
    head_dim: int = 128
    hidden_act: str = "silu"
    max_position_embeddings: int = 128000
    initializer_range: float = 0.02
    rms_norm_eps: float = 1e-6
    use_cache: bool = True
    rope_parameters: dict[str, Any] | None = None
    attention_bias: bool = False
    attention_dropout: float | int = 0.0
    pad_token_id: int | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        if self.num_key_value_heads is None:
            self.num_key_value_heads = self.num_attention_heads
        super().__post_init__(**kwargs)


@strict
class BM3VLConfig(PreTrainedConfig):
    """Vision tower, decoder and the ids of the tokens that stand for pictures."""

    model_type = "bm3_vl"
    sub_configs_defaults: ClassVar[dict[str, Any]] = {
        "vision_config": BM3VLVisionConfig,
        "text_config": BM3VLTextConfig,
    }
    keys_to_ignore_at_inference: ClassVar[list[str]] = [CACHE]

    text_config: Any = None  # given as a dict or nothing, always a BM3VLTextConfig afterwards
    vision_config: Any = None
    image_token_id: int = 151655
    video_token_id: int = 151656
    vision_start_token_id: int = 151652
    vision_end_token_id: int = 151653
    tie_word_embeddings: bool = False
    default_window: dict[str, int] | None = None  # a db.documents.kinds.video.Window, for streams that name none
    demonstration: bool = False  # made to show the service: it understands rendered scenes only

    def __post_init__(self, **kwargs: Any) -> None:
        self.vision_config = _adopted(self.vision_config, QWEN_VISION_TYPES, BM3VLVisionConfig.model_type)
        self.text_config = _adopted(self.text_config, QWEN_TEXT_TYPES, BM3VLTextConfig.model_type)
        super().__post_init__(**kwargs)


def _adopted(
    config: dict[str, Any] | PreTrainedConfig | None, qwen_types: tuple[str, ...], own_type: str
) -> dict[str, Any] | PreTrainedConfig | None:
    """A Qwen3-VL sub-config read as ours: the fields are the same, only the type's name differs."""
    if isinstance(config, dict) and config.get("model_type") in qwen_types:
        return {**config, "model_type": own_type}
    return config


for _config in (BM3VLConfig, BM3VLVisionConfig, BM3VLTextConfig):
    AutoConfig.register(_config.model_type, _config, exist_ok=True)
