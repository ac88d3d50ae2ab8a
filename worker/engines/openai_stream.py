"""A video watched through a server that forgets: each chunk is asked about with the frames in sight and the last captions.

What a stream of our own keeps in its cache is sent again with every chunk here; how much that is stands in the cost of
each reply.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from db.documents.kinds.video import Window
from db.failures import Failure
from worker.engine.protocol import Answer, ChatRequest, Chunk, Frame, OnText, Reply, RequestCost, WatchOptions
from worker.errors import Permanent

Ask = Callable[[ChatRequest, OnText | None], Answer]

VERSION = 1
SILENCE = "-"
PIXELS_A_TOKEN = 28 * 28  # of the common vision towers, the fewest
CHARS_A_TOKEN = 4  # of English, about; the server's tokenizer is not known here
INSTRUCTION = (
    "You are shown a video as it is played, a few pictures at a time. Say in one or two sentences what happens in the pictures "
    f"marked NEW, without repeating a caption; if nothing happens there that no caption says, answer with {SILENCE} alone."
)


@dataclass(frozen=True)
class ToldCaption:
    """A caption as the server is reminded of it."""

    start_ms: int
    end_ms: int
    text: str
    tokens: int


def refuse_small_context(options: WatchOptions, context_tokens: int) -> None:
    """Raise Permanent (CONTEXT_TOO_SMALL) where the frames in sight, the captions and a reply may not fit."""
    window = options.window
    frames = -(-(window.vision_ms + options.chunk_ms) * options.fps // 1000) + 1
    pictures = int(frames) * -(-options.max_frame_pixels // PIXELS_A_TOKEN)
    words = (len(options.prompt) + len(options.system or "") + len(INSTRUCTION)) // CHARS_A_TOKEN
    needed = pictures + words + window.text_window_tokens + options.max_tokens_per_chunk
    if needed > context_tokens:
        raise Permanent(
            Failure.CONTEXT_TOO_SMALL,
            f"about {needed} tokens needed, {context_tokens} are the model's context: "
            "take a smaller window.vision_ms, fps or max_frame_pixels",
        )


class ForgetfulSession:
    """One video being watched through a server; see `worker.engine.protocol.Session`."""

    def __init__(self, ask: Ask, options: WatchOptions, checkpoint: dict[str, Any] | None = None) -> None:
        self._ask, self._options = ask, options
        state = checkpoint or {"version": VERSION, "options": _digest(options), "next_chunk": 0, "seen": [], "said": []}
        if state.get("version") != VERSION or state["options"] != _digest(options):
            raise Permanent(Failure.BAD_PARAMS, "the checkpoint belongs to other options or another version")
        self._next_chunk: int = state["next_chunk"]
        self._said = [ToldCaption(**said) for said in state["said"]]
        self._seen: list[tuple[int, int]] = [(index, end_ms) for index, end_ms in state["seen"]]  # in sight: chunk, end
        self._frames: dict[int, tuple[Frame, ...]] = {}

    def feed(self, chunk: Chunk, on_text: OnText | None = None) -> Reply:
        """Ask about a chunk. Raises what the server's trouble means, and Permanent (INTERNAL) for a chunk shown before."""
        if chunk.index < self._next_chunk:
            raise Permanent(Failure.INTERNAL, f"chunk {chunk.index} was already shown")
        if not chunk.frames:
            self._next_chunk = chunk.index + 1
            return Reply("")
        self._forget(chunk.end_ms)
        earlier = [frame for index, _ in self._seen for frame in self._frames.get(index, ())]
        request = ChatRequest(
            _messages(self._options, self._said, earlier, chunk.frames),
            self._options.max_tokens_per_chunk,
            self._options.sampling.model_copy(update={"seed": (self._options.sampling.seed + chunk.index) % 2**31}),
        )
        answer = self._ask(request, _heard(on_text))
        text = _caption(answer.text)
        self._remember(chunk, text, answer.completion_tokens)
        return Reply(text, cost=_cost(answer, len(earlier), len(chunk.frames)))

    def rewatch(self, chunk: Chunk) -> None:
        """Take a chunk in sight at the checkpoint without asking about it."""
        if any(index == chunk.index for index, _ in self._seen):
            self._frames[chunk.index] = chunk.frames

    def checkpoint(self) -> dict[str, Any]:
        """See `worker.engine.protocol.Session`; the captions said are in it."""
        return {
            "version": VERSION,
            "options": _digest(self._options),
            "next_chunk": self._next_chunk,
            "rewatch_from_chunk": self._seen[0][0] if self._seen else self._next_chunk,
            "seen": [list(pair) for pair in self._seen],
            "said": [asdict(said) for said in self._said],
        }

    def snapshot(self, folder: Path) -> Path | None:
        """Nothing: the server keeps no state of the stream."""
        return None

    def close(self) -> None:
        """See `worker.engine.protocol.Session`."""
        self._frames.clear()

    def _forget(self, now_ms: int) -> None:
        """Let frames out of sight that are older than the window."""
        oldest_ms = now_ms - self._options.window.vision_ms
        self._seen = [(index, end_ms) for index, end_ms in self._seen if end_ms > oldest_ms]
        in_sight = {index for index, _ in self._seen}
        self._frames = {index: frames for index, frames in self._frames.items() if index in in_sight}

    def _remember(self, chunk: Chunk, text: str, tokens: int) -> None:
        self._next_chunk = chunk.index + 1
        self._seen.append((chunk.index, chunk.end_ms))
        self._frames[chunk.index] = chunk.frames
        self._forget(chunk.end_ms)
        if text:
            self._said = recent(
                [*self._said, ToldCaption(chunk.start_ms, chunk.end_ms, text, tokens)], self._options.window
            )


def recent(said: Sequence[ToldCaption], window: Window) -> list[ToldCaption]:
    """The last captions, as many as the text window holds."""
    kept: list[ToldCaption] = []
    left = window.text_window_tokens
    for one in reversed(said):
        left -= max(one.tokens, len(one.text) // CHARS_A_TOKEN, 1)
        if left < 0:
            break
        kept.append(one)
    return kept[::-1]


def _messages(
    options: WatchOptions, said: Sequence[ToldCaption], earlier: Sequence[Frame], new: Sequence[Frame]
) -> list[dict[str, Any]]:
    system = "\n\n".join(part for part in (options.system, INSTRUCTION) if part)
    captions = "\n".join(f"[{_seconds(one.start_ms)} to {_seconds(one.end_ms)}] {one.text}" for one in said)
    told = options.prompt if not captions else f"{options.prompt}\n\nThe last captions:\n{captions}"
    content: list[dict[str, Any]] = [{"type": "text", "text": told}]
    for mark, frames in (("SEEN", earlier), ("NEW", new)):
        if frames:
            span = f"{mark}: {_seconds(frames[0].pts_ms)} to {_seconds(frames[-1].pts_ms)}"
            content += [{"type": "text", "text": span}, {"type": "video", "video": tuple(frames)}]
    return [{"role": "system", "content": system}, {"role": "user", "content": content}]


def _heard(on_text: OnText | None) -> OnText | None:
    """Whoever listens hears no sign of silence; an empty piece still is a chance to stop."""
    if on_text is None:
        return None
    return lambda piece: on_text("" if piece.strip() == SILENCE else piece)


def _caption(text: str) -> str:
    """What a caption says; a dash alone is silence."""
    said = text.strip()
    return "" if said.strip(".-–— \"'") == "" else said


def _cost(answer: Answer, earlier: int, new: int) -> RequestCost:
    resent = round(answer.prompt_tokens * earlier / (earlier + new))
    return RequestCost(1, earlier + new, earlier, answer.prompt_tokens, answer.completion_tokens, resent)


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.1f} s"


def _digest(options: WatchOptions) -> str:
    """Identity of the options; the frame budget may differ after a retry with less memory."""
    return hashlib.sha256(repr(replace(options, max_frame_pixels=0)).encode()).hexdigest()
