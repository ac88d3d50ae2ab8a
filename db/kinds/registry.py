"""The job kinds by name. A new kind is one file beside this one, a handler folder in worker/, and a line in each registry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from db.kinds.base import Document
from db.kinds.video import VideoCaptionParams, VideoCaptionResult


@dataclass(frozen=True)
class Kind:
    """A job kind: its documents, the queue its jobs wait in, and parameters that show how to ask for one."""

    params: type[Document]
    result: type[Document]
    queue: str
    example: dict[str, Any] = field(default_factory=dict)


KINDS: dict[str, Kind] = {
    "video.caption": Kind(
        VideoCaptionParams,
        VideoCaptionResult,
        "gpu",
        {
            "video": {"url": "https://example.com/talk.mp4"},
            "prompt": "Describe what happens.",
            "fps": 2,
            "chunk_ms": 2000,
        },
    ),
}
