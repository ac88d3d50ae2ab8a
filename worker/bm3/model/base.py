"""What every BM3-VL module tells transformers about itself."""

# mypy: disable-error-code="misc, no-untyped-call"
# transformers' base classes have untyped hooks, and instance attributes where it reads class attributes.

from __future__ import annotations

from typing import Any, ClassVar

from transformers import PreTrainedModel

from worker.bm3.model.config import BM3VLConfig
from worker.compat import CACHE


class BM3VLPreTrainedModel(PreTrainedModel):
    """Loading, saving and attention backends come from transformers."""

    config: Any  # of the class that each model names
    config_class: Any = BM3VLConfig
    base_model_prefix = "model"
    input_modalities: Any = ("image", "video", "text")
    supports_gradient_checkpointing = True
    _no_split_modules: ClassVar[list[str]] = ["BM3VLTextDecoderLayer", "BM3VLVisionBlock"]
    _skip_keys_device_placement: ClassVar[list[str]] = [CACHE]
    _supports_flash_attn = True
    _supports_sdpa = True
    _supports_flex_attn = True
    _supports_attention_backend = True
