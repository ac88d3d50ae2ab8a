"""One answer to one conversation: a prefill and a reply in a cache of exactly the size it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.documents.kinds.base import Sampling
from db.failures import Failure
from worker.engine.protocol import Answer, OnText
from worker.errors import Permanent
from worker.families.base import ChatTurn, ImageSlot
from worker.streaming.batch import Allowed, GenerationRequest, GenerationTurn
from worker.streaming.context_window import Change, ContextWindow
from worker.streaming.forward import PromptSegment
from worker.streaming.loaded_model import LoadedModel, generate
from worker.streaming.policy import ContextLimits
from worker.streaming.prompt_builder import Pixels, image_input
from worker.streaming.spans import SpanRole

FIRST = 0
NO_LIMITS = ContextLimits(text_sink_tokens=0, text_window_tokens=0, vision_ms=0, window_chunks=1)


@dataclass(frozen=True)
class Conversation:
    """Turns, and the frame groups that stand in them in order."""

    turns: tuple[ChatTurn, ...]
    pictures: tuple[tuple[Pixels, ...], ...]


def answer(
    loaded: LoadedModel,
    conversation: Conversation,
    sampling: Sampling,
    max_tokens: int,
    on_text: OnText | None,
    allowed: Allowed | None = None,
) -> Answer:
    """Decode one answer, of the tokens `allowed` at each step.

    Raises Permanent(CONTEXT_TOO_SMALL) when prompt and answer do not fit the model.
    """
    context = ContextWindow(NO_LIMITS)
    segments = _segments(loaded, conversation, context)
    prompt_tokens = context.tokens
    if prompt_tokens + max_tokens > loaded.context_tokens:
        raise Permanent(
            Failure.CONTEXT_TOO_SMALL,
            f"{prompt_tokens} tokens asked and {max_tokens} to answer: the model has {loaded.context_tokens}",
        )
    cache = loaded.forward.new_cache(prompt_tokens + max_tokens, 0)
    request = GenerationRequest(
        context.add(SpanRole.FRAMES, FIRST, 0), sampling, loaded.prompt_builder.end_ids, max_tokens, allowed=allowed
    )
    outcome = generate(loaded, GenerationTurn(cache, Change(), tuple(segments), request), on_text)
    reason = "stop" if outcome.ended else "length"
    return Answer(loaded.decode(outcome.ids), prompt_tokens, len(outcome.ids), reason)


def _segments(loaded: LoadedModel, conversation: Conversation, context: ContextWindow) -> Sequence[PromptSegment]:
    layout = loaded.family.conversation(loaded.tokens, conversation.turns)
    return [
        image_input(context, FIRST, conversation.pictures[part.picture], loaded.geometry)
        if isinstance(part, ImageSlot)
        else PromptSegment(context.add(SpanRole.FRAMES, FIRST, len(part)), part)
        for part in layout
    ]
