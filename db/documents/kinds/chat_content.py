"""What a message of a conversation may hold: text, pictures and videos, in the forms of OpenAI and of Qwen."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from .base import Document, MediaInput, is_default

DATA_URL = re.compile(r"data:[\w.+-]+(?:/[\w.+-]+)?(?:;[\w.+-]+=[\w.+-]+)*;base64,", re.ASCII)
MAX_SHOWN_PIXELS = 1 << 24  # 16384 tokens of 32 x 32 pixels: the most that Qwen shows of one picture
MAX_FRAMES = 768
FORMS = ("text", "image", "image_url", "video", "video_url")
SIZE_FIELDS = ("min_pixels", "max_pixels", "total_pixels", "resized_height", "resized_width")


def _media(value: Any) -> Any:
    """The ways others write a media input: an address, a data URL, or `{"url": ..., "detail": ...}`."""
    if isinstance(value, dict) and isinstance(value.get("url"), str):
        value = {key: part for key, part in value.items() if key != "detail"}
        return value if set(value) != {"url"} else _media(value["url"])
    if not isinstance(value, str):
        return value
    prefix = DATA_URL.match(value)
    return {"base64": value[prefix.end() :]} if prefix else {"url": value}


class Address(Document):
    """As OpenAI writes where a picture is."""

    url: Annotated[str, Field(description="`https://...`, or a data URL: `data:image/png;base64,...`")]
    detail: Annotated[str | None, Field(description="Dropped")] = None


Media = Annotated[MediaInput, BeforeValidator(_media, json_schema_input_type=str | Address | MediaInput)]
Pictures = Annotated[list[Media], Field(min_length=1, max_length=MAX_FRAMES)]
Pixels = Annotated[
    int | None, Field(ge=1, le=MAX_SHOWN_PIXELS, description="Pixels of one picture", exclude_if=is_default(None))
]
Side = Annotated[
    int | None, Field(ge=1, le=16_384, description="In pixels; rounded to whole patches", exclude_if=is_default(None))
]
Seconds = Annotated[float | None, Field(ge=0, le=10_000_000, exclude_if=is_default(None))]
Rate = Annotated[float | None, Field(gt=0, le=1000, exclude_if=is_default(None))]
FrameCount = Annotated[int | None, Field(ge=2, le=MAX_FRAMES, exclude_if=is_default(None))]


class TextPart(Document):
    """Words."""

    type: Literal["text"]
    text: Annotated[str, Field(max_length=200_000)]


class PictureSize(Document):
    """Qwen's fields for the size at which pictures are shown; with none of them the service's own budget holds."""

    min_pixels: Pixels = None
    max_pixels: Pixels = None
    resized_height: Side = None
    resized_width: Side = None

    @property
    def has_qwen_size(self) -> bool:
        """Whether a field of Qwen's says how large its pictures are."""
        return any(getattr(self, name, None) is not None for name in SIZE_FIELDS)

    @model_validator(mode="after")
    def _sizes_fit(self) -> PictureSize:
        if self.min_pixels is not None and self.max_pixels is not None and self.min_pixels > self.max_pixels:
            raise ValueError("min_pixels is above max_pixels")
        if (self.resized_height is None) != (self.resized_width is None):
            raise ValueError("give resized_height and resized_width, or neither")
        return self


class ImagePart(PictureSize):
    """As Qwen writes an image."""

    type: Literal["image"]
    image: Media


class ImageUrlPart(PictureSize):
    """As OpenAI writes an image; `detail` is accepted and dropped."""

    type: Literal["image_url"]
    image_url: Media


class VideoOptions(PictureSize):
    """How a video in a conversation is sampled: at `fps`, but never more than `max_frames` over its whole length; or
    `nframes` of it, whatever its length. Frames are spread evenly and their number is even, as in qwen-vl-utils."""

    fps: Annotated[float, Field(gt=0, le=30)] = 2.0
    max_frames: Annotated[int, Field(ge=1, le=MAX_FRAMES)] = 64
    max_frame_pixels: Annotated[int, Field(ge=28 * 28, le=4096 * 4096)] = 256 * 256
    min_frames: FrameCount = None
    nframes: FrameCount = None
    total_pixels: Annotated[
        int | None,
        Field(ge=1, le=1 << 31, description="Pixels of all frames together", exclude_if=is_default(None)),
    ] = None
    video_start: Seconds = None
    video_end: Seconds = None
    sample_fps: Annotated[Rate, Field(description="Of a list of pictures: how many of them are a second")] = None
    raw_fps: Annotated[Rate, Field(description="Taken and dropped: the rate of the video that pictures came from")] = (
        None
    )

    @model_validator(mode="after")
    def _sampling_fits(self) -> VideoOptions:
        if self.nframes is not None and self.fps != VideoOptions.model_fields["fps"].default:
            raise ValueError("give fps or nframes, not both")
        if self.video_start is not None and self.video_end is not None and self.video_start >= self.video_end:
            raise ValueError("video_start must be before video_end")
        return self


class VideoPart(VideoOptions):
    """As Qwen writes a video: a file, or its frames as a list of images."""

    type: Literal["video"]
    video: Media | Pictures


class VideoUrlPart(VideoOptions):
    """As OpenAI-like servers write a video."""

    type: Literal["video_url"]
    video_url: Media


def _typed(value: Any) -> Any:
    """A part that does not name its type is what it holds, as Qwen's own programs read it."""
    if isinstance(value, dict) and "type" not in value:
        held = [form for form in FORMS if form in value]
        return {"type": held[0], **value} if len(held) == 1 else value
    return value


Part = Annotated[
    Annotated[TextPart | ImagePart | ImageUrlPart | VideoPart | VideoUrlPart, Field(discriminator="type")],
    BeforeValidator(_typed),
]
