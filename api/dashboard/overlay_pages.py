"""The pictures of a datasheet's pages, taken out of the overlay that the worker drew over them."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from api.deps import Services
from db.objects import ObjectMissing
from db.tables import JobFile

# The worker writes each page as a group with its picture first; units are points.
PAGE = re.compile(
    rb'<g transform="[^"]{1,60}" data-page="(\d{1,6})"><image width="([\d.]{1,12})" height="([\d.]{1,12})" '
    rb'href="data:image/png;base64,([A-Za-z0-9+/=]+)"'
)
OVERLAY = "overlay.svg"
LARGEST_BYTES = 64 << 20
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class PagePicture:
    """A page as it was seen: its size in points and the picture."""

    number: int
    width_pt: float
    height_pt: float
    png: bytes


def pictures(kept: Services, files: list[JobFile]) -> list[PagePicture]:
    """The pages that the result was read from; none while there is no overlay."""
    file = next((one for one in files if one.name == OVERLAY), None)
    if file is None or file.size_bytes > LARGEST_BYTES:
        return []
    try:
        with kept.objects.open_range(file.object_key) as body:
            data = b"".join(body)
    except ObjectMissing:
        return []
    found = [_picture(*match.groups()) for match in PAGE.finditer(data)]
    return [one for one in found if one.png.startswith(PNG)]


def _picture(number: bytes, width: bytes, height: bytes, picture: bytes) -> PagePicture:
    return PagePicture(int(number), float(width), float(height), base64.b64decode(picture))
