"""A conversation as a page shows it: who said what, and which pictures and videos stood beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from db.documents.kinds.chat_content import FORMS

KIND = "chat.complete"
SPEAKERS = {"system": "Instructions", "user": "You", "assistant": "The model"}
LONGEST_TITLE = 90


@dataclass(frozen=True)
class Turn:
    """What one side said; `shown` are the kinds of media beside it, or their addresses."""

    who: str
    text: str
    shown: list[str]


def turns(params: dict[str, Any], result: dict[str, Any]) -> list[Turn]:
    """The messages of a job and, where there is one, its answer."""
    said = [_turn(message) for message in params.get("messages", [])]
    return [*said, Turn(SPEAKERS["assistant"], result["text"], [])] if "text" in result else said


def title(params: dict[str, Any]) -> str | None:
    """The first words of the last question; None where it has none."""
    words = " ".join(turns(params, {})[-1].text.split()) if params.get("messages") else ""
    return words if len(words) <= LONGEST_TITLE else f"{words[:LONGEST_TITLE]}…" if words else None


def _turn(message: dict[str, Any]) -> Turn:
    content = message.get("content", "")
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    text = "\n".join(part["text"] for part in parts if part.get("type") == "text")
    return Turn(SPEAKERS.get(message.get("role", ""), ""), text, [one for part in parts for one in _shown(part)])


def _shown(part: dict[str, Any]) -> Iterator[str]:
    form = part.get("type", "")
    if form in FORMS and form != "text":
        media = part.get(form)
        kind = form.removesuffix("_url")
        yield f"{kind} of {len(media)} pictures" if isinstance(media, list) else (media or {}).get("url") or kind
