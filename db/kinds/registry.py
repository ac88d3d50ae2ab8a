"""The job kinds by name. A new kind is one file beside this one, one handler folder in worker/, and one line here and there."""

from __future__ import annotations

from dataclasses import dataclass

from db.kinds.base import Document
from db.kinds.video import VideoCaptionParams, VideoCaptionResult


@dataclass(frozen=True)
class Kind:
    """A job kind: its documents and the queue its jobs wait in."""

    params: type[Document]
    result: type[Document]
    queue: str


KINDS: dict[str, Kind] = {
    "video.caption": Kind(VideoCaptionParams, VideoCaptionResult, "gpu"),
}
