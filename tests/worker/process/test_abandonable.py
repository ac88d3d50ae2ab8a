"""Work that nothing can interrupt: its value, what it raises, and that nobody waits for it once it is not wanted."""

from __future__ import annotations

import threading

import pytest

from tests.worker.process.test_persist import Held
from worker.process.abandonable import LeftBehind, under_lease, while_wanted
from worker.process.persist import LeaseLost


def never() -> bool:
    return False


def test_its_value_comes_back() -> None:
    assert while_wanted(lambda: 7, never, "work") == 7


@pytest.mark.parametrize("error", [OSError("disk"), TimeoutError("a time limit of its own"), KeyError("a bug")])
def test_what_it_raises_is_raised(error: Exception) -> None:
    def work() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        while_wanted(work, never, "work")
    assert raised.value is error


def test_it_is_left_behind_once_nobody_wants_it() -> None:
    unwanted, release, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        unwanted.set()
        release.wait(600)
        ended.set()

    with pytest.raises(LeftBehind):
        while_wanted(work, unwanted.is_set, "work")
    assert not ended.is_set()
    release.set()
    assert ended.wait(60)


def test_what_came_too_late_is_not_used() -> None:
    with pytest.raises(LeftBehind):
        while_wanted(lambda: 7, lambda: True, "work")


def test_its_thread_has_its_name_and_holds_no_process_up() -> None:
    thread = while_wanted(threading.current_thread, never, "work")
    assert (thread.name, thread.daemon) == ("work", True)


def test_what_ends_a_thread_reaches_who_waits_for_it() -> None:
    def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        while_wanted(leave, never, "work")


def test_a_lost_lease_leaves_it_behind_and_names_the_job() -> None:
    held = Held()
    assert under_lease(held, lambda: 7) == 7
    held.lost = True
    with pytest.raises(LeaseLost, match=str(held.id)):
        under_lease(held, lambda: 7)
