"""Tables of a recipe that say where training data comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=1)]


class RecipeTable(BaseModel):
    """A table of the recipe's TOML file: unknown keys are refused, values stay as they are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MessagesTable(RecipeTable):
    """JSONL, one conversation a line: {"messages": [{"role", "content"}]} with Qwen's content parts."""

    path: Path
    held_out: Path | None = None
    max_tokens: Count = 4096
    max_frame_pixels: Count = 256 * 256
    fps: Annotated[float, Field(gt=0)] = 2.0
