"""BM3-VL: our own implementation of the Qwen3-VL architecture, under the names transformers knows it by.

The state dict's names are Qwen3-VL's, so official checkpoints load here and ours load into transformers' Qwen3-VL.
Importing this module registers the classes with transformers' Auto classes.
"""

# mypy: disable-error-code="misc, no-untyped-call"
# transformers' base classes have untyped hooks, and instance attributes where it reads class attributes.

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from transformers import AutoModel, AutoModelForImageTextToText, GenerationMixin
from transformers.cache_utils import Cache
from transformers.modeling_outputs import BaseModelOutputWithPast, CausalLMOutputWithPast

from worker.bm3.model.base import BM3VLPreTrainedModel
from worker.bm3.model.config import BM3VLConfig, BM3VLTextConfig, BM3VLVisionConfig
from worker.bm3.model.positions import rope_index
from worker.bm3.model.text import BM3VLTextModel
from worker.bm3.model.vision import BM3VLVisionModel, BM3VLVisionOutput
from worker.compat import cache_argument, cache_of, takes_either_name


class BM3VLModel(BM3VLPreTrainedModel):
    """Vision tower and decoder; pictures take the places of their placeholder tokens."""

    def __init__(self, config: BM3VLConfig) -> None:
        super().__init__(config)
        self.visual = BM3VLVisionModel(config.vision_config)
        self.language_model = BM3VLTextModel(config.text_config)
        self.rope_deltas: Tensor | None = None  # set by a forward with pictures, read when generation goes on
        self.post_init()

    def get_image_features(self, pixel_values: Tensor, image_grid_thw: Tensor, **kwargs: Any) -> BM3VLVisionOutput:
        """`pooler_output` and each of `deepstack_features` come split by item: (h * w * t / merge^2, D) each."""
        out = self.visual(pixel_values.to(self.visual.dtype), grid_thw=image_grid_thw, **kwargs)
        sizes = (image_grid_thw.prod(-1) // self.visual.spatial_merge_size**2).tolist()
        return BM3VLVisionOutput(
            last_hidden_state=out.last_hidden_state,
            pooler_output=torch.split(out.pooler_output, sizes),
            deepstack_features=[torch.split(feature, sizes) for feature in out.deepstack_features],
        )

    def get_video_features(
        self, pixel_values_videos: Tensor, video_grid_thw: Tensor, **kwargs: Any
    ) -> BM3VLVisionOutput:
        """As `get_image_features`, for frame groups of videos: the tower is the same."""
        return self.get_image_features(pixel_values_videos, video_grid_thw, **kwargs)

    def get_rope_index(
        self,
        input_ids: Tensor,
        mm_token_type_ids: Tensor,
        image_grid_thw: Tensor | None = None,
        video_grid_thw: Tensor | None = None,
        attention_mask: Tensor | None = None,
        **_: Any,
    ) -> tuple[Tensor, Tensor]:
        """positions (3, B, N) and deltas (B, 1); see `positions.rope_index`."""
        merge = self.config.vision_config.spatial_merge_size
        return rope_index(mm_token_type_ids, merge, image_grid_thw, video_grid_thw, attention_mask)

    @takes_either_name
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        cache: Cache | None = None,
        inputs_embeds: Tensor | None = None,
        pixel_values: Tensor | None = None,
        pixel_values_videos: Tensor | None = None,
        image_grid_thw: Tensor | None = None,
        video_grid_thw: Tensor | None = None,
        mm_token_type_ids: Tensor | None = None,
        **kwargs: Any,
    ) -> BaseModelOutputWithPast:
        """input_ids (B, N) with a placeholder for each picture token; pixels packed as the vision tower takes them.

        Raises ValueError for pictures without input_ids: their placeholders say where they go.
        """
        if input_ids is None and (pixel_values is not None or pixel_values_videos is not None):
            raise ValueError("pictures need input_ids: their placeholders say where they go")
        embeds = self.get_input_embeddings()(input_ids) if inputs_embeds is None else inputs_embeds
        placed: list[tuple[Tensor, BM3VLVisionOutput]] = []
        if input_ids is not None and pixel_values is not None and image_grid_thw is not None:
            out = self.get_image_features(pixel_values, image_grid_thw)
            placed.append((input_ids.eq(self.config.image_token_id), out))
        if input_ids is not None and pixel_values_videos is not None and video_grid_thw is not None:
            out = self.get_video_features(pixel_values_videos, video_grid_thw)
            placed.append((input_ids.eq(self.config.video_token_id), out))
        for mask, out in placed:
            embeds = _filled(embeds, mask, torch.cat(list(out.pooler_output or ())))
        if position_ids is None:
            position_ids = self._positions(
                input_ids, embeds, cache, mm_token_type_ids, image_grid_thw, video_grid_thw, attention_mask
            )
        result: BaseModelOutputWithPast = self.language_model(
            inputs_embeds=embeds,
            attention_mask=attention_mask,
            position_ids=position_ids,
            cache=cache,
            **_deepstack(placed),
            **kwargs,
        )
        return result

    def _positions(
        self,
        input_ids: Tensor | None,
        embeds: Tensor,
        past: Cache | None,
        token_types: Tensor | None,
        image_grid_thw: Tensor | None,
        video_grid_thw: Tensor | None,
        attention_mask: Tensor | None,
    ) -> Tensor | None:
        """Positions nobody gave: from the pictures at the start of a sequence, counted on from them afterwards."""
        seen = past.get_seq_length() if past is not None else 0
        pictures = image_grid_thw is not None or video_grid_thw is not None
        if pictures and seen == 0:
            if token_types is None or input_ids is None:
                raise ValueError("pictures need mm_token_type_ids (the processor returns them) or position_ids")
            mask = None if attention_mask is None else attention_mask[:, : input_ids.shape[1]]
            positions, self.rope_deltas = self.get_rope_index(
                input_ids, token_types, image_grid_thw, video_grid_thw, mask
            )
            return positions
        if seen == 0 or self.rope_deltas is None:
            return None
        counted = torch.arange(seen, seen + embeds.shape[1], device=embeds.device)
        return (counted + self.rope_deltas.to(embeds.device))[None].expand(3, embeds.shape[0], -1)


class BM3VLForConditionalGeneration(BM3VLPreTrainedModel, GenerationMixin):
    """The language model head over the multimodal decoder; `loss` when labels are given."""

    _tied_weights_keys: ClassVar[dict[str, str]] = {"lm_head.weight": "model.language_model.embed_tokens.weight"}

    def __init__(self, config: BM3VLConfig) -> None:
        super().__init__(config)
        self.model = BM3VLModel(config)
        self.lm_head = nn.Linear(config.text_config.hidden_size, config.text_config.vocab_size, bias=False)
        self.post_init()

    @takes_either_name
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        cache: Cache | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        pixel_values: Tensor | None = None,
        pixel_values_videos: Tensor | None = None,
        image_grid_thw: Tensor | None = None,
        video_grid_thw: Tensor | None = None,
        mm_token_type_ids: Tensor | None = None,
        logits_to_keep: int | Tensor = 0,
        **kwargs: Any,
    ) -> CausalLMOutputWithPast:
        """Arguments of `BM3VLModel.forward`; labels (B, N) with -100 where nothing is to be learned.

        logits_to_keep: how many last tokens get logits (0: all of them), or the indices that do.
        """
        items = {"num_items_in_batch": kwargs.pop("num_items_in_batch", None)}
        outputs = self.model(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=position_ids,
            cache=cache,
            inputs_embeds=inputs_embeds,
            pixel_values=pixel_values,
            pixel_values_videos=pixel_values_videos,
            image_grid_thw=image_grid_thw,
            video_grid_thw=video_grid_thw,
            mm_token_type_ids=mm_token_type_ids,
            **kwargs,
        )
        kept = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) else logits_to_keep
        logits = self.lm_head(outputs.last_hidden_state[:, kept, :])
        loss = None
        if labels is not None:
            vocab_size = self.config.text_config.vocab_size
            loss = self.loss_function(logits=logits, labels=labels, vocab_size=vocab_size, **items)
        return CausalLMOutputWithPast(loss=loss, logits=logits, **cache_argument(cache_of(outputs)))

    def _prepare_position_ids_for_generation(self, inputs_tensor: Tensor, model_kwargs: dict[str, Any]) -> None:
        """`generate` leaves positions to `BM3VLModel.forward`, which knows where the pictures stand."""

    def prepare_inputs_for_generation(
        self, input_ids: Any, *args: Any, is_first_iteration: bool | None = False, **kwargs: Any
    ) -> dict[str, Any]:
        """Pictures go in with the prompt only."""
        prepare: Any = super().prepare_inputs_for_generation
        inputs: dict[str, Any] = prepare(input_ids, *args, is_first_iteration=is_first_iteration, **kwargs)
        inputs["position_ids"] = None
        if not is_first_iteration and kwargs.get("use_cache"):
            for name in (
                "pixel_values",
                "pixel_values_videos",
                "image_grid_thw",
                "video_grid_thw",
                "mm_token_type_ids",
            ):
                inputs.pop(name, None)
        return inputs


def _filled(embeds: Tensor, mask: Tensor, features: Tensor) -> Tensor:
    """Put `features` (V, D) where `mask` (B, N) is true."""
    if int(mask.sum()) != features.shape[0]:
        raise ValueError(f"{int(mask.sum())} picture tokens for {features.shape[0]} picture features")
    return embeds.masked_scatter(mask[..., None].expand_as(embeds), features.to(embeds.dtype))


def _deepstack(placed: list[tuple[Tensor, BM3VLVisionOutput]]) -> dict[str, Any]:
    """The decoder's DeepStack arguments: images' and videos' features in the order in which their tokens stand."""
    if not placed:
        return {}
    masks = [mask for mask, _ in placed]
    everywhere = torch.stack(masks).any(0)
    layers = zip(
        *((torch.cat(list(layer)) for layer in out.deepstack_features or []) for _, out in placed), strict=True
    )
    embeds = [_in_order(everywhere, masks, features) for features in layers]
    return {"visual_pos_masks": everywhere, "deepstack_visual_embeds": embeds}


def _in_order(everywhere: Tensor, masks: list[Tensor], features: tuple[Tensor, ...]) -> Tensor:
    if len(features) == 1:
        return features[0]
    joined = features[0].new_zeros(int(everywhere.sum()), features[0].shape[-1])
    for mask, feature in zip(masks, features, strict=True):
        joined[mask[everywhere]] = feature
    return joined


AutoModel.register(BM3VLVisionConfig, BM3VLVisionModel, exist_ok=True)
AutoModel.register(BM3VLTextConfig, BM3VLTextModel, exist_ok=True)
AutoModel.register(BM3VLConfig, BM3VLModel, exist_ok=True)
AutoModelForImageTextToText.register(BM3VLConfig, BM3VLForConditionalGeneration, exist_ok=True)
