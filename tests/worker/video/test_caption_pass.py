"""One pass over a clip with the scripted engine: what is told, what is counted, and what a checkpoint carries on."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from db.documents.kinds.base import MediaInput
from db.documents.kinds.video import Cue, Gap, VideoCaptionParams, Window
from worker.engine.protocol import Chunk, Frame
from worker.engines.fake import FakeEngine
from worker.engines.spec import ModelSpec
from worker.video.caption_pass import MAX_GAPS, CaptionPass, PassTally, continued, watch_options
from worker.video.source.frame_sampler import ClipPart
from worker.video.stream import LiveTextLines, Restarts
from worker.video.timings import Timings


def engine(**options: str) -> FakeEngine:
    return FakeEngine(ModelSpec("fake", "fake", "fake", options))


def params(**fields: Any) -> VideoCaptionParams:
    return VideoCaptionParams(video=MediaInput(url="https://example.com/a.mp4"), **fields)


def part(index: int, *levels: int, gaps: tuple[Gap, ...] = (), decode_s: float = 0.25) -> ClipPart:
    """Chunk `index` of 2 s with a grey picture of each level, none when there is nothing to see."""
    frames = tuple(
        Frame(2000 * index + 500 * k, np.full((32, 32, 3), level, np.uint8)) for k, level in enumerate(levels)
    )
    return ClipPart(Chunk(index, 2000 * index, 2000 * index + 2000, frames), gaps, decode_s)


def gap(start_ms: int, end_ms: int, reason: str = "damaged") -> Gap:
    return Gap(start_ms=start_ms, end_ms=end_ms, reason=reason)


def watching(state: dict[str, Any] | None = None, **fields: Any) -> CaptionPass:
    more = {name: fields.pop(name) for name in ("first_chunk", "heard_from") if name in fields}
    kept = json.loads(json.dumps(state)) if state else None
    return CaptionPass(engine(), params(**fields), kept, timings=Timings(), **more)


def texts(cues: list[Cue]) -> list[str]:
    return [cue.text for cue in cues]


def test_a_cue_comes_when_the_next_one_ends_it() -> None:
    watched = watching()
    assert watched.process(part(0, 10)) == []
    (first,) = watched.process(part(1, 20))
    assert (first.seq, first.start_ms, first.end_ms, first.chunk_first) == (0, 0, 2000, 0)
    assert first.text == "t=0.0 s: mean colour 10,10,10"
    assert watched.cues == 1
    assert texts(watched.finish()) == ["t=2.0 s: mean colour 20,20,20"]
    assert watched.cues == 2


def test_a_chunk_without_frames_ends_the_open_cue() -> None:
    watched = watching()
    watched.process(part(0, 10))
    assert len(watched.process(part(1))) == 1
    assert watched.next_chunk == 2
    assert watched.tally.chunks == 1, "only chunks that were answered"


def test_it_counts_what_it_was_shown_and_what_it_took() -> None:
    watched = watching()
    watched.process(part(0, 10, 20))
    watched.process(part(1, 30))
    tally = watched.tally
    assert (tally.chunks, tally.frames, tally.silent_chunks, tally.skipped_frames) == (2, 3, 0, 0)
    assert tally.decode_s == 0.5
    assert tally.tokens_out > 0
    assert tally.whole_s > 0
    assert tally.spent.decode_s == 0.5


def test_silence_is_counted() -> None:
    watched = CaptionPass(engine(silent_every="2"), params(), timings=Timings())
    cues = [cue for index in range(4) for cue in watched.process(part(index, 10 * index))]
    assert watched.tally.silent_chunks == 2
    assert len(cues) + len(watched.finish()) == 2


def test_similar_frames_are_left_out_and_counted() -> None:
    watched = watching(skip_similar=0.1)
    watched.process(part(0, 10, 11, 12, 200))
    assert (watched.tally.frames, watched.tally.skipped_frames) == (2, 2)


def test_what_only_warms_up_is_not_told() -> None:
    said: list[str] = []
    watched = watching(heard_from=2)
    for index in range(2):
        assert watched.process(part(index, 10, gaps=(gap(2000 * index, 2000 * index + 10),)), said.append) == []
    assert (said, watched.gaps, watched.tally.chunks) == ([], [], 0)
    assert watched.tally.frames == 2, "but what it took counts"
    watched.process(part(2, 20), said.append)
    assert said
    assert watched.tally.chunks == 1
    (cue,) = watched.finish((gap(0, 3000), gap(3500, 4500), gap(4600, 5000)))
    assert cue.chunk_first == 2
    assert [(one.start_ms, one.end_ms) for one in watched.gaps] == [(4000, 4500), (4600, 5000)], (
        "clipped to its own part"
    )


def test_a_pass_may_begin_in_the_middle() -> None:
    watched = watching(first_chunk=5)
    assert (watched.next_chunk, watched.decode_from_chunk) == (5, 5)


def test_a_restart_carries_everything_on() -> None:
    whole, broken = watching(), watching()
    parts = [part(index, 10 * index, gaps=(gap(2000 * index + 1500, 2000 * index + 1600),)) for index in range(8)]
    expected = [cue for one in parts for cue in whole.process(one)] + whole.finish()
    found = [cue for one in parts[:5] for cue in broken.process(one)]
    assert len(broken.closed_gaps(9000)) == 4
    again = watching(broken.state())
    assert again.decode_from_chunk < again.next_chunk == 5
    assert again.cues == len(found)
    assert again.tally == broken.tally
    for one in parts[again.decode_from_chunk :]:
        found += again.process(one)
    assert found + again.finish() == expected
    assert again.gaps == whole.gaps
    assert again.tally.chunks == 8, "what is shown again is not counted again"
    assert len(again.closed_gaps()) == 4, "each gap is told once"


def test_gaps_are_told_once_they_cannot_grow() -> None:
    watched = watching()
    watched.process(part(0, 10, gaps=(gap(0, 100), gap(1500, 2000))))
    assert watched.closed_gaps(2000) == [gap(0, 100)], "the other reaches to the end of the chunk"
    assert watched.closed_gaps(2000) == []
    watched.process(part(1, 10, gaps=(gap(2000, 2500),)))
    assert watched.closed_gaps(4000) == [gap(1500, 2500)]
    assert watched.closed_gaps() == []


@pytest.mark.parametrize(
    ("more", "joined"),
    [
        ([gap(10, 20)], [gap(0, 20)]),
        ([gap(11, 20)], [gap(0, 10), gap(11, 20)]),
        ([gap(10, 20, "other")], [gap(0, 10), gap(10, 20, "other")]),
        ([gap(10, 10)], [gap(0, 10), gap(10, 10)]),  # a joint is told by itself
        ([gap(10, 20), gap(20, 30)], [gap(0, 30)]),
        ([], [gap(0, 10)]),
    ],
)
def test_what_goes_on_without_a_break_is_one_gap(more: list[Gap], joined: list[Gap]) -> None:
    assert continued([gap(0, 10)], more) == joined


def test_gaps_are_bounded() -> None:
    many = [gap(10 * k, 10 * k + 1) for k in range(MAX_GAPS + 5)]
    found = continued([], many)
    assert len(found) == MAX_GAPS
    assert found[-1].end_ms == many[-1].end_ms, "the last one is prolonged instead"
    assert len(continued([], many[:MAX_GAPS])) == MAX_GAPS
    assert continued([], many[:MAX_GAPS])[-1] == many[MAX_GAPS - 1]


def test_tallies_add_up() -> None:
    one = PassTally(1, 2, 3, 4, 5, 6.0, 7.0, 8.0, 9.0, 10.0)
    assert one + one == PassTally(2, 4, 6, 8, 10, 12.0, 14.0, 16.0, 18.0, 20.0)
    spent = PassTally(decode_s=1.23456, vision_s=2, prefill_s=3, reply_s=4, whole_s=5).spent
    assert (spent.decode_s, spent.vision_s, spent.prefill_s, spent.reply_s, spent.whole_s) == (1.235, 2, 3, 4, 5)


def test_a_session_is_opened_as_the_parameters_say() -> None:
    asked = params(
        prompt="p",
        system="s",
        fps=1.5,
        chunk_ms=3000,
        max_frame_pixels=4096,
        max_tokens_per_chunk=7,
        refresh="scene_cut",
    )
    info = engine().info
    options = watch_options(asked, info)
    assert (options.prompt, options.system, options.fps, options.chunk_ms) == ("p", "s", 1.5, 3000)
    assert (options.max_frame_pixels, options.max_tokens_per_chunk) == (4096, 7)
    assert options.may_refresh
    assert not watch_options(params(), info).may_refresh
    assert options.window == info.window, "the model's own where the job names none"
    own = Window(text_sink_tokens=1, text_window_tokens=2, vision_ms=3000)
    assert watch_options(params(window=own), info).window == own


def live(*chunks: list[str]) -> str:
    said: list[str] = []
    lines = LiveTextLines(said.append)
    for pieces in chunks:
        say = lines.chunk()
        for piece in pieces:
            say(piece)
    return "".join(said)


@pytest.mark.parametrize(
    ("chunks", "text"),
    [
        ([["a ", "b"], ["c"]], "a b\nc"),
        ([["", "a"], ["", "b", "c"]], "a\nbc"),
        ([["a"], [""], ["b"]], "a\nb"),
        ([[""], ["a"]], "a"),
        ([[], []], ""),
    ],
)
def test_live_words_of_each_chunk_stand_on_a_line_of_their_own(chunks: list[list[str]], text: str) -> None:
    assert live(*chunks) == text


def test_restarts_are_kept_as_a_checkpoint_tells_them() -> None:
    assert Restarts.of(None) == Restarts([], [])
    assert Restarts.of({"resumed_at_ms": [4000], "replayed_from_ms": [2000]}) == Restarts([4000], [2000])
