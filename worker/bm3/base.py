"""What every BM3-VL module tells transformers about itself."""

from __future__ import annotations

from typing import ClassVar

from transformers import PreTrainedModel

from worker.bm3.config import BM3VLConfig


class BM3VLPreTrainedModel(PreTrainedModel):
    """Loading, saving and attention backends come from transformers."""

    config: BM3VLConfig
    config_class = BM3VLConfig
    base_model_prefix = "model"
    input_modalities = ("image", "video", "text")
    supports_gradient_checkpointing = True
    _no_split_modules: ClassVar[list[str]] = ["BM3VLTextDecoderLayer", "BM3VLVisionBlock"]
    _skip_keys_device_placement: ClassVar[list[str]] = ["past_key_values"]
    _supports_flash_attn = True
    _supports_sdpa = True
    _supports_flex_attn = True
    _supports_attention_backend = True
