"""Slow work that nothing can interrupt, on a thread that is left behind once nobody wants its value any more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from worker.process.persist import LeaseLost, UnderLease

LOOK_S = 0.2
T = TypeVar("T")


class LeftBehind(Exception):
    """Nobody waits for the work any more; it goes on unheard until it ends by itself."""


def while_wanted(work: Callable[[], T], unwanted: Callable[[], bool], name: str) -> T:
    """The value of `work`, or what it raises. Raises LeftBehind soon after `unwanted` has become true.

    A request to a store that does not answer takes as long as its time limits and its tries say; a slot, and a worker
    that is to end, need not wait for that.
    """
    outcome: Future[T] = Future()
    threading.Thread(target=_carry_out, args=(work, outcome), name=name, daemon=True).start()
    while not wait([outcome], LOOK_S).done:
        if unwanted():
            break
    if unwanted():
        raise LeftBehind(name)
    return outcome.result()


def under_lease(attempt: UnderLease, work: Callable[[], T]) -> T:
    """The value of `work`, or what it raises. Raises LeaseLost soon after the attempt has lost its lease."""
    try:
        return while_wanted(work, lambda: attempt.lost, f"store-{attempt.id}")
    except LeftBehind as error:
        raise LeaseLost(str(attempt.id)) from error


def _carry_out(work: Callable[[], T], outcome: Future[T]) -> None:
    try:
        outcome.set_result(work())
    except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
        outcome.set_exception(error)
