"""What a job of the kind `datasheet.extract` asks."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from .base import Document, MediaInput, is_default
from .datasheet import Level, Name, Page, Reader

Units = Literal["auto", "mm", "inch", "mil"]


class DatasheetParams(Document):
    """A PDF, or the images of the mechanical outline and of the recommended land pattern."""

    document: MediaInput | None = Field(None, description="A PDF datasheet, or one image that shows both drawings")
    mechanical_image: MediaInput | None = None
    land_image: MediaInput | None = None
    mechanical_page: Page | None = Field(None, description="Where the outline is drawn; found by itself when left out")
    land_page: Page | None = Field(None, description="Where the land pattern is drawn; found by itself when left out")
    package: Name | None = Field(None, description="Package name or code, or order code, to choose the variant")
    units: Units = Field("auto", description="Unit of numbers that print none; auto reads it from the page")
    reader: Reader = "vector"
    ipc_level: Level = Field(
        "B", description="Density level of the computed IPC-7351B land pattern: A most, B nominal, C least"
    )
    allow_incomplete: bool = Field(
        False,
        description="Write a footprint that lacks pads or sizes too; its name and description say so",
        exclude_if=is_default(False),
    )
    engine: Name | None = Field(None, description="Engine of the vlm reader")
    model: Name | None = Field(None, description="Model of the vlm reader")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        images = self.mechanical_image is not None or self.land_image is not None
        if (self.document is not None) == images:
            raise ValueError("give either document, or mechanical_image and/or land_image")
        return self
