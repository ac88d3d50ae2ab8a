"""SubRip files lose no word in real readers: FFmpeg (what most players use), pysrt, srt, pysubs2, pycaption, webvtt-py."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from db.documents import captions
from db.documents.kinds.video import Cue
from tests.needs import need

RISKY = [
    "if a < b then c > d",
    "{x} and {\\an8}top",
    "a<b>c",
    "x <i y> z",
    "<font color=red>q</font>",
    "{Y:i}hey",
    "<unknown>z",
    "<!-- n -->k",
    "</b> x",
    "a > b < c > d",
    "C:\\Name\\new\\home",
    "ends {open",
    "a &lt; b &amp; c",
    "two\n<lines>",
]
EXACT = ["1 < 2", "a > b", "x <= y", "5 -> 6", "a & b", "C:\\data", "50 % \\ 2"]
PIECES = st.sampled_from([*"<>{}\\/!?biusaNnhY:1 &;-", "font", "br", "an8", "&lt;", "-->"])
TEXTS = st.lists(PIECES, min_size=1, max_size=12).map("".join)


def by_ffmpeg(path: Path) -> list[str]:
    """What a renderer of ASS shows of the lines that FFmpeg makes of a file."""
    with av.open(str(path)) as container:
        lines = [line.ass for packet in container.demux() for line in packet.decode()]
    return [_shown(line.decode().split(",", 8)[-1]) for line in lines]


def _shown(ass: str) -> str:
    return re.sub(r"\{[^}]*\}", "", ass).replace("\\N", "\n").replace("\\n", "\n").replace("\\h", "\xa0")


def by_srt(path: Path) -> list[str]:
    return [line.content for line in import_module("srt").parse(path.read_text())]


def by_pysrt(path: Path) -> list[str]:
    return [line.text_without_tags for line in import_module("pysrt").open(str(path))]


def by_pysubs2(path: Path) -> list[str]:
    return [line.plaintext for line in import_module("pysubs2").load(str(path))]


def by_webvtt(path: Path) -> list[str]:
    return [line.text for line in import_module("webvtt").from_srt(str(path))]


def by_pycaption(path: Path) -> list[str]:
    read = import_module("pycaption").SRTReader().read(path.read_text())
    return [line.get_text() for line in read.get_captions("en-US")]


READERS: dict[str, Callable[[Path], list[str]]] = {
    "av": by_ffmpeg,
    "srt": by_srt,
    "pysrt": by_pysrt,
    "pysubs2": by_pysubs2,
    "webvtt": by_webvtt,
    "pycaption": by_pycaption,
}


def read_back(texts: Iterable[str], reader: str) -> list[str]:
    """The texts as a reader shows them, one cue each."""
    cues = [
        Cue(seq=n, start_ms=n * 1000, end_ms=n * 1000 + 900, text=text, chunk_first=n, chunk_last=n)
        for n, text in enumerate(texts)
    ]
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.srt")
        path.write_text(captions.srt(cues))
        return READERS[reader](path)


def folded(text: str) -> str:
    """Wide forms and the arrow as they were."""
    return unicodedata.normalize("NFKC", text).replace("→", "-->")


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
def test_every_word_is_shown(reader: str) -> None:
    need(find_spec(reader), f"the package {reader}")

    @settings(max_examples=60, deadline=None)
    @example(texts=[*RISKY, *EXACT])
    @given(texts=st.lists(TEXTS, min_size=1, max_size=8))
    def check(texts: list[str]) -> None:
        wanted = ["first", *(plain for text in texts if (plain := captions.plain(text)))]  # no file is empty
        shown = read_back(wanted, reader)
        assert [folded(text) for text in shown] == [folded(text) for text in wanted]

    check()


@pytest.mark.parametrize("text", EXACT)
def test_what_no_reader_takes_for_markup_stays_as_it_is(text: str) -> None:
    assert captions.srt_text(text) == text
