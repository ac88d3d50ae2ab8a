"""What the director may and may not do, over many seeds and all difficulties."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import islice, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from worker.bm3.scenes.cast import ODD_FROM_NAMED
from worker.bm3.scenes.script import Director, SceneBeat
from worker.bm3.scenes.world import ARRIVALS, BACKGROUNDS, COLOURS, HELD_OUT_PAIRS, ODD, PRESETS, Options, Rgb, Stage

seeds = st.integers(0, 2**40)
presets = st.sampled_from(sorted(PRESETS)).map(PRESETS.__getitem__)
BEATS = 400


def play(seed: int, options: Options, beats: int = BEATS) -> list[SceneBeat]:
    return list(islice(Director(seed, options).beats(), beats))


def stages(beats: list[SceneBeat]) -> list[Stage]:
    return [stage for beat in beats for stage in (beat.opening, *(step.after for step in beat.steps))]


@settings(max_examples=20, deadline=None)
@given(seeds, presets)
def test_the_stage_is_always_in_order(seed: int, options: Options) -> None:
    for stage in stages(play(seed, options)):
        names = [actor.thing.name for actor in stage.actors]
        assert len(names) <= options.max_objects
        assert len(set(names)) == len(names), "no two objects are alike"
        assert len({actor.place for actor in stage.actors}) == len(names), "one object a place"


@settings(max_examples=20, deadline=None)
@given(seeds, presets)
def test_steps_follow_each_other_inside_their_beat(seed: int, options: Options) -> None:
    beats = play(seed, options)
    for beat, following in pairwise(beats):
        assert following.opening == beat.closing
        stage, now_ms = beat.opening, beat.start_ms
        for step in beat.steps:
            assert step.before == stage
            assert now_ms <= step.event.onset_ms <= step.event.end_ms <= beat.start_ms + 1400
            stage, now_ms = step.after, step.event.end_ms


@settings(max_examples=20, deadline=None)
@given(seeds, presets)
def test_again_means_seen_within_memory_and_nothing_lies_between_again_and_new(seed: int, options: Options) -> None:
    last_seen_ms: dict[str, int] = {}
    for beat in play(seed, options):
        for step in beat.steps:
            event = step.event
            last_seen_ms |= {actor.thing.name: beat.start_ms for actor in step.before.actors}
            if event.kind in ARRIVALS and event.visit > 1:
                assert event.onset_ms - last_seen_ms[event.name] <= options.again_ms
            elif event.kind in ARRIVALS and event.name in last_seen_ms:
                assert beat.start_ms - last_seen_ms[event.name] >= options.fresh_ms - options.beat_ms


@settings(max_examples=20, deadline=None)
@given(seeds, presets)
def test_a_third_time_follows_an_again(seed: int, options: Options) -> None:
    visits: dict[str, int] = {}
    for event in (step.event for beat in play(seed, options) for step in beat.steps):
        if event.kind in ARRIVALS:
            assert event.visit == 1 or event.visit <= visits.get(event.name, 1) + 1
            visits[event.name] = event.visit


@settings(max_examples=20, deadline=None)
@given(seeds, presets)
def test_the_count_is_what_stands_on_stage(seed: int, options: Options) -> None:
    for step in (step for beat in play(seed, options) for step in beat.steps):
        if step.event.kind in ARRIVALS:
            shown = step.after.count(step.event.name.split()[-1])
            assert step.event.count == (shown if shown > 1 else 0)


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_training_never_shows_a_held_out_pair_and_held_out_scenes_show_many(seed: int) -> None:
    def shares(options: Options) -> float:
        """Of four plays together: in one alone few objects stay long, and one in a hundred shows under a fifth."""
        plays = [play(seed + i, options) for i in range(4)]
        things = [actor.thing for beats in plays for stage in stages(beats) for actor in stage.actors]
        return sum((thing.colour, thing.shape) in HELD_OUT_PAIRS for thing in things) / len(things)

    assert shares(PRESETS["nano"]) == 0
    assert shares(replace(PRESETS["nano"], combos="mixed")) > 0.2


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_odd_objects_have_a_shape_and_no_colour_that_has_a_name(seed: int) -> None:
    options = replace(PRESETS["nano"], odd_rate=0.5)
    things = {actor.thing for stage in stages(play(seed, options)) for actor in stage.actors}
    odd = [thing for thing in things if thing.colour == ODD]
    assert odd
    assert len(odd) < len(things)
    for thing in odd:
        assert thing.name == f"odd {thing.shape}"
        named = (*COLOURS.values(), *BACKGROUNDS.values())
        assert all(distance(thing.fill.ground, rgb) >= ODD_FROM_NAMED for rgb in named)


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_odd_objects_in_a_pattern_show_a_named_colour_and_another_one(seed: int) -> None:
    options = replace(PRESETS["nano"], odd_rate=0.5, patterned_rate=0.5)
    plays = [play(seed + step, options) for step in range(6)]  # one alone may have few odd objects, all of one kind
    actors = [actor for one in plays for stage in stages(one) for actor in stage.actors]
    fills = {actor.thing.fill for actor in actors if actor.thing.colour == ODD}  # a thing is the same in another fill
    patterned = [fill for fill in fills if fill.pattern]
    assert 0 < len(patterned) < len(fills)
    assert all(fill.ground in COLOURS.values() and fill.figure != fill.ground for fill in patterned)


def distance(one: Rgb, other: Rgb) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def test_the_nano_world_has_every_kind_of_event_and_much_silence() -> None:
    beats = play(1, PRESETS["nano"], beats=3600)
    kinds = Counter(step.event.kind for beat in beats for step in beat.steps)
    arrivals = [step.event for beat in beats for step in beat.steps if step.event.kind in ARRIVALS]
    assert min(kinds.values()) > 0.015 * len(beats)
    assert len(kinds) == 10
    assert 0.35 < sum(not beat.steps for beat in beats) / len(beats) < 0.6
    assert sum(event.visit > 1 for event in arrivals) / len(arrivals) > 0.3
    assert sum(event.count > 1 for event in arrivals) / len(arrivals) > 0.2
