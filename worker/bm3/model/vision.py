"""The vision tower of BM3-VL: patches over two frames, a ViT, and mergers that feed the decoder at several depths.

Qwen3-VL report, section 2; DeepStack, arXiv 2406.04334. Shapes: P patches in all, D hidden size, M = spatial_merge_size.
"""

# mypy: disable-error-code="misc, no-untyped-call"
# transformers' base classes have untyped hooks, and instance attributes where it reads class attributes.

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers.activations import ACT2FN
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.modeling_outputs import BaseModelOutputWithPooling
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from worker.bm3.model.attention import eager_attention
from worker.bm3.model.base import BM3VLPreTrainedModel
from worker.bm3.model.config import BM3VLVisionConfig
from worker.bm3.model.grids import grid_positions, position_taps, segment_lengths
from worker.bm3.model.rotary import BM3VLVisionRotaryEmbedding, rotate

Angles = tuple[Tensor, Tensor]


@dataclass
class BM3VLVisionOutput(BaseModelOutputWithPooling):
    """`pooler_output` (P / M^2, out_hidden_size) goes to the decoder's input, `deepstack_features` to its first layers."""

    pooler_output: Any = None  # a tensor, or a tuple of one tensor an item
    deepstack_features: list[Any] | None = None


class BM3VLVisionPatchEmbed(nn.Module):
    """A patch of two consecutive frames becomes one vector; the convolution's stride is its kernel, so it is a matrix."""

    def __init__(self, config: BM3VLVisionConfig) -> None:
        super().__init__()
        kernel = (config.temporal_patch_size, config.patch_size, config.patch_size)
        self.proj = nn.Conv3d(config.in_channels, config.hidden_size, kernel_size=kernel, stride=kernel, bias=True)

    def forward(self, pixels: Tensor) -> Tensor:
        """pixels (P, channels * frames * patch * patch) -> (P, D)."""
        weight = self.proj.weight.flatten(1)
        return nn.functional.linear(pixels.to(weight.dtype), weight, self.proj.bias)


class BM3VLVisionMLP(nn.Module):
    def __init__(self, config: BM3VLVisionConfig) -> None:
        super().__init__()
        self.linear_fc1 = nn.Linear(config.hidden_size, config.intermediate_size, bias=True)
        self.linear_fc2 = nn.Linear(config.intermediate_size, config.hidden_size, bias=True)
        self.act_fn = ACT2FN[config.hidden_act]

    def forward(self, x: Tensor) -> Tensor:
        """x (P, D) -> (P, D)."""
        out: Tensor = self.linear_fc2(self.act_fn(self.linear_fc1(x)))
        return out


class BM3VLVisionAttention(nn.Module):
    """Full attention inside one frame group; frame groups do not see each other here."""

    def __init__(self, config: BM3VLVisionConfig) -> None:
        super().__init__()
        self.config = config
        self.num_heads = config.num_heads
        self.head_dim = config.hidden_size // config.num_heads
        self.scaling = self.head_dim**-0.5
        self.num_key_value_groups = 1  # read by the attention functions
        self.is_causal = False
        self.qkv = nn.Linear(config.hidden_size, config.hidden_size * 3, bias=True)
        self.proj = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, x: Tensor, lengths: list[int], angles: Angles) -> Tensor:
        """x (P, D); `lengths` patches in each frame group, sum P; angles' cos and sin (P, head_dim)."""
        qkv = self.qkv(x).view(x.shape[0], 3, self.num_heads, self.head_dim)
        cos, sin = (part[:, None] for part in angles)
        # The angles are float32: rotating there and casting back keeps bf16 towers exact in their positions.
        query = rotate(qkv[:, 0].float(), cos, sin).to(x.dtype)
        key = rotate(qkv[:, 1].float(), cos, sin).to(x.dtype)
        attended = self.attend(query, key, qkv[:, 2], lengths)
        out: Tensor = self.proj(attended.reshape(x.shape[0], -1))
        return out

    def attend(self, query: Tensor, key: Tensor, value: Tensor, lengths: list[int]) -> Tensor:
        """(P, heads, head_dim) each -> the same shape. Groups of one size run as one batch."""
        if len(set(lengths)) == 1:
            return self.attend_batch(query, key, value, lengths[0])
        parts = zip(*(torch.split(part, lengths) for part in (query, key, value)), lengths, strict=True)
        return torch.cat([self.attend_batch(*part) for part in parts])

    def attend_batch(self, query: Tensor, key: Tensor, value: Tensor, length: int) -> Tensor:
        """As `attend`, for groups of `length` patches each."""
        batched = (part.unflatten(0, (-1, length)).transpose(1, 2) for part in (query, key, value))
        attend: Callable[..., Any] = ALL_ATTENTION_FUNCTIONS.get_interface(
            self.config._attn_implementation, eager_attention
        )
        out: Tensor = attend(self, *batched, attention_mask=None, scaling=self.scaling, dropout=0.0, is_causal=False)[0]
        return out.flatten(0, 1)


class BM3VLVisionBlock(GradientCheckpointingLayer):
    def __init__(self, config: BM3VLVisionConfig) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.hidden_size, eps=1e-6)
        self.norm2 = nn.LayerNorm(config.hidden_size, eps=1e-6)
        self.attn = BM3VLVisionAttention(config)
        self.mlp = BM3VLVisionMLP(config)

    def forward(self, x: Tensor, lengths: list[int], angles: Angles) -> Tensor:
        """x (P, D); `lengths` and `angles` as of the attention -> (P, D)."""
        x = x + self.attn(self.norm1(x), lengths, angles)
        out: Tensor = x + self.mlp(self.norm2(x))
        return out


class BM3VLVisionPatchMerger(nn.Module):
    """M x M neighbouring patches become one token of the decoder's width; (P, D) -> (P / M^2, out_hidden_size).

    The final merger norms each patch before joining them, the DeepStack ones the joined vector.
    """

    def __init__(self, config: BM3VLVisionConfig, use_postshuffle_norm: bool = False) -> None:
        super().__init__()
        self.joined_size = config.hidden_size * config.spatial_merge_size**2
        self.use_postshuffle_norm = use_postshuffle_norm
        self.norm = nn.LayerNorm(self.joined_size if use_postshuffle_norm else config.hidden_size, eps=1e-6)
        self.linear_fc1 = nn.Linear(self.joined_size, self.joined_size)
        self.act_fn = nn.GELU()
        self.linear_fc2 = nn.Linear(self.joined_size, config.out_hidden_size)

    def forward(self, x: Tensor) -> Tensor:
        """x (P, D), patches that are merged next to one another -> (P / M^2, out_hidden_size)."""
        normed = self.norm(x.view(-1, self.joined_size)) if self.use_postshuffle_norm else self.norm(x)
        out: Tensor = self.linear_fc2(self.act_fn(self.linear_fc1(normed.view(-1, self.joined_size))))
        return out


class BM3VLVisionModel(BM3VLPreTrainedModel):
    """Pixels of any number of images and videos, packed -> tokens for the decoder."""

    config_class = BM3VLVisionConfig
    input_modalities = ("image", "video")
    main_input_name = "hidden_states"

    def __init__(self, config: BM3VLVisionConfig) -> None:
        super().__init__(config)
        self.spatial_merge_size = config.spatial_merge_size
        self.patch_embed = BM3VLVisionPatchEmbed(config)
        self.pos_embed = nn.Embedding(config.num_position_embeddings, config.hidden_size)
        self.num_grid_per_side = int(config.num_position_embeddings**0.5)
        self.rotary_pos_emb = BM3VLVisionRotaryEmbedding(config)
        self.blocks = nn.ModuleList([BM3VLVisionBlock(config) for _ in range(config.depth)])
        self.merger = BM3VLVisionPatchMerger(config)
        self.deepstack_visual_indexes = list(config.deepstack_visual_indexes)
        self.deepstack_merger_list = nn.ModuleList(
            [BM3VLVisionPatchMerger(config, use_postshuffle_norm=True) for _ in self.deepstack_visual_indexes]
        )
        self.gradient_checkpointing = False
        self.post_init()

    def forward(self, hidden_states: Tensor, grid_thw: Tensor, **_: Any) -> BM3VLVisionOutput:
        """hidden_states (P, channels * frames * patch * patch) normalised pixels; grid_thw (items, 3) in patches.

        Patches come frame group by frame group, inside it merge block by merge block.
        """
        x = self.patch_embed(hidden_states)
        x = x + self.interpolated_positions(grid_thw).to(x.dtype)
        angles = self.rotary_pos_emb(grid_positions(grid_thw, self.spatial_merge_size))
        lengths = segment_lengths(grid_thw)
        features = []
        for depth, block in enumerate(self.blocks):
            x = block(x, lengths, angles)
            if depth in self.deepstack_visual_indexes:
                merger = self.deepstack_merger_list[self.deepstack_visual_indexes.index(depth)]
                features.append(merger(x))
        return BM3VLVisionOutput(last_hidden_state=x, pooler_output=self.merger(x), deepstack_features=features)

    def interpolated_positions(self, grid_thw: Tensor) -> Tensor:
        """(P, D): the square table of learned positions resampled bilinearly to each item's grid."""
        positions = grid_positions(grid_thw, self.spatial_merge_size)
        indices, weights = position_taps(positions, grid_thw, self.num_grid_per_side)
        out: Tensor = (self.pos_embed(indices) * weights[..., None]).sum(1)
        return out
