"""Hybrids at work: a clip with silence, cues and chapters, chat, and answers held to a schema."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import BaseModel, ConfigDict, Field

from db.documents.kinds.base import MediaInput
from db.documents.kinds.video import VideoCaptionParams
from tests.worker.engines.models import HYBRIDS, tiny_engine
from tests.worker.video.footage import sample_clip
from worker.context import LocalContext
from worker.engine.protocol import ChatRequest
from worker.engines.pytorch import PytorchEngine
from worker.engines.structured import ask
from worker.families.base import ChatTurn, ImageSlot
from worker.video.handler import caption_video

pytestmark = pytest.mark.slow

PARAMS = VideoCaptionParams.model_validate(
    {
        "video": MediaInput(asset_id="x"),
        "fps": 1.0,
        "chunk_ms": 1000,
        "max_frame_pixels": 32 * 32,
        "max_tokens_per_chunk": 3,
        "window": {"text_sink_tokens": 30, "text_window_tokens": 30, "vision_ms": 2000},
    }
)


class Small(BaseModel):
    model_config = ConfigDict(extra="forbid")
    unit: str = Field(pattern="^(mm|inch)$")
    ends: list[bool] = Field(max_length=2)


@pytest.fixture(scope="module", params=HYBRIDS)
def engine(request: pytest.FixtureRequest) -> Iterator[PytorchEngine]:
    engine = tiny_engine(request.param)
    yield engine
    engine.close()


def test_a_clip_becomes_cues_silence_and_chapters(engine: PytorchEngine) -> None:
    clip = sample_clip("carphone_pristine.mp4")
    chattered = LocalContext(engine, clip)
    whole = caption_video(PARAMS.model_copy(update={"silence_threshold": 1.0, "chapters": True}), chattered)
    assert whole.silent_chunks == 0
    assert whole.cues == len(chattered.cues()) > 0
    assert whole.chapters
    assert whole.provenance.family == engine.info.family
    quiet = caption_video(PARAMS.model_copy(update={"silence_threshold": 0.0}), LocalContext(engine, clip))
    assert quiet.silent_chunks == quiet.chunks == whole.chunks


def test_a_conversation_ends_with_the_empty_thought(engine: PytorchEngine) -> None:
    answer = engine.chat(ChatRequest([{"role": "user", "content": "Hello"}], 5))
    asked = engine.loaded.family.conversation(engine.loaded.tokens, (ChatTurn("user", ("Hello",)),))
    assert answer.prompt_tokens == sum(len(part) for part in asked if not isinstance(part, ImageSlot))
    assert answer.completion_tokens == 5
    assert engine.loaded.tokens.mark("</think>") in asked[-1]  # type: ignore[operator]


def test_answers_keep_to_a_schema(engine: PytorchEngine) -> None:
    assert engine.info.structured
    assert ask(engine, [{"role": "user", "content": "Which unit?"}], Small, 400).unit in ("mm", "inch")
