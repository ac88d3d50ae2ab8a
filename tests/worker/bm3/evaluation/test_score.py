"""Laws that every honest score obeys."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from worker.bm3.evaluation.match import Timing, ground_truths, pairs, predictions
from worker.bm3.evaluation.score import score
from worker.bm3.scenes.grammar import say
from worker.bm3.scenes.scenes import Scene
from worker.bm3.scenes.world import ARRIVALS, PRESETS, SceneEvent

DURATION_MS = 300_000
seeds = st.integers(0, 2**40)
presets = st.sampled_from(sorted(PRESETS)).map(PRESETS.__getitem__)


@dataclass(frozen=True)
class Caption:
    start_ms: int
    text: str


def spoken(scene: Scene, late_chunks: int = 0) -> list[Caption]:
    texts = scene.captions(until_ms=DURATION_MS)
    return [Caption((index + late_chunks) * 2000, text) for index, text in enumerate(texts)]


def truth(scene: Scene) -> list[SceneEvent]:
    """Without what only the first frame after the end would show."""
    return [event for event in scene.events(0, DURATION_MS) if event.end_ms <= DURATION_MS - 500]


@settings(max_examples=15, deadline=None)
@given(seeds, presets)
def test_the_truth_against_itself_is_perfect(seed: int, options) -> None:
    scene = Scene(seed, options)
    got = score(spoken(scene), truth(scene), span_ms=(0, DURATION_MS))
    assert (got.events.precision, got.events.recall, got.f1) == (1, 1, 1)
    assert got.wrong_still_share == 0
    assert got.memory.accuracy == 1
    assert (got.memory.third_right, got.memory.count_right) == (got.memory.third_asked, got.memory.count_asked)
    assert got.same_chunk == got.events.right
    assert got.strange_clauses == 0


@settings(max_examples=15, deadline=None)
@given(seeds, presets)
def test_silence_finds_nothing_and_says_nothing_wrong(seed: int, options) -> None:
    got = score([], truth(Scene(seed, options)), span_ms=(0, DURATION_MS))
    assert (got.events.recall, got.f1, got.wrong_still_share) == (0, 0, 0)
    assert got.events.precision == 1
    assert got.still_chunks > 0


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_a_chunk_late_is_in_time_and_two_chunks_late_is_not(seed: int) -> None:
    scene = Scene(seed)
    assert score(spoken(scene, late_chunks=1), truth(scene)).f1 == 1
    late = score(spoken(scene, late_chunks=2), truth(scene), span_ms=(0, DURATION_MS))
    assert late.f1 < 0.2
    assert late.wrong_still_share > 0


@settings(max_examples=15, deadline=None)
@given(seeds, st.floats(0.1, 0.9))
def test_leaving_out_captions_costs_recall_alone(seed: int, share: float) -> None:
    scene = Scene(seed)
    captions = spoken(scene)
    got = score(captions[: int(len(captions) * share)], truth(scene))
    assert got.events.precision == 1
    assert got.events.recall < 1


@settings(max_examples=15, deadline=None)
@given(seeds, seeds)
def test_another_videos_captions_score_low(seed: int, other: int) -> None:
    if seed == other:
        return
    got = score(spoken(Scene(other)), truth(Scene(seed)), span_ms=(0, DURATION_MS))
    assert got.f1 < 0.3
    assert got.wrong_still_share > 0.2


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_saying_everything_twice_halves_precision_at_most_and_keeps_recall(seed: int) -> None:
    scene = Scene(seed)
    got = score([*spoken(scene), *spoken(scene)], truth(scene))
    assert got.events.recall == 1
    assert got.events.precision == 0.5


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_who_forgets_loses_memory_and_nothing_else(seed: int) -> None:
    scene = Scene(seed)
    forgetful = [
        Caption(happening.expected_ms, say(replace(happening.event, visit=1, count=0)))
        for happening in ground_truths(truth(scene), Timing())
    ]
    got = score(forgetful, truth(scene))
    assert got.f1 == 1
    assert got.memory.again_right == got.memory.third_right == got.memory.count_right == 0
    assert got.memory.accuracy == 0.5


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_wrong_details_leave_the_looser_score(seed: int) -> None:
    scene = Scene(seed)
    mirrored = [
        replace(c, text=c.text.replace("left", "#").replace("right", "left").replace("#", "right"))
        for c in spoken(scene)
    ]
    got = score(mirrored, truth(scene))
    assert got.without_details.f1 == 1
    assert got.f1 < 1


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_a_match_takes_each_event_once_and_respects_the_tolerance(seed: int) -> None:
    scene, timing = Scene(seed), Timing(tolerance_chunks=2)
    predicted, _ = predictions([*spoken(scene), *spoken(scene, late_chunks=2)])
    expected = ground_truths(truth(scene), timing)
    found = pairs(predicted, expected, timing)
    assert (
        len({id(pair.predicted) for pair in found})
        == len({id(pair.expected) for pair in found})
        == len(found)
        == len(expected)
    )
    assert all(abs(pair.predicted.start_ms - pair.expected.expected_ms) <= 4000 for pair in found)
    assert all(pair.predicted.event.key == pair.expected.event.key for pair in found)


def test_strange_words_are_counted_and_do_no_more_harm_than_silence() -> None:
    scene = Scene(3)
    got = score([Caption(0, "a lovely day; red circle dances")], truth(scene))
    assert (got.strange_clauses, got.f1, got.events.said) == (2, 0, 0)


def test_absences_are_measured_from_the_last_time_in_view() -> None:
    events = [
        SceneEvent("enter", "red circle", "left", onset_ms=100, end_ms=1400),
        SceneEvent("turn", "red circle", "blue", onset_ms=4100, end_ms=5400),
        SceneEvent("cut", detail="teal", onset_ms=8200, end_ms=8200),
        SceneEvent("appear", "blue circle", visit=2, onset_ms=30_200, end_ms=31_400),
        SceneEvent("appear", "red circle", visit=2, onset_ms=34_200, end_ms=35_400),
    ]
    assert [one.absent_ms for one in ground_truths(events, Timing())] == [None, None, None, 22_000, 28_800]


def test_every_return_in_a_scene_has_an_absence_within_memory() -> None:
    for one in ground_truths(Scene(11).events(0, 1_200_000), Timing()):
        if one.event.kind in ARRIVALS and one.event.visit > 1:
            assert one.absent_ms is not None
            assert 0 < one.absent_ms <= PRESETS["nano"].again_ms
