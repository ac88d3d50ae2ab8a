"""A resident model: the modules, the thread that runs them, and the formats, as all its streams and chats share them."""

from __future__ import annotations

from dataclasses import dataclass

from worker.engine.protocol import OnText
from worker.families.base import Family, Tokenizer
from worker.families.geometry import Geometry
from worker.streaming.batch import Batcher, Outcome, Turn
from worker.streaming.forward import Forward
from worker.streaming.script import Script
from worker.streaming.text import Decode, TextStream


@dataclass(frozen=True)
class Resident:
    """A loaded model and all that its streams share."""

    forward: Forward
    batcher: Batcher
    family: Family
    geometry: Geometry
    tokens: Tokenizer
    decode: Decode
    context_tokens: int

    @property
    def script(self) -> Script:
        return Script(self.family, self.tokens, self.geometry)


def run_aloud(resident: Resident, turn: Turn, on_text: OnText | None) -> Outcome:
    """Run a turn and say its text as it comes; `on_text` is also called, with nothing to say, before it and while it waits."""
    text = TextStream(resident.decode)
    say = on_text or _say_nothing

    def hear(token: int | None) -> None:
        say("" if token is None else text.push(token))

    hear(None)
    outcome = resident.batcher.run(turn, hear)
    if rest := text.flush():
        say(rest)
    return outcome


def _say_nothing(text: str) -> None:
    """For callers that want the whole reply only."""
