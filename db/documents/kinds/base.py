"""What every job kind's documents share: closed frozen models, media inputs, sampling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


def is_default(default: Any) -> Callable[[Any], bool]:
    """Whether a field says nothing that its default does not say, and is left out of what is stored."""
    return lambda value: bool(value == default)


class Document(BaseModel):
    """A stored document: unknown fields are refused, values never change after validation.

    Rule of change: add fields with a default; never rename or remove one. A new field of parameters has
    `exclude_if=is_default(...)`: workers of the release before refuse what they do not know, also where it says nothing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


class S3Input(Document):
    bucket: Annotated[str, Field(min_length=3, max_length=63)]
    key: Annotated[str, Field(min_length=1, max_length=1024)]


class MediaInput(Document):
    """Where the bytes come from: exactly one of an uploaded asset, a public URL, a registered bucket, inline base64."""

    asset_id: str | None = None
    url: Annotated[str | None, Field(max_length=4000, pattern=r"^https?://")] = None
    s3: S3Input | None = None
    base64: Annotated[
        str | None, Field(max_length=28_000_000, description="Small files only (20 MB before encoding)")
    ] = None

    @model_validator(mode="after")
    def _exactly_one(self) -> MediaInput:
        given = [name for name in ("asset_id", "url", "s3", "base64") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of asset_id, url, s3, base64")
        return self


class Sampling(Document):
    """How the next token is chosen; temperature 0 is greedy."""

    temperature: Annotated[float, Field(ge=0, le=5)] = 0.0
    top_k: Annotated[int, Field(ge=0, le=100_000, description="0: off")] = 0
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    repetition_penalty: Annotated[float, Field(ge=0.5, le=5)] = 1.0
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
