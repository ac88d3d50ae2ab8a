"""One answer to one conversation: a prefill and a reply in a cache of exactly the size it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from db.failures import Failure
from worker.engine.protocol import Answer, ChatRequest, OnText, TokenLogprob
from worker.engine.stops import has_stop
from worker.errors import Permanent
from worker.families.base import ChatTurn, ImageSlot
from worker.streaming.batch import Allowed, GenerationRequest, GenerationResult, GenerationTurn
from worker.streaming.context_window import Change, ContextWindow
from worker.streaming.loaded_model import LoadedModel, generate
from worker.streaming.policy import ContextLimits
from worker.streaming.prompt_builder import Pixels, image_input
from worker.streaming.runtime.protocol import PromptSegment
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
    asked: ChatRequest,
    on_text: OnText | None,
    allowed: Allowed | None = None,
) -> Answer:
    """Decode one answer as asked for, of the tokens `allowed` at each step, until one of its stop texts is said.

    Raises Permanent(CONTEXT_TOO_SMALL) when prompt and answer do not fit the model.
    """
    max_tokens = asked.max_tokens
    context = ContextWindow(NO_LIMITS)
    segments = segments_of(loaded, conversation, context)
    prompt_tokens = context.tokens
    if prompt_tokens + max_tokens > loaded.context_tokens:
        raise Permanent(
            Failure.CONTEXT_TOO_SMALL,
            f"{prompt_tokens} tokens asked and {max_tokens} to answer: the model has {loaded.context_tokens}",
        )
    cache = loaded.forward.new_cache(prompt_tokens + max_tokens, 0)
    reply = context.add(SpanRole.FRAMES, FIRST, 0)
    ends = loaded.prompt_builder.end_ids
    request = GenerationRequest(
        reply, asked.sampling, ends, max_tokens, allowed=allowed, logprobs=asked.logprobs, schema=asked.schema
    )
    turn = GenerationTurn(cache, Change(), tuple(segments), request)
    outcome = generate(loaded, turn, _until_stop(turn, asked.stops, on_text))
    text = loaded.decode(outcome.ids)
    reason = "stop" if outcome.ended or has_stop(text, asked.stops) else "length"
    told = None if asked.logprobs is None else _logprobs(loaded, outcome)
    return Answer(text, prompt_tokens, len(outcome.ids), reason, told)


def _logprobs(loaded: LoadedModel, outcome: GenerationResult) -> tuple[TokenLogprob, ...]:
    """The chances with the tokens' texts; a token that is a part of a character is a mark of its own."""
    return tuple(
        TokenLogprob(
            loaded.decode((token,)),
            chance.logprob,
            tuple((loaded.decode((other,)), logprob) for other, logprob in chance.likeliest),
        )
        for token, chance in zip(outcome.ids, outcome.chances, strict=True)
    )


def _until_stop(turn: GenerationTurn, stops: Sequence[str], on_text: OnText | None) -> OnText | None:
    """Ends the turn at its next step once a stop text has been said."""
    if not stops:
        return on_text
    said = ""

    def listen(piece: str) -> None:
        nonlocal said
        said += piece
        turn.stopped = turn.stopped or has_stop(said, stops)
        if on_text is not None:
            on_text(piece)

    return listen


def segments_of(loaded: LoadedModel, conversation: Conversation, context: ContextWindow) -> Sequence[PromptSegment]:
    """A conversation up to its answer as new spans of a context."""
    layout = loaded.family.conversation(loaded.tokens, conversation.turns)
    return [
        image_input(context, FIRST, conversation.pictures[part.picture], loaded.geometry)
        if isinstance(part, ImageSlot)
        else PromptSegment(context.add(SpanRole.FRAMES, FIRST, len(part)), part)
        for part in layout
    ]
