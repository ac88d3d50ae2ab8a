"""An object of the job's schema beside each caption's text, from what was seen while it was said."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs

from db.documents.kinds.video import Cue, VideoCaptionParams
from db.failures import Failure
from worker.engine.protocol import ChatRequest, Chunk, Engine, Frame, ModelInfo, OnText
from worker.errors import Permanent

MOST_FRAMES = 8  # of a caption, evenly; a long one is held in memory by twice as many at most


def validator_of(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    """What tells whether an object keeps to a schema; patterns take linear time, and no reference leaves the schema.

    Raises Permanent (BAD_PARAMS) for what is no schema of an object.
    """
    if schema.get("type") != "object":
        raise Permanent(Failure.BAD_PARAMS, 'cue_schema must be a schema of an object: say "type": "object"')
    try:
        return jsonschema_rs.validator_for(schema, pattern_options=jsonschema_rs.RegexOptions(), offline=True)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        raise Permanent(Failure.BAD_PARAMS, f"cue_schema is not a JSON schema: {str(error)[:300]}") from error


def refuse_cue_schema(params: VideoCaptionParams, model: ModelInfo) -> None:
    """Raise Permanent for a schema that is none (BAD_PARAMS), or that this model cannot be held to (UNSUPPORTED)."""
    if params.cue_schema is None:
        return
    validator_of(params.cue_schema)
    if not model.structured:
        what = f"the model {model.name} cannot be held to a schema: leave cue_schema out, or choose another model"
        raise Permanent(Failure.UNSUPPORTED, what)


class CueData:
    """Asks the model about each caption; one that it cannot answer within the token limit has no object."""

    def __init__(self, engine: Engine, params: VideoCaptionParams) -> None:
        self._engine, self._params = engine, params
        self._schema = params.cue_schema
        self._validator = validator_of(params.cue_schema) if params.cue_schema is not None else None
        self._seen: list[tuple[int, Frame]] = []  # a frame a chunk, of the captions that are still open

    def see(self, chunk: Chunk) -> None:
        """Remember the middle picture of a chunk."""
        if self._schema is None or not chunk.frames:
            return
        self._seen.append((chunk.index, chunk.frames[len(chunk.frames) // 2]))
        if len(self._seen) > 2 * MOST_FRAMES:
            self._seen = self._seen[::2]

    def fill(self, cues: list[Cue], on_text: OnText | None) -> list[Cue]:
        """The captions with their objects. `on_text` hears nothing of them: only the chance to be stopped.

        Raises what the engine's `chat` raises.
        """
        return cues if self._schema is None else [self._filled(cue, on_text) for cue in cues]

    def _filled(self, cue: Cue, on_text: OnText | None) -> Cue:
        frames = [frame for index, frame in self._seen if cue.chunk_first <= index <= cue.chunk_last]
        self._seen = [(index, frame) for index, frame in self._seen if index > cue.chunk_last]
        for tokens in (self._params.cue_schema_tokens, 2 * self._params.cue_schema_tokens):
            data = self._asked(cue, frames, tokens, on_text)
            if data is not None:
                return cue.model_copy(update={"data": data})
        return cue

    def _asked(self, cue: Cue, frames: list[Frame], tokens: int, on_text: OnText | None) -> dict[str, Any] | None:
        """The model's object; None where it keeps not to the schema: it was cut off, or a server ignored it."""
        request = ChatRequest(self._messages(cue, frames), tokens, self._params.sampling, self._schema)
        answer = self._engine.chat(request, None if on_text is None else lambda _: on_text(""))
        try:
            data = json.loads(answer.text)
        except ValueError:
            return None
        return data if self._validator is not None and self._validator.is_valid(data) else None

    def _messages(self, cue: Cue, frames: list[Frame]) -> list[dict[str, Any]]:
        step = max(1, -(-len(frames) // MOST_FRAMES))
        shown = [{"type": "image", "image": frame.pixels} for frame in frames[::step]]
        asked = (
            f"These are pictures of a video, in order. What was said of them: {cue.text}\n"
            f"Answer with one JSON object of this schema and nothing else:\n{json.dumps(self._schema)}"
        )
        system = [{"role": "system", "content": self._params.system}] if self._params.system else []
        return [*system, {"role": "user", "content": [*shown, {"type": "text", "text": asked}]}]
