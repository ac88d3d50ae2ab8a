"""A job split over several workers: its segments, run as jobs of their own, join into what one pass gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from db.documents.kinds.base import MediaInput
from db.documents.kinds.video import Cue, VideoCaptionParams, VideoCaptionResult
from db.failures import Failure
from tests.worker.video.footage import looped, numbered, write_video
from worker.context import LocalContext
from worker.engine.protocol import Engine
from worker.engines import load_engine
from worker.errors import Permanent
from worker.video.distributed import SplitJobs
from worker.video.handler import caption_video

BODY = {
    "video": MediaInput(asset_id="x"),
    "chunk_ms": 500,
    "mode": "parallel",
    "spread": "workers",
    "segments": 3,
    "warmup_ms": 1000,
    "start_ms": 700,
}


@dataclass
class Done:
    """What a segment's job left."""

    index: int
    result: dict[str, Any] | None
    failure: Failure | None
    cues: Sequence[Cue]


class Service(LocalContext):
    """A context that may split."""

    may_split = True

    def __init__(self, clip: Path, segments: Sequence[Done] = (), engine: Engine | None = None, **more: Any) -> None:
        super().__init__(engine or load_engine("fake"), clip, **more)
        self.segments = segments


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    once = write_video(folder / "once.mp4", numbered(120), options={"g": "30", "preset": "ultrafast"})
    return looped(once, folder / "clip.mp4", 16)


def params(**more: Any) -> VideoCaptionParams:
    return VideoCaptionParams.model_validate(BODY | more)


def work_off(clip: Path, split: SplitJobs, engine: Engine | None = None) -> list[Done]:
    done = []
    for index, body in enumerate(split.segments):
        job = Service(clip, engine=engine)
        result = caption_video(VideoCaptionParams.model_validate(body), job)
        assert isinstance(result, VideoCaptionResult)
        done.append(Done(index, result.model_dump(mode="json"), None, job.cues()))
    return done


@pytest.mark.parametrize("skip_similar", [None, 0.01])
def test_joined_segments_are_what_one_pass_gives(clip: Path, skip_similar: float | None) -> None:
    wanted = params(skip_similar=skip_similar)
    split = caption_video(wanted, Service(clip))
    assert isinstance(split, SplitJobs)
    assert len(split.segments) == 3
    parent = Service(clip, list(reversed(work_off(clip, split))), resume={"split": 3})
    joined = caption_video(wanted, parent)
    alone = LocalContext(load_engine("fake"), clip)
    whole = caption_video(wanted.model_copy(update={"mode": "stream"}), alone)
    assert isinstance(joined, VideoCaptionResult)
    assert isinstance(whole, VideoCaptionResult)
    assert [(c.seq, c.start_ms, c.end_ms) for c in parent.cues()] == [
        (c.seq, c.start_ms, c.end_ms) for c in alone.cues()
    ]
    assert [(c.chunk_first, c.chunk_last) for c in parent.cues()] == [
        (c.chunk_first, c.chunk_last) for c in alone.cues()
    ]
    assert (joined.cues, joined.chunks, joined.duration_ms) == (whole.cues, whole.chunks, whole.duration_ms)


def test_a_failed_segment_leaves_the_others_a_gap_and_its_code(clip: Path) -> None:
    split = caption_video(params(), Service(clip))
    assert isinstance(split, SplitJobs)
    done = work_off(clip, split)
    done[1] = Done(1, None, Failure.POISON, done[1].cues[:4])
    parent = Service(clip, done, resume={"split": 3})
    with pytest.raises(Permanent) as caught:
        caption_video(params(), parent)
    assert caught.value.code is Failure.POISON
    assert parent.cues()[-1].end_ms > 15_000
    assert [gap for gap in parent.gaps if "failed" in gap.reason]


def test_joining_again_after_a_crash_stores_nothing_twice(clip: Path) -> None:
    split = caption_video(params(), Service(clip))
    assert isinstance(split, SplitJobs)
    done = work_off(clip, split)
    first = Service(clip, done, resume={"split": 3})
    caption_video(params(), first)
    again = Service(clip, done, resume=first.checkpoint, stored=first.cues())
    result = caption_video(params(), again)
    assert again.cues() == first.cues()
    assert isinstance(result, VideoCaptionResult)
    assert result.cues == len(first.cues())


def test_a_context_that_may_not_split_does_it_alone(clip: Path) -> None:
    job = LocalContext(load_engine("fake"), clip)
    assert isinstance(caption_video(params(), job), VideoCaptionResult)
