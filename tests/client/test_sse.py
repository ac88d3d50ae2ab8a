"""Server-sent events as the SDK reads them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bm3vl.events import ServerSentEvent, parse

BODIES = st.dictionaries(st.text(min_size=1), st.one_of(st.text(), st.integers(), st.none()))


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["cue", "state", "progress"]), BODIES, st.from_regex(r"[0-9]+\.[0-9]+", fullmatch=True)
        )
    )
)
def test_what_is_written_is_read_back(events: list[tuple[str, dict[str, object], str]]) -> None:
    lines = []
    for kind, body, last_id in events:
        lines += [f"id: {last_id}", f"event: {kind}", f"data: {json.dumps(body)}", ""]
    assert [*parse(lines)] == [ServerSentEvent(kind, body, last_id) for kind, body, last_id in events]


def test_comments_and_unknown_fields_are_skipped() -> None:
    lines = [": heartbeat", "", "retry: 100", "event: end", 'data: {"state":', 'data: "failed"}', ""]
    assert [*parse(lines)] == [ServerSentEvent("end", {"state": "failed"})]


def test_an_event_cut_off_in_the_middle_is_not_delivered() -> None:
    assert [*parse(["event: cue", 'data: {"seq": 1}'])] == []
