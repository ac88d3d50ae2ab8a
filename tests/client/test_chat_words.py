"""`bm3vl chat --stream`: whatever pieces of live text are lost or come twice, the screen shows the answer once."""

from __future__ import annotations

from itertools import product

import pytest

from bm3vl.cli.chat import following

PIECES = ("A ball ", "rolls ", "in", ".")
ANSWER = "".join(PIECES)
EVENTS = [{"text": piece, "at": len("".join(PIECES[:n]))} for n, piece in enumerate(PIECES)]


@pytest.mark.parametrize("times", [*product((0, 1, 2), repeat=4)])
def test_the_screen_never_shows_what_is_not_the_answers_beginning(times: tuple[int, ...]) -> None:
    shown = ""
    for event, often in zip(EVENTS, times, strict=True):
        for _ in range(often):
            shown += following(shown, event)
    whole = times.index(0) if 0 in times else len(times)
    assert shown == "".join(PIECES[:whole]), "up to the first piece that is missing; the rest comes at the end"


def test_another_try_that_begins_anew_goes_on_where_the_screen_is() -> None:
    shown = "A ball rolls "
    assert following(shown, {"text": "A ball rolls in", "at": 0}) == "in"


def test_a_server_that_does_not_count_is_believed() -> None:
    assert following("A ball ", {"text": "rolls "}) == "rolls "
