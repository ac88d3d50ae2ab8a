"""Cues as WebVTT, SRT, JSON and JSON lines: pure functions from values to text, usable on cues still growing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from db.documents.kinds.video import Chapter, Cue, Gap, VideoCaptionParams

VTT_MEDIA_TYPE = "text/vtt"
SRT_MEDIA_TYPE = "application/x-subrip"
JSON_MEDIA_TYPE = "application/json"
JSONL_MEDIA_TYPE = "application/jsonl"

# Everything that any reader takes for a line end, and control characters that no text format may carry.
LINE_ENDS = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x1f\x7f\ud800-\udfff]")

# SubRip has no escapes, and readers take for markup what FFmpeg, VLC, pysrt or webvtt-py take for it: a "<" with a ">"
# after it or a name behind it, braces (ASS), "\\N", "\\n" and "\\h" (ASS). NFKC turns the wide forms back.
SRT_MARKUP = re.compile(r"<(?=[^>]*>|\s*[a-z/!?])|[{}]|\\(?=[Nnh{}])", re.IGNORECASE)
SRT_WIDE = {"<": "\uff1c", "{": "\uff5b", "}": "\uff5d", "\\": "\uff3c"}


def plain(text: str) -> str:
    """Text as it may be stored and printed: no control characters, no lone surrogates, no blank lines, no outer blanks."""
    lines = (" ".join(line.split()) for line in LINE_ENDS.split(CONTROL.sub("", text)))
    return "\n".join(line for line in lines if line)


def note(job_id: str, model: str, params: VideoCaptionParams) -> dict[str, Any]:
    """What every caption file says of its origin; the input itself stays out, its address may be a secret."""
    return {"job": job_id, "model": model, "params": params.model_dump(mode="json", exclude={"video"})}


def vtt(cues: Iterable[Cue], origin: Mapping[str, Any]) -> str:
    """A whole WebVTT file; the header followed by any first part of the cues is a valid file too."""
    return vtt_header(origin) + "".join(map(vtt_cue, cues))


def vtt_header(origin: Mapping[str, Any]) -> str:
    """The signature and a NOTE with one `key: JSON` line for each entry (job id, model, parameters)."""
    lines = "".join(f"{escape(key)}: {escape(json.dumps(value))}\n" for key, value in origin.items())
    return f"WEBVTT\n\nNOTE\n{lines}\n" if lines else "WEBVTT\n\n"


def vtt_cue(cue: Cue) -> str:
    """One cue block with its blank line; empty for a cue without visible text."""
    return _vtt_block(str(cue.seq), cue.start_ms, cue.end_ms, cue.text)


def vtt_chapters(chapters: Sequence[Chapter], origin: Mapping[str, Any]) -> str:
    """A WebVTT chapters track."""
    blocks = (_vtt_block(str(n), c.start_ms, c.end_ms, c.title) for n, c in enumerate(chapters, 1))
    return vtt_header(origin) + "".join(blocks)


def _vtt_block(name: str, start_ms: int, end_ms: int, text: str) -> str:
    payload = escape(plain(text))
    times = f"{clock(start_ms)} --> {clock(max(end_ms, start_ms + 1))}"
    return f"{name}\n{times}\n{payload}\n\n" if payload else ""


def escape(text: str) -> str:
    """`&`, `<` and `>` as WebVTT entities, which also rules out `-->`."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def clock(ms: int, mark: str = ".") -> str:
    """`HH:MM:SS.mmm`, at least two digits of hours and as many as it takes."""
    seconds, milli = divmod(max(ms, 0), 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02d}:{minute:02d}:{second:02d}{mark}{milli:03d}"


def srt(cues: Iterable[Cue]) -> str:
    """A whole SubRip file: numbered from 1, comma before the milliseconds, nothing in a text that a reader takes for markup."""
    return "".join(map(srt_cue, cues))


def srt_cue(cue: Cue) -> str:
    """One SubRip block with its blank line; empty for a cue without visible text."""
    text = srt_text(cue.text)
    times = f"{clock(cue.start_ms, ',')} --> {clock(max(cue.end_ms, cue.start_ms + 1), ',')}"
    return f"{cue.seq + 1}\n{times}\n{text}\n\n" if text else ""


def srt_text(text: str) -> str:
    """Text as SubRip can carry it: what readers would take for markup is written in wide forms, an arrow as one sign."""
    arrowless = plain(text).replace("-->", "→")
    return SRT_MARKUP.sub(lambda found: SRT_WIDE[found[0]], arrowless)


def jsonl(cues: Iterable[Cue]) -> str:
    """One cue a line, the same documents as in the JSON file."""
    return "".join(cue.model_dump_json() + "\n" for cue in cues)


def document(
    cues: Iterable[Cue],
    gaps: Iterable[Gap],
    origin: Mapping[str, Any],
    timings: Mapping[str, Sequence[float]] | None = None,
    **more: Any,
) -> str:
    """The JSON file: the origin's entries, the same cues with the same ids as the WebVTT, the gaps, and `more` JSON values.

    `timings` are columns with one number a chunk, each written on one line: 36,000 chunks of a day make 1.5 MB.
    """
    whole = {
        **origin,
        "cues": [cue.model_dump() for cue in cues],
        "gaps": [gap.model_dump() for gap in gaps],
        **more,
    }
    text = json.dumps(whole, ensure_ascii=False, indent=1)
    if timings is not None:
        columns = ",\n".join(f"  {json.dumps(name)}: {json.dumps(list(column))}" for name, column in timings.items())
        text = text.removesuffix("\n}") + ',\n "timings": {\n' + columns + "\n }\n}"
    return text + "\n"
