"""The sampling grid and the packet plan: one picture a slot, and nothing left out that a shown picture may refer to."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.video.source.sample import LOOKAHEAD_PACKETS, ChosenSlots, Need, Plan, PlannedPacket, SamplingGrid

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


CHOSEN = ChosenSlots((Fraction(1), Fraction(2), Fraction(7, 2)), Fraction(5))


@pytest.mark.parametrize(
    ("time_s", "slot"),
    [("0.5", -1), ("0.998", -1), ("0.999", 0), ("1", 0), ("1.998", 0), ("1.999", 1), ("3.4", 1), ("3.5", 2), ("99", 2)],
)
def test_a_chosen_slot_lasts_until_the_next_begins(time_s: str, slot: int) -> None:
    """A picture a millisecond early still belongs to its slot."""
    assert CHOSEN.slot(Fraction(time_s)) == slot


def test_chosen_slots_are_one_chunk_from_the_first_to_the_end() -> None:
    assert CHOSEN.start_s == 1
    assert [CHOSEN.slot_start(slot) for slot in (-1, 0, 1, 2, 3, 4)] == [1, 1, 2, Fraction(7, 2), 5, 5]
    assert [CHOSEN.chunk(slot) for slot in (0, 2, 9)] == [0, 0, 0]
    assert [CHOSEN.chunk_start_ms(chunk) for chunk in (0, 1, 2)] == [1000, 5000, 5000]
    assert (CHOSEN.first_slot(0), CHOSEN.first_slot(1)) == (0, 0)
    assert [CHOSEN.slots_before(Fraction(end)) for end in ("1", "1.001", "1.002", "2.5", "5")] == [0, 0, 1, 2, 3]
    early = ChosenSlots((Fraction(-1, 2), Fraction(1, 3)), Fraction(10005, 10_000))
    assert (early.chunk_start_ms(0), early.chunk_start_ms(1)) == (0, 1001)


def test_the_grid_of_a_clip_by_hand() -> None:
    """From 10 s on, two pictures a second, chunks of two seconds."""
    grid = SamplingGrid.of(10_000, 2.0, 2000)
    assert [grid.slot(Fraction(t)) for t in ("9.998", "9.999", "10", "10.499", "12")] == [-1, 0, 0, 1, 4]
    assert [grid.slot_start(slot) for slot in (0, 1, 4)] == [10, Fraction(21, 2), 12]
    assert [grid.chunk(slot) for slot in (0, 3, 4, 8)] == [0, 0, 1, 2]
    assert [grid.chunk_start_ms(chunk) for chunk in (0, 1, 3)] == [10_000, 12_000, 16_000]
    assert [grid.first_slot(chunk) for chunk in (0, 1, 2)] == [0, 4, 8]
    assert [grid.slots_before(Fraction(t)) for t in ("10", "10.001", "10.002", "12", "12.002")] == [0, 0, 1, 4, 5]
    assert SamplingGrid.of(0, 0.1, 2000).fps == Fraction(1, 2), "a slot a chunk at least"
    assert SamplingGrid.of(0, 29.97, 2000).fps == Fraction(2997, 100)


def test_pictures_that_are_never_shown_are_decoded_if_others_may_need_them() -> None:
    shown = [_coded(k, k, key=k == 0, disposable=k > 0) for k in range(4)]
    hidden = [
        PlannedPacket(name, time, key=False, disposable=disposable, hidden=True)
        for name, time, disposable in ((10, None, False), (11, Fraction(1, 20), False), (12, None, True))
    ]
    needs = {
        e.packet: need for e, need in Plan[int](SamplingGrid.of(0, 1.0, 2000)).needs([*shown[:2], *hidden, *shown[2:]])
    }
    assert [needs[name] for name in (10, 11, 12)] == [Need.REFERENCE, Need.REFERENCE, Need.NOTHING]
    assert [needs[name] for name in range(4)] == [Need.SAMPLE, Need.NOTHING, Need.NOTHING, Need.NOTHING]


def test_packets_of_huge_pictures_are_looked_ahead_at_by_their_bytes() -> None:
    plan: Plan[int] = Plan(SamplingGrid.of(0, 30.0, 2000))
    most = 0
    for _ in plan.needs(PlannedPacket(k, Fraction(k, 30), key=True, size_bytes=5 << 20) for k in range(20)):
        most = max(most, len(plan._ahead))
    assert most == 3, "16 MiB hold three"
    alone: Plan[int] = Plan(SamplingGrid.of(0, 30.0, 2000))
    assert len([*alone.needs(PlannedPacket(k, Fraction(k, 30), key=True, size_bytes=40 << 20) for k in range(3))]) == 3


def test_pictures_shown_before_the_keyframe_that_ended_a_tail_are_left_out_with_it() -> None:
    """Open groups: pictures coded after the keyframe and shown before it refer to the tail."""
    coded = [_coded(0, 0, key=True), *(_coded(k, k) for k in range(1, 10))]
    coded += [_coded(12, 12, key=True), _coded(10, 10), _coded(11, 11), *(_coded(k, k) for k in range(13, 24))]
    coded += [_coded(24, 24, key=True), *(_coded(k, k) for k in range(25, 31))]
    plan: Plan[int] = Plan(SamplingGrid.of(0, 2.5, 60_000))
    plan.trust_keys = True
    needs = {entry.packet: need for entry, need in plan.needs(coded)}
    assert [name for name, need in needs.items() if need is Need.SAMPLE] == [0, 12, 24]
    assert {needs[name] for name in (*range(1, 12), *range(13, 24))} == {Need.NOTHING}
