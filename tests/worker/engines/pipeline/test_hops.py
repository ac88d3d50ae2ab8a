"""What is told of a ring's parts: a hop that is cut is found in time, and nothing else is taken for one."""

from __future__ import annotations

import random

import pytest

from worker.engines.pipeline.hops import MOST_S, Hops

STEP_S = 0.5
SIZE = 3


class Watched:
    """A ring in which every hop carries a part a step, unless it is cut; silence found so far by rank."""

    def __init__(self) -> None:
        self.hops = Hops(SIZE)
        self.sent = [0] * SIZE
        self.received = [0] * SIZE
        self.now_s = 0.0

    def step(self, cut_to: int | None = None, told: tuple[int, ...] = (0, 1, 2), seconds: float = STEP_S) -> float:
        """The longest silence found."""
        self.now_s += seconds
        for rank in range(SIZE):
            self.sent[rank] += 1
            if (rank + 1) % SIZE != cut_to:
                self.received[(rank + 1) % SIZE] = self.sent[rank]
        return max(self.hops.tell(rank, self.sent[rank], self.received[rank], self.now_s) for rank in told)


@pytest.mark.parametrize("cut_to", range(SIZE))
def test_a_hop_that_is_cut_is_silent_for_as_long_as_it_is_cut(cut_to: int) -> None:
    ring = Watched()
    for _ in range(20):
        assert ring.step() == 0.0
    silences = [ring.step(cut_to) for _ in range(12)]
    assert silences[-1] >= 11 * STEP_S - STEP_S
    assert silences[-1] <= 12 * STEP_S
    assert ring.step() == 0.0


def test_a_node_whose_neighbour_sends_nothing_is_not_cut_off() -> None:
    hops = Hops(SIZE)
    for step in range(100):
        assert hops.tell(0, 5, 5, step * STEP_S) == 0.0
        assert hops.tell(1, 5, 5, step * STEP_S) == 0.0


def test_a_long_packet_is_heard_by_its_parts() -> None:
    """Parts come in one by one, far fewer than were sent."""
    hops = Hops(SIZE)
    for step in range(100):
        hops.tell(0, 1000, 0, step * STEP_S)
        assert hops.tell(1, 0, step, step * STEP_S) == 0.0


def test_a_starter_that_was_paused_has_not_watched_meanwhile() -> None:
    ring = Watched()
    ring.step()
    assert ring.step(cut_to=1, seconds=600.0) <= MOST_S
    assert ring.step() == 0.0


def test_reports_that_are_late_find_nothing_before_they_come() -> None:
    """A node whose reports come seldom, over a slow network: what was sent since its last one is no silence."""
    ring, drawn = Watched(), random.Random(1)
    for _ in range(200):
        late = tuple(rank for rank in range(SIZE) if rank == 0 or drawn.random() < 0.2)
        assert ring.step(told=late) == 0.0
