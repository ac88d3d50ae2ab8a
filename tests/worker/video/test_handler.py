"""The `video.caption` handler over real decoded pictures and the scripted engine: exactly once, whatever stops it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import webvtt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.documents.kinds.base import MediaInput
from db.documents.kinds.video import Cue, VideoCaptionParams, VideoCaptionResult
from db.failures import Failure
from tests.worker.video.footage import cut_off, damaged, grey, looped, numbered, remuxed, sample_clip, write_video
from worker.context import LocalContext
from worker.engine.protocol import Chunk
from worker.engines import load_engine
from worker.errors import Permanent, Stopped, Transient
from worker.video.handler import caption_video

MEDIA = MediaInput(asset_id="x")
FAST = {"chunk_ms": 500, "window": {"vision_ms": 2000}, "max_frame_pixels": 784}


def params(**more: Any) -> VideoCaptionParams:
    return VideoCaptionParams.model_validate({"video": MEDIA, **FAST, **more})


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    once = write_video(folder / "once.mp4", numbered(120), options={"g": "30", "preset": "ultrafast"})
    return remuxed(looped(once, folder / "long.mp4", 20), folder / "clip.mp4", {"movflags": "faststart"})


class Died(Exception):
    """The process is gone: nothing runs after it."""


class Unlucky(LocalContext):
    """Dies at a chosen call, before or after the call took effect, as a process would."""

    def __init__(self, *given: Any, die_at: int, after: bool, **named: Any) -> None:
        super().__init__(*given, **named)
        self._calls, self._die_at, self._after = 0, die_at, after

    def emit(self, cues: Sequence[Cue], checkpoint: dict[str, Any], done_ms: int | None = None) -> None:
        self._calls += 1
        if self._calls == self._die_at and not self._after:
            raise Died
        super().emit(cues, json.loads(json.dumps(checkpoint)), done_ms)
        if self._calls == self._die_at:
            raise Died


def run(
    clip: Path, wanted: VideoCaptionParams, model: str = "fake?silent_every=3", files: Path | None = None
) -> LocalContext:
    job = LocalContext(load_engine(model), clip, files=files)
    job.result = caption_video(wanted, job)  # type: ignore[attr-defined]
    return job


def test_cues_cover_the_video_once_with_true_times(clip: Path) -> None:
    job = run(clip, params())
    result = job.result  # type: ignore[attr-defined]
    assert (result.chunks, result.frames, result.duration_ms) == (40, 40, 20_000)
    assert result.cues == len(job.cues()) == 27
    assert result.silent_chunks == 13
    assert [cue.seq for cue in job.cues()] == list(range(27))
    for cue in job.cues():
        assert cue.start_ms == 500 * cue.chunk_first
        assert cue.text.startswith(f"t={cue.start_ms / 1000:.1f} s")
    assert job.progress[-1][:2] == (20_000, 20_000)
    assert result.provenance.engine == "fake"
    assert (result.frame_width_px, result.frame_height_px) == (32, 16)


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    deaths=st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=3),
    mode=st.sampled_from(["stream", "parallel"]),
)
def test_dying_and_resuming_anywhere_changes_no_cue(clip: Path, deaths: list[tuple[int, bool]], mode: str) -> None:
    wanted = params(mode=mode, segments=3, warmup_ms=1000, skip_similar=0.01)
    engine = load_engine("fake?silent_every=4")
    checkpoint, stored = None, []
    for die_at, after in deaths:
        job = Unlucky(engine, clip, die_at=die_at, after=after, resume=checkpoint, stored=stored)
        try:
            caption_video(wanted, job)
        except Died:
            checkpoint, stored = job.checkpoint, job.cues()
    last = LocalContext(engine, clip, resume=checkpoint, stored=stored)
    result = caption_video(wanted, last)
    whole = run(clip, wanted, "fake?silent_every=4")
    assert last.cues() == whole.cues()
    interrupted = ("resumed_at_ms", "replayed_from_ms", "spent")
    different = {name: getattr(result, name) for name in interrupted}
    expected = whole.result.model_copy(update=different)  # type: ignore[attr-defined]
    assert result == expected


@pytest.mark.slow
@pytest.mark.parametrize("segments", [2, 3, 7, 40])
def test_segments_say_what_one_pass_says(clip: Path, segments: int) -> None:
    one = run(clip, params())
    several = run(clip, params(mode="parallel", segments=segments, warmup_ms=1500))
    assert several.cues() == one.cues()
    assert several.result.chunks == one.result.chunks  # type: ignore[attr-defined]


def test_a_repeated_caption_over_a_seam_is_one_cue(tmp_path: Path) -> None:
    still = write_video(tmp_path / "still.mp4", (grey(99) for _ in range(300)), options={"preset": "ultrafast"})
    engine = load_engine("fake")
    engine.reply_to = lambda _: "Nothing moves."  # type: ignore[attr-defined]
    job = LocalContext(engine, still)
    caption_video(params(mode="parallel", segments=4, warmup_ms=1000), job)
    assert [(cue.start_ms, cue.end_ms, cue.chunk_last) for cue in job.cues()] == [(0, 10_000, 19)]


def test_a_failed_segment_is_watched_again_alone(clip: Path) -> None:
    engine: Any = load_engine("fake?silent_every=3")
    say, shown = engine.reply_to, Counter[int]()

    def fail_once(chunk: Chunk) -> str:
        shown[chunk.index] += 1
        if chunk.index == 20 and shown[20] == 1:
            raise Transient(Failure.GPU_OOM, "out of memory")
        return str(say(chunk))

    engine.reply_to = fail_once
    job = LocalContext(engine, clip)
    result = caption_video(params(mode="parallel", segments=3, warmup_ms=0), job)
    assert job.cues() == run(clip, params()).cues()
    assert isinstance(result, VideoCaptionResult)
    assert result.chunks == 40
    assert shown[20] == 2
    assert all(shown[index] == 1 for index in (*range(13), *range(26, 40))), "the other segments went on undisturbed"


def test_a_segment_that_always_fails_fails_the_job(clip: Path) -> None:
    with pytest.raises(Transient, match="out of memory"):
        run(clip, params(mode="parallel", segments=3, warmup_ms=0), "fake?oom_above_pixels=100")


def test_stopping_is_heard_in_both_modes(clip: Path) -> None:
    for mode in ("stream", "parallel"):
        calls = iter(range(10**6))

        def stop(calls: Any = calls) -> None:
            if next(calls) > 20:
                raise Stopped

        with pytest.raises(Stopped):
            caption_video(params(mode=mode, warmup_ms=0), LocalContext(load_engine("fake"), clip, stop=stop))


@pytest.mark.slow
@pytest.mark.parametrize("said", ["Nothing moves.", ""], ids=["one long cue", "silence"])
@pytest.mark.parametrize(("mode", "streams"), [("stream", 1), ("parallel", 3)])
def test_who_is_stopped_hands_over_what_no_cue_has_closed_yet(clip: Path, mode: str, streams: int, said: str) -> None:
    engine: Any = load_engine("fake")
    answered = Counter[int]()
    engine.reply_to = lambda chunk: answered.update([chunk.index]) or said
    wanted = params(mode=mode, segments=3, warmup_ms=0)
    checkpoint: dict[str, Any] | None = None
    stored: list[Cue] = []
    stops = 0
    while True:
        calls = iter(range(10**6))

        def stop(calls: Any = calls) -> None:
            if next(calls) >= 12:
                raise Stopped

        job = LocalContext(engine, clip, resume=checkpoint, stored=stored, stop=stop)
        try:
            caption_video(wanted, job)
            break
        except Stopped:
            stops += 1
            checkpoint, stored = json.loads(json.dumps(job.checkpoint)), job.cues()
            assert stops < 40
    assert stops > 3
    assert sorted(answered) == [*range(40)]
    assert answered.total() <= 40 + stops * streams, "only the chunk that was broken off is answered again"
    whole = LocalContext(load_engine("fake"), clip)
    whole.engine.reply_to = lambda _: said  # type: ignore[attr-defined]
    caption_video(wanted, whole)
    assert job.cues() == whole.cues()


@pytest.mark.parametrize("mode", ["stream", "parallel"])
def test_a_truncated_file_gives_its_cues_a_gap_and_then_the_error(clip: Path, tmp_path: Path, mode: str) -> None:
    job = LocalContext(load_engine("fake"), cut_off(clip, tmp_path / "cut.mp4", 0.6))
    with pytest.raises(Permanent) as caught:
        caption_video(params(mode=mode, warmup_ms=1000), job)
    assert caught.value.code is Failure.TRUNCATED_MEDIA
    assert len(job.cues()) > 10
    broken_at_ms = min(gap.start_ms for gap in job.gaps if "breaks off" in gap.reason)
    assert job.cues()[-1].end_ms <= broken_at_ms
    assert max(gap.end_ms or 0 for gap in job.gaps) == 20_000


def test_damage_is_a_gap_in_the_result_and_the_rest_is_captioned(clip: Path, tmp_path: Path) -> None:
    job = run(damaged(clip, tmp_path / "bad.mp4", range(150, 330)), params(), "fake")
    result = job.result  # type: ignore[attr-defined]
    assert result.gaps
    assert all(4500 <= gap.start_ms <= (gap.end_ms or 0) <= 12_500 for gap in result.gaps)
    assert result.gaps == job.gaps
    assert {cue.chunk_first for cue in job.cues()} >= {*range(9), *range(25, 40)}


def test_files_say_the_same_as_the_rows(clip: Path, tmp_path: Path) -> None:
    job = run(clip, params(chapters=True), files=tmp_path)
    names = {"captions.vtt", "captions.srt", "captions.json", "captions.jsonl", "chapters.vtt"}
    assert {path.name for path in tmp_path.iterdir()} == names
    read = webvtt.from_buffer(StringIO((tmp_path / "captions.vtt").read_text()), format="vtt")
    assert [caption.text for caption in read] == [cue.text for cue in job.cues()]
    whole = json.loads((tmp_path / "captions.json").read_text())
    assert [Cue.model_validate(cue) for cue in whole["cues"]] == job.cues()
    assert whole["result"]["cues"] == len(job.cues())
    assert job.result.summary  # type: ignore[attr-defined]
    assert job.result.chapters[0].start_ms == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("more", "model", "code"),
    [
        ({"max_duration_ms": 5000}, "fake", Failure.TOO_LONG),
        ({"start_ms": 60_000}, "fake", Failure.BAD_PARAMS),
        ({}, "fake?context_tokens=100", Failure.CONTEXT_TOO_SMALL),
        ({"chapters": True}, "fake?context_tokens=1500", Failure.CONTEXT_TOO_SMALL),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_work(
    clip: Path, more: dict[str, Any], model: str, code: Failure
) -> None:
    job = LocalContext(load_engine(model), clip)
    with pytest.raises(Permanent) as caught:
        caption_video(params(**more), job)
    assert caught.value.code is code
    assert not job.cues()


def test_a_checkpoint_of_another_mode_is_refused(clip: Path) -> None:
    job = LocalContext(load_engine("fake"), clip, resume={"mode": "parallel"})
    with pytest.raises(Permanent) as caught:
        caption_video(params(), job)
    assert caught.value.code is Failure.BAD_PARAMS


def test_similar_frames_are_skipped_and_counted(tmp_path: Path) -> None:
    still = write_video(tmp_path / "still.mp4", (grey(99) for _ in range(120)), options={"preset": "ultrafast"})
    result = run(still, params(fps=10, skip_similar=0.05), "fake").result  # type: ignore[attr-defined]
    assert (result.chunks, result.frames, result.skipped_frames) == (8, 8, 32)


@pytest.mark.slow
def test_a_real_clip_looped_to_an_hour(tmp_path: Path) -> None:
    """1800 chunks of two seconds: every one captioned, at its own time, without drift. Slowed down to 2.5 pictures a second."""
    path = looped(sample_clip("carphone_pristine.mp4"), tmp_path / "hour.mp4", 3600, slower=12)
    job = run(path, params(chunk_ms=2000, fps=1.0), "fake")
    chunks = job.result.chunks  # type: ignore[attr-defined]
    assert 1800 <= chunks <= 1803
    assert [cue.chunk_first for cue in job.cues()] == list(range(chunks))
    assert all(0 <= cue.start_ms - 2000 * cue.chunk_first <= 400 for cue in job.cues())
    assert all(cue.text.startswith(f"t={cue.start_ms / 1000:.1f} s") for cue in job.cues())
