"""A schema for every caption: whatever a model with random weights babbles, what leaves is valid or nothing."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from db.documents import captions
from db.documents.kinds.base import MediaInput
from db.documents.kinds.video import Cue, VideoCaptionParams
from db.failures import Failure
from tests.worker.engines.model_server_process import model_server
from tests.worker.engines.models import tiny_engine
from tests.worker.video.footage import numbered, write_video
from tests.worker.video.test_distributed import Service, work_off
from worker.context import LocalContext
from worker.engine.protocol import Answer, ChatRequest, ModelInfo, OnText
from worker.engines import load_engine
from worker.engines.fake import FakeEngine
from worker.engines.openai import OpenAIEngine
from worker.engines.pytorch import PytorchEngine
from worker.engines.spec import ModelSpec
from worker.errors import Permanent, Stopped
from worker.video.distributed import SplitJobs
from worker.video.handler import caption_video

SCHEMA = {
    "type": "object",
    "properties": {"people": {"type": "integer", "minimum": 0, "maximum": 9}, "place": {"enum": ["yard", "street"]}},
    "required": ["people", "place"],
    "additionalProperties": False,
}
ENDLESS = {"type": "object", "properties": {"text": {"type": "string", "minLength": 5000}}, "required": ["text"]}


def params(**more: Any) -> VideoCaptionParams:
    given = {"video": MediaInput(asset_id="x"), "chunk_ms": 1000, "max_frame_pixels": 784, "max_tokens_per_chunk": 6}
    return VideoCaptionParams.model_validate({**given, "silence_threshold": 1.0, "cue_schema": SCHEMA, **more})


@pytest.fixture(scope="module")
def engine() -> Iterator[PytorchEngine]:
    loaded = tiny_engine("qwen2_5_vl")
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", numbered(20), rate=4)


@pytest.mark.parametrize("mode", ["stream", "parallel"])
def test_every_caption_has_an_object_that_keeps_to_the_schema(engine: PytorchEngine, clip: Path, mode: str) -> None:
    job = LocalContext(engine, clip)
    result = caption_video(params(mode=mode, segments=2, warmup_ms=1000), job)
    assert len(job.cues()) == result.cues > 1  # type: ignore[union-attr]
    assert all(jsonschema_rs.is_valid(SCHEMA, cue.data) for cue in job.cues())
    assert all(f'"people":{cue.data["people"]}' in line for cue, line in lines_of(job) if cue.data)
    assert "cues_without_data" not in result.model_dump()  # type: ignore[union-attr]


def lines_of(job: LocalContext) -> list[tuple[Any, str]]:
    return [*zip(job.cues(), captions.jsonl(job.cues()).splitlines(), strict=True)]


def test_what_is_cut_off_does_not_leave(engine: PytorchEngine, clip: Path) -> None:
    job = LocalContext(engine, clip)
    result = caption_video(params(cue_schema=ENDLESS, cue_schema_tokens=16), job)
    assert [cue.data for cue in job.cues()] == [None] * result.cues  # type: ignore[union-attr]
    assert result.cues_without_data == result.cues > 0  # type: ignore[union-attr]


def test_without_a_schema_nothing_is_different(engine: PytorchEngine, clip: Path) -> None:
    with_schema, without = LocalContext(engine, clip), LocalContext(engine, clip)
    caption_video(params(), with_schema)
    caption_video(params(cue_schema=None), without)
    assert [cue.text for cue in with_schema.cues()] == [cue.text for cue in without.cues()]
    assert all('"data"' not in cue.model_dump_json() for cue in without.cues())


class Counting(FakeEngine):
    """Keeps how many pictures each object was asked about."""

    def __init__(self) -> None:
        super().__init__(ModelSpec.parse("counting=fake:"))
        self.pictures: list[int] = []

    @property
    def info(self) -> ModelInfo:
        return replace(super().info, structured=True)

    def chat(self, request: ChatRequest, on_text: OnText | None = None) -> Answer:
        self.pictures.append(sum(part["type"] == "image" for part in request.messages[-1]["content"]))
        return Answer('{"people": 3, "place": "yard"}', 10, 5, "stop")


class Broken(LocalContext):
    """Is lost after its second checkpoint."""

    left = 2

    def emit(self, cues: Sequence[Cue], checkpoint: dict[str, Any], done_ms: int | None = None) -> None:
        super().emit(cues, checkpoint, done_ms)
        self.left -= 1
        if not self.left:
            raise Stopped


def test_a_caption_that_is_open_at_a_checkpoint_keeps_its_pictures(clip: Path) -> None:
    whole, first, second = Counting(), Counting(), Counting()
    caption_video(params(), LocalContext(whole, clip))
    broken = Broken(first, clip)
    with pytest.raises(Stopped):
        caption_video(params(), broken)
    after = LocalContext(second, clip, resume=broken.checkpoint, stored=broken.cues())
    caption_video(params(), after)
    assert [*first.pictures, *second.pictures] == whole.pictures == [1] * len(after.cues())
    assert 0 < len(broken.cues()) < len(after.cues())


def test_through_a_server_every_caption_has_an_object_and_what_ignores_the_schema_has_none(
    clip: Path, tmp_path: Path
) -> None:
    answers = {"chat": "I see ASKED.", "In_the_yard": '{"people": 3, "place": "yard"}', "answer": "Three people."}
    with model_server(tmp_path, answers) as address:
        far = OpenAIEngine(ModelSpec.parse(f"far=openai:{address}?model=plain&context_tokens=32768"))
        kept, ignored = LocalContext(far, clip), LocalContext(far, clip)
        caption_video(params(cue_schema={**SCHEMA, "title": "In the yard"}), kept)
        result = caption_video(params(), ignored)
    assert [cue.data for cue in kept.cues()] == [{"people": 3, "place": "yard"}] * len(kept.cues())
    assert len(kept.cues()) == len(ignored.cues()) > 1
    assert {cue.data for cue in ignored.cues()} == {None}
    assert result.cues_without_data == len(ignored.cues())  # type: ignore[union-attr]


def test_segments_of_other_workers_bring_their_objects_along(clip: Path) -> None:
    wanted = params(mode="parallel", spread="workers", segments=2, warmup_ms=1000)
    split = caption_video(wanted, Service(clip, engine=Counting()))
    assert isinstance(split, SplitJobs)
    parent = Service(clip, work_off(clip, split, Counting()), resume={"split": 2}, engine=Counting())
    joined = caption_video(wanted, parent)
    assert [cue.data for cue in parent.cues()] == [{"people": 3, "place": "yard"}] * joined.cues  # type: ignore[union-attr]
    assert joined.cues > 2  # type: ignore[union-attr]
    assert parent.engine.pictures == []  # type: ignore[attr-defined]


def test_a_job_may_be_stopped_while_an_object_is_written(engine: PytorchEngine, clip: Path) -> None:
    class Stopping(LocalContext):
        said = 0

        def text(self, piece: str) -> None:
            self.said += 1
            if self.said > 30:  # within the first object: a caption has six tokens
                raise Stopped

    job = Stopping(engine, clip)
    with pytest.raises(Stopped):
        caption_video(params(cue_schema=ENDLESS, cue_schema_tokens=4096), job)
    assert job.said < 60


@pytest.mark.parametrize(
    ("schema", "code"),
    [
        ({"type": "string"}, Failure.BAD_PARAMS),
        ({"type": "object", "properties": {"a": {"type": "nonsense"}}}, Failure.BAD_PARAMS),
        ({"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:1/a.json"}}}, Failure.BAD_PARAMS),
        ({"type": "object", "properties": {"a": {"$ref": "file:///etc/hostname"}}}, Failure.BAD_PARAMS),
        (SCHEMA, Failure.UNSUPPORTED),
    ],
)
def test_a_schema_that_cannot_be_kept_is_refused_before_any_work(
    clip: Path, schema: dict[str, Any], code: Failure
) -> None:
    def never(*_: object) -> Path:
        raise AssertionError("the video was asked for")

    job = LocalContext(load_engine("fake"), clip)
    job.fetch = functools.partial(never)  # type: ignore[method-assign]
    with pytest.raises(Permanent) as refused:
        caption_video(params(cue_schema=schema), job)
    assert refused.value.code is code
