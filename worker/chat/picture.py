"""Reads an image file into RGB, upright, within bounds; refuses what is no image."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from db.failures import Failure
from worker.errors import Permanent

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
MAX_PIXELS = 1 << 26
MIN_SIDE_PX = 4


def read_picture(path: Path) -> NDArray[np.uint8]:
    """(height, width, 3) uint8; transparency on white, the first picture of an animation.

    Raises Permanent: INVALID_MEDIA (no image, broken off, too small), TOO_LARGE.
    """
    return np.asarray(open_picture(path), np.uint8)


def resized(picture: Image.Image, size_px: tuple[int, int]) -> NDArray[np.uint8]:
    """(height, width, 3) uint8 at a size of (width, height), bicubic with antialiasing."""
    return np.asarray(picture.resize(size_px, Image.Resampling.BICUBIC), np.uint8)


def open_picture(path: Path) -> Image.Image:
    """As `read_picture`, in RGB, as an image that can still be resized. Raises Permanent(TOO_LARGE or INVALID_MEDIA)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the bound below is ours
            with Image.open(path, formats=FORMATS) as image:
                _refuse_size(*image.size)
                return _rgb(ImageOps.exif_transpose(image))
    except Image.DecompressionBombError as error:
        raise Permanent(Failure.TOO_LARGE, "the image has too many pixels") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise Permanent(Failure.INVALID_MEDIA, "not an image that can be read, or only the beginning of one") from error


def _rgb(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        coloured = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", coloured.size, "white"), coloured)
    return image.convert("RGB")


def _refuse_size(width_px: int, height_px: int) -> None:
    if width_px * height_px > MAX_PIXELS:
        raise Permanent(Failure.TOO_LARGE, f"an image of {width_px} x {height_px} pixels is too large")
    if min(width_px, height_px) < MIN_SIDE_PX:
        raise Permanent(Failure.INVALID_MEDIA, f"an image of {width_px} x {height_px} pixels shows nothing")
