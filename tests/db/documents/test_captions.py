"""Caption files: whatever a model says, every first part of a WebVTT file is a valid file with the same cues."""

from __future__ import annotations

import json
import re
from io import StringIO

import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st

from db.documents import captions
from db.documents.kinds.base import MediaInput
from db.documents.kinds.video import Chapter, Cue, Gap, VideoCaptionParams

TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(["-->", "\n", "\r\n\r\n", "<b>", "&amp;", "WEBVTT", "NOTE", "00:00:01.000", " ", "a", "\u2028"])
    ).map("".join),
)


@st.composite
def cue_lists(draw: st.DrawFn) -> list[Cue]:
    """Cues in order of time, as a track makes them, up to thousands of hours in."""
    start_ms, cues = draw(st.integers(0, 10**10)), []
    for seq in range(draw(st.integers(0, 6))):
        end_ms = start_ms + draw(st.integers(1, 100_000))
        text = captions.plain(draw(TEXTS)) or "something"
        cues.append(Cue(seq=seq, start_ms=start_ms, end_ms=end_ms, text=text, chunk_first=seq, chunk_last=seq))
        start_ms = end_ms + draw(st.integers(0, 5000))
    return cues


def origin(prompt: str = "What?") -> dict[str, object]:
    params = VideoCaptionParams(video=MediaInput(url="https://example.com/secret?token=1"), prompt=prompt)
    return captions.note("job-1", "model", params)


def read_back(text: str) -> list[tuple[int, int, str]]:
    """(start, end, text) as a third-party parser reads them."""
    return [(in_ms(c.start), in_ms(c.end), unescape(c.text)) for c in webvtt.from_buffer(StringIO(text), format="vtt")]


def in_ms(clock: str) -> int:
    hours, minutes, seconds = clock.split(":")
    return (int(hours) * 60 + int(minutes)) * 60_000 + round(float(seconds) * 1000)


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@settings(deadline=None)
@given(cue_lists(), st.text(min_size=1, max_size=80))
def test_every_first_part_of_a_file_reads_back_as_its_cues(cues: list[Cue], prompt: str) -> None:
    for count in range(len(cues) + 1):
        text = captions.vtt(cues[:count], origin(prompt))
        blocks = re.split(r"\n\n", text)
        assert text.startswith("WEBVTT\n\nNOTE\n")
        assert sum(block.count("-->") for block in blocks) == count
        assert len([block for block in blocks if block.strip()]) == 2 + count
        spoken = [(c.start_ms, c.end_ms, c.text) for c in cues[:count]]
        assert [(a, b, t.split()) for a, b, t in read_back(text)] == [(a, b, t.split()) for a, b, t in spoken]


@settings(deadline=None)
@given(TEXTS)
def test_plain_text_is_stable_and_has_no_blank_line(text: str) -> None:
    once = captions.plain(text)
    assert captions.plain(once) == once
    assert "\n\n" not in once
    assert "\x00" not in once
    assert once == once.strip()
    once.encode()


@settings(deadline=None)
@given(st.integers(0, 10**12))
def test_clock_loses_nothing_and_keeps_two_digits_of_hours(ms: int) -> None:
    assert re.fullmatch(r"\d{2,}:[0-5]\d:[0-5]\d\.\d{3}", captions.clock(ms))
    assert in_ms(captions.clock(ms)) == ms


def test_clock_at_a_hundred_hours() -> None:
    assert captions.clock(100 * 3_600_000 + 61_001) == "100:01:01.001"


@settings(deadline=None)
@given(cue_lists())
def test_srt_reads_back(cues: list[Cue]) -> None:
    text = captions.srt(cues)
    assert text.count("-->") == len(cues)
    numbers = [int(block.split("\n")[0]) for block in text.split("\n\n") if block]
    assert numbers == list(range(1, len(cues) + 1))


@settings(deadline=None)
@given(cue_lists())
def test_json_and_jsonl_hold_the_same_cues_as_the_vtt(cues: list[Cue]) -> None:
    gaps = [Gap(start_ms=1, end_ms=None, reason="broken")]
    whole = json.loads(captions.document(cues, gaps, origin(), result={"cues": len(cues)}))
    assert [Cue.model_validate(cue) for cue in whole["cues"]] == cues
    assert whole["gaps"] == [{"start_ms": 1, "end_ms": None, "reason": "broken"}]
    assert [Cue.model_validate_json(line) for line in captions.jsonl(cues).splitlines() if line] == cues
    assert whole["job"] == "job-1"


def test_timings_are_columns_of_one_line_each() -> None:
    timings = {"chunk": [0, 1], "whole_s": [0.25, 0.5]}
    text = captions.document([], [], origin(), timings, result=None)
    assert json.loads(text)["timings"] == timings
    assert '  "whole_s": [0.25, 0.5]\n' in text
    assert "timings" not in json.loads(captions.document([], [], origin()))


def test_the_note_never_names_the_input() -> None:
    assert "secret" not in captions.vtt([], origin())


def test_a_cue_without_length_is_shown_for_an_instant() -> None:
    cue = Cue(seq=0, start_ms=5, end_ms=5, text="x", chunk_first=0, chunk_last=0)
    assert read_back(captions.vtt([cue], {})) == [(5, 6, "x")]


def test_chapters_are_a_track_of_their_own() -> None:
    text = captions.vtt_chapters([Chapter(start_ms=0, end_ms=1000, title="A & B -->")], origin())
    assert read_back(text) == [(0, 1000, "A & B -->")]
