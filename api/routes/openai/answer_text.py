"""The words of an answer as they come: live text may be lost or told twice, the stream of an answer must be neither."""

from __future__ import annotations

import json

from api.errors import Problem
from api.live.positions import Item


class AnswerText:
    """What a reader has been sent of one answer."""

    def __init__(self) -> None:
        self.text = ""

    def take(self, item: Item) -> str:
        """What an item of live text adds; nothing while a piece before it is missing, and nothing that was sent before
        (a second attempt begins anew)."""
        piece = json.loads(item.json)
        known = len(self.text) - int(piece.get("at", 0))
        new: str = piece["text"][known:] if known >= 0 else ""
        self.text += new
        return new

    def rest(self, whole: str) -> str:
        """What is missing of the finished answer. Raises a problem where it is another answer than the one begun."""
        if not whole.startswith(self.text):
            raise Problem(500, "begun_anew", "a worker was lost and the answer became another one: ask again")
        return whole[len(self.text) :]
