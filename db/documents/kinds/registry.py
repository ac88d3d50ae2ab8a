"""The job kinds by name. A new kind is one file beside this one, a handler folder in worker/, and a line in each registry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .base import Document
from .chat import ChatParams, ChatResult
from .datasheet import DatasheetResult
from .datasheet_params import DatasheetParams
from .video import VideoCaptionParams, VideoCaptionResult


@dataclass(frozen=True)
class Kind:
    """A job kind: its documents, the queue a job waits in by its parameters, and parameters that show how to ask for one."""

    params: type[Document]
    result: type[Document]
    queue: Callable[[Any], str]
    example: dict[str, Any] = field(default_factory=dict)


def _gpu(_: Document) -> str:
    return "gpu"


def _datasheet(params: DatasheetParams) -> str:
    return "cpu" if params.reader == "vector" else "gpu"


KINDS: dict[str, Kind] = {
    "video.caption": Kind(
        VideoCaptionParams,
        VideoCaptionResult,
        _gpu,
        {
            "video": {"url": "https://example.com/talk.mp4"},
            "prompt": "Describe what happens.",
            "fps": 2,
            "chunk_ms": 2000,
        },
    ),
    "chat.complete": Kind(
        ChatParams,
        ChatResult,
        _gpu,
        {"messages": [{"role": "user", "content": "What is a land pattern?"}]},
    ),
    "datasheet.extract": Kind(
        DatasheetParams,
        DatasheetResult,
        _datasheet,
        {"document": {"url": "https://example.com/part.pdf"}, "package": "RGT"},
    ),
}
