"""Which words of a page stand in one line."""

from __future__ import annotations

from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.text import phrases


def word(text: str, x: float, y: float, high: float = 6.0) -> Word:
    return Word(text, Box(x, y, x + 4.0 * len(text), y + high), 0, 1.0, high)


def test_a_line_is_whole_however_many_others_begin_beside_it() -> None:
    others = [word("note", 120 + 2 * i, 20 + 9 * i) for i in range(75)]
    found = phrases.join([word("SOLDERING", 100, 0), word("PATTERN", 139, 0), *others])
    assert "SOLDERING PATTERN" in [w.text for w in found]


def test_an_oblique_word_across_the_page_takes_no_word_of_a_line() -> None:
    watermark = Word("Maker", Box(20, 0, 138, 180), 0, 1.0, 180.0)
    found = phrases.join([watermark, word("SOLDERING", 100, 90), word("PATTERN", 139, 90)])
    assert sorted(w.text for w in found) == ["Maker", "SOLDERING PATTERN"]


def test_a_dash_joins_two_limits_however_thin_it_is() -> None:
    dash = Word("–", Box(118, 2.8, 122, 3.2), 0, 1.0, 0.4)
    assert [w.text for w in phrases.join([word("1.50", 100, 0), dash, word("1.75", 124, 0)])] == ["1.50 – 1.75"]


def test_a_tolerance_set_a_little_apart_belongs_to_its_number() -> None:
    found = phrases.join([word("(12.9", 100, 0), word("±.5)", 127, 0)])
    assert [w.text for w in found] == ["(12.9 ±.5)"]
