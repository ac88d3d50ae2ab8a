"""The sampling grid and the packet plan: one picture a slot, and nothing left out that a shown picture may refer to."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from worker.video.source.sample import LOOKAHEAD_PACKETS, Need, Plan, PlannedPacket, SamplingGrid

RATES = st.sampled_from([0.1, 0.5, 1.0, 2.0, 3.0, 7.5, 29.97, 30.0])


@given(st.integers(0, 10**7), RATES, st.integers(100, 60_000), st.integers(0, 5000))
def test_slots_and_chunks_tile_the_time(start_ms: int, fps: float, chunk_ms: int, slot: int) -> None:
    grid = SamplingGrid.of(start_ms, fps, chunk_ms)
    assert grid.slot(grid.slot_start(slot)) == slot
    chunk = grid.chunk(slot)
    assert grid.first_slot(chunk) <= slot < grid.first_slot(chunk + 1)
    assert grid.chunk_start_ms(chunk) <= grid.slot_start(slot) * 1000 < grid.chunk_start_ms(chunk + 1)


@given(RATES, st.integers(100, 60_000), st.integers(0, 1000))
def test_no_chunk_is_without_a_slot(fps: float, chunk_ms: int, chunk: int) -> None:
    grid = SamplingGrid.of(0, fps, chunk_ms)
    assert grid.first_slot(chunk + 1) > grid.first_slot(chunk)


def test_times_rounded_to_milliseconds_stay_in_their_slots() -> None:
    grid = SamplingGrid.of(0, 30.0, 2000)
    assert [grid.slot(Fraction(round(1000 * k / 30), 1000)) for k in range(300)] == list(range(300))


@st.composite
def streams(draw: st.DrawFn) -> list[PlannedPacket[int]]:
    """Groups of pictures in decoding order: a keyframe, then P pictures each followed by the B pictures before it."""
    coded: list[PlannedPacket[int]] = []
    at = 0
    for _ in range(draw(st.integers(1, 6))):
        coded.append(_coded(len(coded), at, key=True))
        at += 1
        for _ in range(draw(st.integers(0, 12))):
            between = draw(st.integers(0, 3))
            coded.append(_coded(len(coded), at + between))
            for place in range(between):
                coded.append(_coded(len(coded), at + place, disposable=True))
            at += between + 1
    return coded


def _coded(name: int, at: int, key: bool = False, disposable: bool = False) -> PlannedPacket[int]:
    return PlannedPacket(name, Fraction(at, 30), key=key, disposable=disposable, size_bytes=1000)


@given(streams(), st.sampled_from([1.0, 2.0, 4.0, 30.0]), st.booleans(), st.integers(0, 1500))
def test_samples_are_the_first_of_their_slots_and_all_they_refer_to_is_kept(
    coded: list[PlannedPacket[int]], fps: float, trust: bool, start_ms: int
) -> None:
    grid = SamplingGrid.of(start_ms, fps, 60_000)
    plan: Plan[int] = Plan(grid)
    plan.trust_keys = trust
    needs = {entry.packet: need for entry, need in plan.needs(coded)}
    assert list(needs) == [entry.packet for entry in coded]
    first: dict[int, Fraction] = {}
    for entry in sorted(coded, key=lambda c: c.time_s or 0):
        assert entry.time_s is not None
        first.setdefault(grid.slot(entry.time_s), entry.time_s)
    samples = {c.time_s for c in coded if needs[c.packet] is Need.SAMPLE}
    assert samples >= {time for slot, time in first.items() if slot >= 0}
    for place, entry in enumerate(coded):
        if needs[entry.packet] is Need.SAMPLE:
            assert all(needs[c.packet] is not Need.NOTHING for c in references(coded, place))


def references(coded: list[PlannedPacket[int]], place: int) -> list[PlannedPacket[int]]:
    """Everything in the same group coded before a picture that others may refer to, its keyframe included."""
    key = max(index for index in range(place + 1) if coded[index].key)
    return [c for c in coded[key:place] if not c.disposable]


def test_tails_are_left_out_when_keyframes_can_be_trusted() -> None:
    coded = [_coded(k, k, key=k % 10 == 0) for k in range(60)]
    plan: Plan[int] = Plan(SamplingGrid.of(0, 30 / 10, 60_000))
    plan.trust_keys = True
    needs = [need for _, need in plan.needs(coded)]
    assert needs[:50] == ([Need.SAMPLE] + [Need.NOTHING] * 9) * 5


def test_a_picture_held_over_empty_slots_is_decoded() -> None:
    times = [0, 1, 2, 3, 90, 91]
    coded = [_coded(k, at, disposable=k > 0) for k, at in enumerate(times)]
    needs = [need for _, need in Plan[int](SamplingGrid.of(0, 2.0, 2000)).needs(coded)]
    assert needs == [Need.SAMPLE, Need.NOTHING, Need.NOTHING, Need.SAMPLE, Need.SAMPLE, Need.NOTHING]


def test_memory_of_the_plan_is_bounded() -> None:
    plan: Plan[int] = Plan(SamplingGrid.of(0, 2.0, 2000))
    for _ in plan.needs(_coded(k, k) for k in range(5000)):
        assert len(plan._ahead) <= LOOKAHEAD_PACKETS + 1
        assert len(plan._times) <= LOOKAHEAD_PACKETS + 66


def test_the_pictures_before_one_of_unknown_time_are_decoded_for_they_say_when_it_is_shown() -> None:
    coded = [_coded(k, k, key=k == 0, disposable=k > 0) for k in range(40)]
    coded[30] = PlannedPacket(30, None, key=False, size_bytes=1000)
    needs = [need for _, need in Plan[int](SamplingGrid.of(0, 1.0, 60_000)).needs(coded)]
    shown = [place for place, need in enumerate(needs) if need is Need.SAMPLE]
    assert shown == [0, *range(14, 32)], "sixteen before it; 31 is the first known of its slot"
