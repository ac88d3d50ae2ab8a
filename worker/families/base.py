"""What a family of checkpoints is: how turns, stamps and pictures become tokens; ChatML as Qwen writes it by default."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from worker.engine.protocol import Frame

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
HALF = (0.5, 0.5, 0.5)


class Tokenizer(Protocol):
    """What is asked of a tokenizer."""

    def text(self, text: str) -> tuple[int, ...]:
        """Ids of plain text; marks such as `<|im_end|>` in it are text, never special tokens."""
        ...

    def mark(self, name: str) -> int:
        """Id of a special token, for example `<|im_end|>`."""
        ...


@dataclass(frozen=True)
class ImageSlot:
    """Place of one picture in a layout: `tokens` placeholders, and which picture of the input stands there."""

    picture: int


Layout = tuple[tuple[int, ...] | ImageSlot, ...]
"""Runs of text ids and pictures, in order; two runs of text never touch."""


def span_chunk_stamp(start_ms: int, end_ms: int) -> str:
    """`Time=12.0-14.0s`, once a chunk (StreamingVLM's format for Qwen2 and Qwen2.5)."""
    return f"Time={start_ms / 1000:.1f}-{end_ms / 1000:.1f}s"


def seconds_group_stamp(group: Sequence[Frame]) -> str:
    """`<12.2 seconds>`: the middle of the first and last frame of a group, as Qwen3-VL's processor writes it."""
    return f"<{(group[0].pts_ms + group[-1].pts_ms) / 2000:.1f} seconds>"


@dataclass(frozen=True)
class Family:
    """One family; `model_type` is what its config.json says, `code` a module to import before loading."""

    name: str
    model_type: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    write_chunk_stamp: Callable[[int, int], str] | None = None
    write_group_stamp: Callable[[Sequence[Frame]], str] | None = None
    default_system: str | None = None
    code: str | None = None
    end_marks: tuple[str, ...] = ("<|im_end|>", "<|endoftext|>")
    reply_prefix: tuple[str, ...] = ()
    """What stands between the assistant's header and the first word of a reply: marks (`<...>`) and text."""

    def chunk_stamp(self, start_ms: int, end_ms: int) -> str:
        """What stands before a chunk's frames."""
        return self.write_chunk_stamp(start_ms, end_ms) if self.write_chunk_stamp else ""

    def group_stamp(self, group: Sequence[Frame]) -> str:
        """What stands before a frame group."""
        return self.write_group_stamp(group) if self.write_group_stamp else ""

    def turn(self, tokens: Tokenizer, role: str, text: str) -> tuple[int, ...]:
        """A whole turn of text."""
        return (*self.turn_start(tokens, role, text), *self.turn_end(tokens))

    def turn_start(self, tokens: Tokenizer, role: str, text: str = "") -> tuple[int, ...]:
        """Tokens that begin a turn of `role` (system, user, assistant), with the first words of it."""
        return (tokens.mark("<|im_start|>"), *tokens.text(f"{role}\n{text}"))

    def turn_end(self, tokens: Tokenizer) -> tuple[int, ...]:
        """Tokens that end a turn."""
        return (tokens.mark("<|im_end|>"), *tokens.text("\n"))

    def pinned(self, tokens: Tokenizer, prompt: str, system: str | None) -> tuple[int, ...]:
        """What a stream starts with and never forgets."""
        system = self.default_system if system is None else system
        start = () if system is None else self.turn(tokens, "system", system)
        return (*start, *self.turn(tokens, "user", prompt))

    def frames(self, tokens: Tokenizer, times_ms: tuple[int, int], groups: Sequence[Sequence[Frame]]) -> Layout:
        """A chunk's user turn; `times_ms` is (start, end)."""
        parts = LayoutBuilder()
        parts.add(self.turn_start(tokens, "user", self.chunk_stamp(*times_ms)))
        self.add_video(tokens, parts, groups)
        parts.add(self.turn_end(tokens))
        return parts.layout()

    def reply_start(self, tokens: Tokenizer) -> tuple[int, ...]:
        """Everything before the first word of a reply."""
        start = [*self.turn_start(tokens, "assistant")]
        for piece in self.reply_prefix:
            start.extend((tokens.mark(piece),) if piece.startswith("<") else tokens.text(piece))
        return tuple(start)

    def end_ids(self, tokens: Tokenizer) -> tuple[int, ...]:
        """Tokens that end a reply; as the first token of a reply, they are silence."""
        return tuple(tokens.mark(name) for name in self.end_marks)

    def conversation(self, tokens: Tokenizer, turns: Sequence[ChatTurn]) -> Layout:
        """A chat up to the start of the assistant's answer."""
        parts = LayoutBuilder()
        if self.default_system is not None and (not turns or turns[0].role != "system"):
            parts.add(self.turn(tokens, "system", self.default_system))
        for turn in turns:
            parts.add(self.turn_start(tokens, turn.role))
            for part in turn.parts:
                self._add_part(tokens, parts, part)
            parts.add(self.turn_end(tokens))
        parts.add(self.reply_start(tokens))
        return parts.layout()

    def _add_part(self, tokens: Tokenizer, parts: LayoutBuilder, part: Any) -> None:
        if isinstance(part, str):
            parts.add(tokens.text(part))
        elif isinstance(part, Still):
            self.add_picture(tokens, parts)
        else:
            self.add_video(tokens, parts, part)

    def add_video(self, tokens: Tokenizer, parts: LayoutBuilder, groups: Sequence[Sequence[Frame]]) -> None:
        """Every frame group is a picture of its own between vision marks, after its stamp."""
        for group in groups:
            parts.add(tokens.text(self.group_stamp(group)))
            self.add_picture(tokens, parts)

    def add_picture(self, tokens: Tokenizer, parts: LayoutBuilder) -> None:
        """Append a placeholder for one picture, between the marks that the family sets around it."""
        parts.add((tokens.mark("<|vision_start|>"),))
        parts.add_image()
        parts.add((tokens.mark("<|vision_end|>"),))


@dataclass(frozen=True)
class Still:
    """An image in a conversation."""


@dataclass(frozen=True)
class ChatTurn:
    """One message of a conversation: text, stills, and videos as lists of frame groups."""

    role: str
    parts: tuple[Any, ...]


class LayoutBuilder:
    """A layout under construction."""

    def __init__(self) -> None:
        self._done: list[tuple[int, ...] | ImageSlot] = []
        self._text: list[int] = []
        self._pictures = 0

    def add(self, ids: Sequence[int]) -> None:
        """Append tokens of text."""
        self._text.extend(ids)

    def add_image(self) -> None:
        """Append a placeholder for the next picture."""
        self._flush()
        self._done.append(ImageSlot(self._pictures))
        self._pictures += 1

    def _flush(self) -> None:
        if self._text:
            self._done.append(tuple(self._text))
            self._text = []

    def layout(self) -> Layout:
        """Text and placeholders as appended."""
        self._flush()
        return tuple(self._done)
