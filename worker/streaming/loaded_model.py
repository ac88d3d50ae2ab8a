"""A resident model: the modules, the thread that runs them, and the formats, as all its streams and chats share them."""

from __future__ import annotations

from dataclasses import dataclass

from worker.engine.protocol import OnText
from worker.families.base import Family, Tokenizer
from worker.families.geometry import Geometry
from worker.streaming.batch import Batcher, GenerationResult, GenerationTurn
from worker.streaming.prompt_builder import PromptBuilder
from worker.streaming.runtime.protocol import Runtime
from worker.streaming.text import Decode, TextStream


@dataclass(frozen=True)
class LoadedModel:
    """A loaded model and all that its streams share."""

    forward: Runtime
    batcher: Batcher
    family: Family
    geometry: Geometry
    tokens: Tokenizer
    decode: Decode
    context_tokens: int

    @property
    def prompt_builder(self) -> PromptBuilder:
        """Lays out prompts for this model."""
        return PromptBuilder(self.family, self.tokens, self.geometry)


def generate(loaded: LoadedModel, turn: GenerationTurn, on_text: OnText | None) -> GenerationResult:
    """Run a turn and say its text as it comes; `on_text` is also called, with nothing to say, before it and while it waits."""
    text = TextStream(loaded.decode)
    say = on_text or _ignore_text

    def on_token(token: int | None) -> None:
        say("" if token is None else text.push(token))

    on_token(None)
    outcome = loaded.batcher.run(turn, on_token)
    if rest := text.flush():
        say(rest)
    return outcome


def _ignore_text(text: str) -> None:
    """For callers that want the whole reply only."""
