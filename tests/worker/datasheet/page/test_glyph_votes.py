"""What the letters of a font mean that does not tell it, read from the pixels of the page."""

from __future__ import annotations

import numpy as np
import pytest

from worker.datasheet.geometry.primitives import Box
from worker.datasheet.page.glyph_votes import GlyphVotes
from worker.datasheet.page.text_layer import UnmappedWord

GLYPH = ("Font", 7)


@pytest.mark.parametrize(
    "box", [Box(-90, 20, -40, 30), Box(210, 20, 260, 30), Box(20, -60, 70, -50), Box(20, 310, 70, 320)]
)
def test_a_word_beside_the_page_says_nothing_of_its_letters(box: Box) -> None:
    votes = GlyphVotes()
    votes.add([UnmappedWord((GLYPH, GLYPH, GLYPH), box, 0)], lambda: (np.full((600, 400), 255, np.uint8), 2.0))
    assert votes.meanings() == {}
