"""Which function does which kind of job: import paths, so that reading the list imports no handler."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

HANDLERS: dict[str, str] = {
    "video.caption": "worker.video.handler:caption_video",
    "chat.complete": "worker.chat.handler:complete_chat",
    "datasheet.extract": "worker.datasheet.handler:extract_datasheet",
}
"""Kind -> `module:function`, called as `function(params, context)` in the model child."""


def load_handler(path: str) -> Callable[..., Any]:
    """The function behind an import path; only the model child calls this."""
    module, _, name = path.partition(":")
    handler: Callable[..., Any] = getattr(import_module(module), name)
    return handler
