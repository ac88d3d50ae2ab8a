"""What a hybrid's job keeps of its recurrent state: two snapshots at most in one pass, none in segments of one engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from db.documents.kinds.base import MediaInput
from db.documents.kinds.video import Cue, VideoCaptionParams, VideoCaptionResult
from tests.worker.engines.models import tiny_engine
from tests.worker.video.footage import looped, sample_clip
from worker.context import LocalContext
from worker.engines.pytorch import PytorchEngine
from worker.errors import Stopped
from worker.video.distributed import SplitJobs
from worker.video.handler import caption_video

pytestmark = pytest.mark.slow

CHUNKS, CHUNK_MS = 104, 250
PARAMS = VideoCaptionParams.model_validate(
    {
        "video": MediaInput(asset_id="x"),
        "end_ms": CHUNKS * CHUNK_MS,
        "fps": 4.0,
        "chunk_ms": CHUNK_MS,
        "max_frame_pixels": 32 * 32,
        "max_tokens_per_chunk": 2,
        "window": {"text_sink_tokens": 20, "text_window_tokens": 20, "vision_ms": 1000},
        "segments": 2,
        "warmup_ms": 0,
    }
)


class Keeping(LocalContext):
    """A context that counts the snapshots it holds, and may split."""

    may_split = True
    segments: Sequence[Any] = ()
    most = 0

    def keep(self, path: Path) -> None:
        super().keep(path)
        self.most = max(self.most, len(self.snapshots))

    def emit(self, cues: Sequence[Cue], checkpoint: dict[str, Any], done_ms: int | None = None) -> None:
        super().emit(cues, checkpoint, done_ms)
        assert set(self.snapshots) == set(checkpoint.get("snapshots", ())), "what is named is there, and nothing else"


@pytest.fixture(scope="module")
def engine() -> Iterator[PytorchEngine]:
    engine = tiny_engine("qwen3_5")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return looped(sample_clip("carphone_pristine.mp4"), tmp_path_factory.mktemp("clip") / "clip.mp4", 27)


def folder_in(parent: Path, name: str) -> Path:
    made = parent / name
    made.mkdir()
    return made


def test_one_pass_keeps_two_at_most(engine: PytorchEngine, clip: Path, tmp_path: Path) -> None:
    job = Keeping(engine, clip, kept=tmp_path)
    result = caption_video(PARAMS, job)
    assert isinstance(result, VideoCaptionResult)
    assert result.chunks == CHUNKS
    assert job.most == 2


def test_segments_of_one_engine_keep_none_and_a_restart_says_where_their_state_began_anew(
    engine: PytorchEngine, clip: Path, tmp_path: Path
) -> None:
    wanted = PARAMS.model_copy(update={"mode": "parallel", "spread": "engine"})
    beats = iter(range(10**6))

    def stop() -> None:
        if next(beats) > 100:
            raise Stopped

    first = Keeping(engine, clip, kept=tmp_path, stop=stop)
    with pytest.raises(Stopped):
        caption_video(wanted, first)
    assert first.checkpoint is not None
    again = Keeping(engine, clip, kept=tmp_path, resume=first.checkpoint, stored=first.cues())
    result = caption_video(wanted, again)
    assert isinstance(result, VideoCaptionResult)
    assert (result.chunks, first.most, again.most) == (CHUNKS, 0, 0)
    assert result.resumed_at_ms
    assert result.refreshed_at_ms, "without a snapshot the state began anew, and the result says so"
    assert set(result.refreshed_at_ms) <= set(result.resumed_at_ms)


def test_segments_that_are_jobs_keep_two_at_most_each_and_their_parent_none(
    engine: PytorchEngine, clip: Path, tmp_path: Path
) -> None:
    parent = Keeping(engine, clip, kept=folder_in(tmp_path, "parent"))
    split = caption_video(PARAMS.model_copy(update={"mode": "parallel", "spread": "workers"}), parent)
    assert isinstance(split, SplitJobs)
    for index, body in enumerate(split.segments):
        job = Keeping(engine, clip, kept=folder_in(tmp_path, str(index)))
        caption_video(VideoCaptionParams.model_validate(body), job)
        assert 1 <= job.most <= 2
    assert parent.most == 0
