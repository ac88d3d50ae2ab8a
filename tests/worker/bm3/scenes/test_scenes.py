"""A scene is the same on every look, shows what its captions say, and costs no memory."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.bm3.scenes.grammar import parse
from worker.bm3.scenes.pictures import available
from worker.bm3.scenes.scenes import BEATS_KEPT, PRESETS, Scene, first_shown_ms, snapshot
from worker.bm3.scenes.sprites import sprite
from worker.bm3.scenes.world import BACKGROUNDS, COLOURS, ODD, PATTERNS, Fill, Thing

seeds = st.integers(0, 2**40)
presets = st.sampled_from(sorted(PRESETS)).map(PRESETS.__getitem__)
RECORDED = "e08e3430d658095e6fdeffad9f384db22e604b0b633097f88cd319628b75cd55"


def digest(scene: Scene, times_ms: list[int]) -> str:
    return hashlib.sha256(b"".join(scene.frame(t_ms, 64).tobytes() for t_ms in times_ms)).hexdigest()


@settings(max_examples=10, deadline=None)
@given(seeds, presets, st.lists(st.integers(0, 400_000), min_size=1, max_size=5))
def test_a_frame_does_not_depend_on_what_was_asked_before(seed: int, options, times_ms: list[int]) -> None:
    assert digest(Scene(seed, options), times_ms) == digest(Scene(seed, options), times_ms)
    wandering = Scene(seed, options)
    list(islice(wandering.captions(), 200))
    assert digest(wandering, times_ms) == digest(Scene(seed, options), times_ms)


def test_frames_are_the_same_bytes_on_every_machine() -> None:
    scene = Scene(1, replace(PRESETS["nano"], texts=False))
    assert digest(scene, list(range(0, 20_000, 500))) == RECORDED


def test_other_seeds_are_other_scenes() -> None:
    assert len({digest(Scene(seed), list(range(0, 30_000, 1000))) for seed in range(20)}) == 20


@settings(max_examples=15, deadline=None)
@given(seeds, presets, st.sampled_from([(2000, 2.0), (1000, 4.0), (3000, 1.0)]))
def test_every_event_is_captioned_once_and_only_when_it_is_visible(seed: int, options, sampling) -> None:
    chunk_ms, fps = sampling
    scene, until_ms = Scene(seed, options), 240_000
    captions = list(scene.captions(chunk_ms, fps, until_ms))
    due = [event for event in scene.events(0, until_ms) if first_shown_ms(event, fps) < until_ms]
    assert [event.key for text in captions for event in parse(text)] == [event.key for event in due]
    for event in due:
        chunk = first_shown_ms(event, fps) // chunk_ms
        assert event.key in [said.key for said in parse(captions[chunk])]


def test_nano_events_begin_and_are_captioned_in_the_same_chunk() -> None:
    for event in Scene(4).events(0, 600_000):
        assert event.onset_ms // 2000 == first_shown_ms(event, 2.0) // 2000


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_without_events_the_description_stays_and_with_one_it_changes(seed: int) -> None:
    scene = Scene(seed)
    before = scene.dense_caption(0)
    for chunk, text in enumerate(scene.captions(until_ms=200_000)):
        after = scene.dense_caption(chunk * 2000 + 1500)
        assert (after != before) == bool(text)
        before = after


def test_what_is_described_is_what_is_drawn() -> None:
    frame, text = snapshot(8, replace(PRESETS["nano"], noise=0.0), size=192)
    background, *objects = text.split("; ")
    columns, rows = {"left": 32, "middle": 96, "right": 160}, {"top": 38, "bottom": 109}
    assert tuple(frame[188, 4]) == BACKGROUNDS[background.split()[0]]
    assert objects
    for colour, _, row, column in (name.split() for name in objects if name.split()[0] in COLOURS):
        seen = frame[rows[row], columns[column]].astype(int)
        assert np.abs(seen - COLOURS[colour]).max() <= 2


@pytest.mark.parametrize("size", [128, (320, 240)])
def test_frames_have_the_size_asked_for(size: int | tuple[int, int]) -> None:
    width, height = (size, size) if isinstance(size, int) else size
    frames = Scene(2).frames(4000, 6000, fps=2.0, size=size)
    assert frames.shape == (4, height, width, 3)
    assert frames.dtype == np.uint8


def test_going_far_forward_keeps_a_fixed_number_of_beats_and_going_back_gives_the_same() -> None:
    scene = Scene(5)
    early = scene.frame(3000, 64)
    scene.frame(7_200_000, 64)
    assert len(scene._kept) == BEATS_KEPT
    assert np.array_equal(scene.frame(3000, 64), early)


def test_as_many_snapshots_have_a_text_as_asked_for() -> None:
    options = replace(PRESETS["nano"], snapshot_text_rate=0.8, max_objects=2)
    texts = [snapshot(seed, options, 16)[1] for seed in range(200)]
    assert 0.7 < sum("text" in text or "number" in text for text in texts) / len(texts) < 0.9


def test_snapshots_hold_from_none_to_all_objects() -> None:
    counts = {
        sum(clause.split()[0] in COLOURS for clause in snapshot(seed, size=32)[1].split("; ")) for seed in range(60)
    }
    assert counts == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_has_both_colours_inside_the_same_outline(pattern: str) -> None:
    red, blue = COLOURS["red"], COLOURS["blue"]
    drawn = sprite(Thing(ODD, "square", Fill(red, blue, pattern)), 60)
    plain = sprite(Thing("red", "square"), 60)
    assert (drawn.through == plain.through).all()
    inside = {tuple(pixel) for pixel in drawn.light[drawn.through[..., 0] == 0] >> 8}
    assert inside == {red, blue}


def test_a_turning_pattern_ends_in_the_plain_colour() -> None:
    striped, black = Thing(ODD, "heart", Fill((215, 25, 30), (30, 65, 225), "stripes")), Thing("black", "heart")
    assert (sprite(striped, 40, turning=(black, 1.0)).light == sprite(black, 40).light).all()


def test_pictures_enter_by_name_where_the_machine_has_them() -> None:
    if not available():
        pytest.skip("neither fonts-noto-color-emoji nor tuxpaint-stamps-default is installed")
    scene = Scene(3, replace(PRESETS["nano"], pictures=available()[:20], combos="train"))
    names = {event.name for event in scene.events(0, 1_200_000)}
    assert names & set(available())
    assert scene.frames(0, 60_000, fps=0.5, size=64).shape[0] == 30


def test_rendering_keeps_up_with_training() -> None:
    scene = Scene(6)
    scene.frames(0, 2000, size=128)
    start = time.process_time()
    scene.frames(0, 150_000, size=128)
    assert 300 / (time.process_time() - start) > 300, "frames a second of one core"
