"""Which captions a rule of a job names, to the border, and how thick what is told of them may be."""

from __future__ import annotations

from typing import Any

import pytest

from db.documents.alerts import LONGEST_CUE, LONGEST_TEXT, event_payload, fits
from db.documents.kinds.video import AlertRule, Cue

DATA = {
    "people": 3,
    "doors": [{"open": True}, {"open": False}],
    "a/b": {"c~d": 7},
    "share": 0.5,
    "none": None,
    "s": "x",
}


def cue(text: str = "A dog runs.", data: dict[str, Any] | None = None) -> Cue:
    return Cue(seq=0, start_ms=0, end_ms=1000, text=text, chunk_first=0, chunk_last=0, data=data)


def rule(**what: Any) -> AlertRule:
    return AlertRule(name="rule", **what)


@pytest.mark.parametrize(
    ("match", "named"), [("dog", True), ("cat", False), ("dog -runs", False), ('"dog runs"', True)]
)
def test_a_rule_of_words_looks_at_the_text_alone(match: str, named: bool) -> None:
    assert fits(rule(match=match), cue(data=DATA)) is named


@pytest.mark.parametrize(
    ("what", "named"),
    [
        ({"field": "/people", "equals": 3}, True),
        ({"field": "/people", "equals": 4}, False),
        ({"field": "/s", "equals": "x"}, True),
        ({"field": "/doors/0/open", "equals": True}, True),
        ({"field": "/doors/1/open", "equals": True}, False),
        ({"field": "/doors/0/open", "equals": 1}, False),  # true is no 1
        ({"field": "/people", "equals": True}, False),
        ({"field": "/a~1b/c~0d", "equals": 7}, True),
        ({"field": "/doors/2/open", "equals": True}, False),
        ({"field": "/doors/x/open", "equals": True}, False),
        ({"field": "/people/more", "equals": 3}, False),
        ({"field": "/people", "at_least": 3}, True),
        ({"field": "/people", "at_least": 3.1}, False),
        ({"field": "/people", "at_most": 3}, True),
        ({"field": "/people", "at_most": 2.9}, False),
        ({"field": "/people", "at_least": 2, "at_most": 4}, True),
        ({"field": "/people", "at_least": 4, "at_most": 9}, False),
        ({"field": "/people", "at_least": 1, "at_most": 2}, False),
        ({"field": "/share", "at_least": 0.5}, True),
        ({"field": "/doors/0/open", "at_least": 0}, False),  # no number
        ({"field": "/s", "at_least": 0}, False),
        ({"field": "/none", "at_most": 9}, False),
        ({"field": "/missing", "at_most": 9}, False),
    ],
)
def test_a_rule_of_a_field_looks_at_its_value(what: dict[str, Any], named: bool) -> None:
    assert fits(rule(**what), cue(data=DATA)) is named
    assert fits(rule(**what), cue()) is False, "a caption without an object"


def test_an_event_tells_the_caption_and_leaves_out_what_would_make_it_thick() -> None:
    told = event_payload(rule(match="dog"), cue(data=DATA))
    assert (told["rule"], told["cue"]["text"], told["cue"]["data"]) == ("rule", "A dog runs.", DATA)
    long = event_payload(rule(match="x"), cue("x" * (LONGEST_TEXT + 1), DATA))
    assert (len(long["cue"]["text"]), long["cue"]["data"]) == (LONGEST_TEXT, DATA)
    bare = len(cue(data={"a": ""}).model_dump_json())
    for more, kept in ((0, True), (1, False)):
        data = {"a": "x" * (LONGEST_CUE - bare + more)}
        assert (event_payload(rule(match="dog"), cue(data=data))["cue"].get("data") is not None) is kept
