"""Tokenizer, image and video processor of a checkpoint as one transformers processor."""

from __future__ import annotations

from typing import Any

from transformers import PreTrainedTokenizerBase, Qwen3VLProcessor
from transformers.models.qwen2_vl.image_processing_qwen2_vl import Qwen2VLImageProcessor
from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor

from worker.bm3.data.tokenizer import CHAT_TEMPLATE
from worker.bm3.model.config import BM3VLVisionConfig

MAX_FRAME_PX = 256 * 256
MAX_FRAMES = 768
HALF = [0.5, 0.5, 0.5]


def processor_of(tokenizer: PreTrainedTokenizerBase, vision: BM3VLVisionConfig) -> Qwen3VLProcessor:
    """Pictures are scaled to at most 256 x 256 pixels, in steps of patch_size * spatial_merge_size."""
    factor = vision.patch_size * vision.spatial_merge_size
    geometry: dict[str, Any] = {
        "patch_size": vision.patch_size,
        "merge_size": vision.spatial_merge_size,
        "temporal_patch_size": vision.temporal_patch_size,
        "image_mean": HALF,
        "image_std": HALF,
    }
    images = Qwen2VLImageProcessor(size={"shortest_edge": factor**2, "longest_edge": MAX_FRAME_PX}, **geometry)
    # The video processor's budget is for the whole clip, so the cap of one frame is given in tokens.
    videos = Qwen3VLVideoProcessor(
        size={"shortest_edge": factor**2, "longest_edge": MAX_FRAME_PX * MAX_FRAMES},
        cap_pixels_per_frame=True,
        max_video_tokens=MAX_FRAME_PX // factor**2,
        max_frames=MAX_FRAMES,
        **geometry,
    )
    make: Any = Qwen3VLProcessor  # its constructor has no annotations
    processor: Qwen3VLProcessor = make(images, tokenizer, videos, chat_template=CHAT_TEMPLATE)
    return processor
