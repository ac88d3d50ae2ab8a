"""What an export is made of: the options as they were asked for, and the manifest's numbers from the configuration."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, cast

from db.documents.kinds.video import Window
from worker.engines.onnx.manifest import TextSizes, VisionSizes
from worker.export.errors import ExportError
from worker.export.source import Source
from worker.families import FAMILIES

Precision = Literal["fp32", "int8", "int4"]
CachePrecision = Literal["fp32", "fp16", "int8"]
VisionPrecision = Literal["fp32", "int8"]
BITS: dict[str, int | None] = {"fp32": None, "int8": 8, "int4": 4}
MOVING = ("dynamic", "longrope")


@dataclass(frozen=True)
class ExportOptions:
    """What was asked for."""

    weights: Precision = "int4"
    kv: CachePrecision = "fp32"
    activations: Literal["fp32", "int8"] = "int8"
    block: int = 128
    method: str = "round-to-nearest"
    vision: VisionPrecision = "fp32"

    @property
    def bits(self) -> int | None:
        """Bits of a weight; None: floats."""
        return BITS[self.weights]

    @property
    def exact(self) -> bool:
        """Whether nothing is rounded: every token has to be the checkpoint's."""
        return (self.weights, self.kv, self.vision) == ("fp32", "fp32", "fp32")


def fingerprint(source: Source, options: ExportOptions) -> str:
    """Identity of an export in progress: another checkpoint or another precision does not go on with it."""
    files = sorted({path for path, _ in source.files.values()})
    stats = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return hashlib.sha256(json.dumps([source.config, asdict(options), stats], sort_keys=True).encode()).hexdigest()


def text_part(source: Source, layers: int, kv_heads: int, heads: int, head_dim: int) -> TextSizes:
    """The decoder's numbers. Raises ExportError for rotary positions that change with length, and for sliding windows."""
    text = source.text
    rope = {**(text.get("rope_scaling") or {}), **(text.get("rope_parameters") or {})}
    kind = rope.get("rope_type") or rope.get("type") or "default"
    if kind not in ("default", "mrope"):
        raise ExportError(f"rotary positions of type {kind!r} cannot be exported, only plain ones")
    if text.get("use_sliding_window"):
        raise ExportError("layers with a sliding window cannot be exported")
    theta = float(rope.get("rope_theta") or text.get("rope_theta") or 10000.0)
    sections = rope.get("mrope_section") or [24, 20, 20]
    half = head_dim // 2
    return TextSizes(
        hidden=text["hidden_size"],
        layers=layers,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        vocabulary=text["vocab_size"],
        context_tokens=text["max_position_embeddings"],
        deep=len(source.vision.get("deepstack_visual_indexes") or ()),
        inverse_frequencies=inverse_frequencies(head_dim, theta),
        axis_of=interleaved(sections, half) if source.family in ("qwen3_vl", "bm3_vl") else in_sections(sections),
        never=_never(source.folder),
    )


def inverse_frequencies(dim: int, theta: float) -> tuple[float, ...]:
    """(dim / 2,) angular frequencies as torch computes them, in float32 (RoFormer, section 3.2.2)."""
    import torch

    exponents = torch.arange(0, dim, 2, dtype=torch.float) / dim
    return tuple(float(value) for value in 1.0 / theta**exponents)


def interleaved(sections: list[int], half: int) -> tuple[int, ...]:
    """Axes of frequencies that go T H W T H W ... (Qwen3-VL): what a section does not reach is time's."""
    axes = [0] * half
    for axis in (1, 2):
        for index in range(axis, min(sections[axis] * 3, half), 3):
            axes[index] = axis
    return tuple(axes)


def in_sections(sections: list[int]) -> tuple[int, ...]:
    """Axes of frequencies that come section after section (Qwen2-VL)."""
    return tuple(index % 3 for index, count in enumerate(sections) for _ in range(count))


def vision_part(source: Source) -> VisionSizes:
    """The vision tower's numbers, with the normalisation that the processor's file gives."""
    vision, family = source.vision, FAMILIES[source.family]
    said = _json(source.folder / "preprocessor_config.json")
    size = vision.get("embed_dim") or vision["hidden_size"]
    theta = float((vision.get("rope_parameters") or {}).get("rope_theta", 10000.0))
    patch, merge = vision["patch_size"], vision.get("spatial_merge_size", 2)
    windowed = source.family == "qwen2_5_vl"
    return VisionSizes(
        patch_px=patch,
        merge=merge,
        frames_per_group=vision.get("temporal_patch_size", 2),
        mean=tuple(said.get("image_mean", family.mean)),
        std=tuple(said.get("image_std", family.std)),
        inverse_frequencies=inverse_frequencies(size // vision["num_heads"] // 2, theta),
        position_side=int(vision.get("num_position_embeddings", 0) ** 0.5),
        window=vision["window_size"] // merge // patch * merge if windowed else 0,
    )


def window_of(source: Source) -> Window:
    """The window of streams that name none."""
    return Window(**(source.config.get("default_window") or {}))


def _never(folder: Path) -> tuple[int, ...]:
    return tuple(_json(folder / "generation_config.json").get("suppress_tokens") or ())


def _json(path: Path) -> dict[str, Any]:
    """A JSON file that may not be there. Raises ExportError when it is damaged."""
    if not path.exists():
        return {}
    try:
        return cast("dict[str, Any]", json.loads(path.read_text("utf-8")))
    except ValueError as error:
        raise ExportError(f"{path} is damaged: {error}") from error
