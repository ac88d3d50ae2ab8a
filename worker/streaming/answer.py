"""One answer to one conversation: a prefill and a reply in a cache of exactly the size it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.documents.kinds.base import Sampling
from db.failures import Failure
from worker.engine.protocol import Answer, OnText
from worker.errors import Permanent
from worker.families.base import Look
from worker.families.base import Turn as ChatTurn
from worker.streaming.batch import Allowed, Speech, Turn
from worker.streaming.forward import Piece
from worker.streaming.memory import Change, Memory
from worker.streaming.policy import Limits
from worker.streaming.resident import Resident, run_aloud
from worker.streaming.script import Pixels, picture
from worker.streaming.spans import Role

FIRST = 0
NO_LIMITS = Limits(text_sink_tokens=0, text_window_tokens=0, vision_ms=0, window_chunks=1)


@dataclass(frozen=True)
class Conversation:
    """Turns, and the frame groups that stand in them in order."""

    turns: tuple[ChatTurn, ...]
    pictures: tuple[tuple[Pixels, ...], ...]


def answer(
    resident: Resident,
    conversation: Conversation,
    sampling: Sampling,
    max_tokens: int,
    on_text: OnText | None,
    allowed: Allowed | None = None,
) -> Answer:
    """Decode one answer, of the tokens `allowed` at each step.

    Raises Permanent(CONTEXT_TOO_SMALL) when prompt and answer do not fit the model.
    """
    memory = Memory(NO_LIMITS)
    pieces = _pieces(resident, conversation, memory)
    prompt_tokens = memory.tokens
    if prompt_tokens + max_tokens > resident.context_tokens:
        raise Permanent(
            Failure.CONTEXT_TOO_SMALL,
            f"{prompt_tokens} tokens asked and {max_tokens} to answer: the model has {resident.context_tokens}",
        )
    cache = resident.forward.new_cache(prompt_tokens + max_tokens, 0)
    speech = Speech(memory.add(Role.FRAMES, FIRST, 0), sampling, resident.script.end_ids, max_tokens, allowed=allowed)
    outcome = run_aloud(resident, Turn(cache, Change(), tuple(pieces), speech), on_text)
    reason = "stop" if outcome.ended else "length"
    return Answer(resident.decode(outcome.ids), prompt_tokens, len(outcome.ids), reason)


def _pieces(resident: Resident, conversation: Conversation, memory: Memory) -> Sequence[Piece]:
    layout = resident.family.conversation(resident.tokens, conversation.turns)
    return [
        picture(memory, FIRST, conversation.pictures[part.picture], resident.geometry)
        if isinstance(part, Look)
        else Piece(memory.add(Role.FRAMES, FIRST, len(part)), part)
        for part in layout
    ]
