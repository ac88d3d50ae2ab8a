# Made of bm3vl/_async by python -m tests.client.generate: change it there.
"""Makes what Qwen's users write in messages sendable: files of this machine are uploaded, images of Pillow encoded."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from bm3vl._sync import uploads
from bm3vl._sync.transport import Transport

FORMS = ("image", "image_url", "video", "video_url")
REMOTE = ("http://", "https://", "data:")


def sendable(transport: Transport, messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The messages as a server takes them. Raises FileNotFoundError for a file that is not here."""
    return [{**message, "content": _content(transport, message["content"])} for message in messages]


def _content(transport: Transport, content: Any) -> Any:
    if isinstance(content, str):
        return content
    return [_part(transport, part) for part in content]


def _part(transport: Transport, part: Mapping[str, Any]) -> dict[str, Any]:
    sent = dict(part)
    for form in FORMS:
        if form in sent:
            sent[form] = _media(transport, sent[form])
    return sent


def _media(transport: Transport, media: Any) -> Any:
    """A list is a video as its frames; what already is a document of the server's stays as it is."""
    if isinstance(media, list | tuple):
        return [_media(transport, one) for one in media]
    if isinstance(media, Mapping) and set(media) <= {"url", "detail"} and not str(media.get("url")).startswith(REMOTE):
        media = media.get("url")
    if isinstance(media, Path) or (isinstance(media, str) and not media.startswith(REMOTE)):
        asset = uploads.upload(transport, _local(media))
        return {"asset_id": str(asset.id)}
    return _encoded(media) if hasattr(media, "save") and hasattr(media, "convert") else media


def _local(media: Path | str) -> Path:
    text = str(media)
    path = Path(unquote(urlsplit(text).path)) if text.startswith("file://") else Path(text)
    if not path.is_file():
        raise FileNotFoundError(f"no such file: {path}")
    return path


def _encoded(image: Any) -> str:
    """An image of Pillow, which this package does not need, as a data URL."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
