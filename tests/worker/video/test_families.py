"""A real clip through every family with tiny random weights: right chunks, right times, and a restart that resumes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.documents.kinds.base import MediaInput
from db.documents.kinds.video import VideoCaptionParams
from tests.worker.engines.models import STOCK, tiny_engine
from tests.worker.video.footage import looped, sample_clip
from worker.context import LocalContext
from worker.engines.pytorch import PytorchEngine
from worker.errors import Stopped
from worker.video.handler import caption_video

pytestmark = pytest.mark.slow

CHUNK_MS = 20_000  # 180 chunks an hour: the model's time counts here, not the decoder's
PARAMS = VideoCaptionParams.model_validate(
    {
        "video": MediaInput(asset_id="x"),
        "fps": 0.1,
        "chunk_ms": CHUNK_MS,
        "max_frame_pixels": 28 * 28,
        "max_tokens_per_chunk": 2,
        "window": {"text_sink_tokens": 16, "text_window_tokens": 16, "vision_ms": 60_000},
        "max_cue_ms": CHUNK_MS,
    }
)


@pytest.fixture(scope="module", params=STOCK)
def engine(request: pytest.FixtureRequest) -> Iterator[PytorchEngine]:
    engine = tiny_engine(request.param)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def hour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An hour of a real clip, repeated by remuxing and slowed down to 2.5 pictures a second."""
    folder = tmp_path_factory.mktemp("hour")
    return looped(sample_clip("carphone_pristine.mp4"), folder / "hour.mp4", 3600, slower=12)


def test_an_hour_gives_its_chunks_at_their_times(engine: PytorchEngine, hour: Path) -> None:
    job = LocalContext(engine, hour)
    result = caption_video(PARAMS, job)
    assert result.chunks == -(-result.duration_ms // CHUNK_MS)
    assert 180 <= result.chunks <= 182
    assert result.frames == -(-result.duration_ms // 10_000)
    assert result.cues + result.silent_chunks == result.chunks
    assert result.provenance.family == engine.info.family
    for cue in job.cues():
        assert 0 <= cue.start_ms - CHUNK_MS * cue.chunk_first <= 400
        assert cue.end_ms <= CHUNK_MS * (cue.chunk_last + 1)


def test_a_stopped_run_goes_on_where_it_was(engine: PytorchEngine, hour: Path) -> None:
    wanted = PARAMS.model_copy(update={"end_ms": 30 * CHUNK_MS})
    calls = iter(range(10**6))

    def stop() -> None:
        if next(calls) > 50:
            raise Stopped

    first = LocalContext(engine, hour, stop=stop)
    with pytest.raises(Stopped):
        caption_video(wanted, first)
    assert first.checkpoint is not None
    second = LocalContext(engine, hour, resume=first.checkpoint, stored=first.cues())
    result = caption_video(wanted, second)
    assert result.chunks == 30
    assert result.resumed_at_ms
    assert [cue.seq for cue in second.cues()] == list(range(result.cues))
    starts = [cue.chunk_first for cue in second.cues()]
    assert starts == sorted(set(starts))


def test_segments_of_one_engine_run_side_by_side(engine: PytorchEngine, hour: Path) -> None:
    wanted = PARAMS.model_copy(update={"end_ms": 24 * CHUNK_MS, "mode": "parallel", "segments": 4, "warmup_ms": 40_000})
    job = LocalContext(engine, hour)
    result = caption_video(wanted, job)
    assert result.chunks == 24
    starts = [cue.chunk_first for cue in job.cues()]
    assert starts == sorted(set(starts))
