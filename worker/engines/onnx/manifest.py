"""What an exported folder says about itself: all that the engine needs to know, and the sha256 of every file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from db.documents.kinds.video import Window
from db.failures import Failure
from worker.engines.weights import file_sha256
from worker.errors import Permanent

FORMAT = 1
NAME = "manifest.json"
VISION, DECODER, EMBEDDINGS, TOKENIZER = "vision.onnx", "decoder.onnx", "embeddings.npy", "tokenizer.json"
KV_SCALES = "kv_scales.npy"
WEIGHTS_SUFFIX = ".weights"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TextSizes(_Part):
    """Sizes of the decoder. `axis_of` says which axis (time, height, width) turns each rotary frequency."""

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    context_tokens: int
    deep: int
    inverse_frequencies: tuple[float, ...]
    axis_of: tuple[int, ...]
    never: tuple[int, ...] = ()  # tokens that generation_config.json suppresses


class VisionSizes(_Part):
    """Sizes of the vision tower and how pixel values are normed; `window` is in patches, 0 where there are none."""

    patch_px: int
    merge: int
    frames_per_group: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    inverse_frequencies: tuple[float, ...]
    position_side: int = 0  # of the square table of learned positions
    window: int = 0


class Parity(_Part):
    """How near the export is to the checkpoint, as measured at its end on pictures made for it."""

    tokens_compared: int
    tokens_equal: int
    max_logit_error: float
    mean_kl: float


class ExportManifest(_Part):
    """The whole document."""

    format: int = FORMAT
    family: str
    weights: Literal["fp32", "int8", "int4"]
    method: str = "round-to-nearest"
    vision_weights: Literal["fp32", "int8"] = "fp32"
    activations: Literal["fp32", "int8"]
    block: int
    kv: Literal["fp32", "fp16", "int8"]
    parameters: int
    embeddings: Literal["float32", "float16", "bfloat16"]
    text: TextSizes
    vision: VisionSizes
    window: Window
    demo: bool = False
    parity: Parity | None = None
    versions: dict[str, str]
    files: dict[str, str]  # name -> sha256

    @property
    def identity(self) -> str:
        """One sha256 over all files."""
        lines = [f"{name} {digest}" for name, digest in sorted(self.files.items())]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def read_manifest(folder: Path, name: str) -> ExportManifest:
    """The manifest of a folder. Raises Permanent(MODEL_UNAVAILABLE) for a folder that is no export of this format."""
    hint = f"make one with python -m worker.export MODEL --out {folder}"
    try:
        text = (folder / NAME).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unavailable(name, f"{folder} is not an exported model (no readable {NAME}): {hint}") from error
    try:
        version = _Version.model_validate_json(text).format
        if version != FORMAT:
            raise _unavailable(name, f"{folder} is an export of format {version}, this version reads {FORMAT}: {hint}")
        return ExportManifest.model_validate_json(text)
    except ValidationError as error:
        raise _unavailable(name, f"{folder}/{NAME} is damaged ({error.error_count()} wrong fields): {hint}") from error


class _Version(BaseModel):
    format: int


def check_files(folder: Path, manifest: ExportManifest, name: str) -> None:
    """Raises Permanent(MODEL_UNAVAILABLE) for a file that is missing or was changed; digests are remembered by time of change."""
    for file, expected in manifest.files.items():
        try:
            found = file_sha256(folder / file)
        except OSError as error:
            raise _unavailable(name, f"{folder / file} cannot be read ({error}): copy the export again") from error
        if found != expected:
            raise _unavailable(name, f"{folder / file} is not the file that was exported: copy or export it again")


def _unavailable(name: str, what: str) -> Permanent:
    return Permanent(Failure.MODEL_UNAVAILABLE, f"{name}: {what}")
