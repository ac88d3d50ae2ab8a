"""Drawings that were once misread, each for a reason of its own, and that are read whole now."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.datasheet import extract
from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.page.scan import text_detection
from worker.datasheet.request import ReadingRequest
from worker.datasheet.result.score import score_pads
from worker.datasheet.synthetic import generate
from worker.datasheet.text.phrases import join


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(9000, id="inches over millimetres of a diameter"),
        pytest.param(9014, id="pegs far from the pads of a connector"),
        pytest.param(9015, id="numbers of two dimensions, one half over the other"),
        pytest.param(9016, id="a diameter sign drawn as strokes"),
        pytest.param(9026, id="a count set apart from its number"),
        pytest.param(9048, id="a pad with a leader taken for a letter"),
        pytest.param(9075, id="turned numbers side by side"),
        pytest.param(9081, id="a heading far over its figure, and a note of the unit under it"),
        pytest.param(9113, id="a leader that ends at a dimension, and its number right before the other's count"),
        pytest.param(9124, id="strokes in a pad taken for letters"),
        pytest.param(9134, id="tabs nearer to the heading of the stencil than to their own"),
        pytest.param(9136, id="the end of a leader taken for a dash"),
        pytest.param(9157, id="a row drawn as long as it was asked for"),
        pytest.param(9162, id="a small diameter whose inches are rounded"),
    ],
)
def test_a_drawing_once_misread(tmp_path: Path, seed: int) -> None:
    truth = generate.make(seed, tmp_path / "part.pdf", "test")
    outline, land = truth["pages"]["mechanical"][0], truth["pages"]["land_pattern"][0]
    result = extract.extract([tmp_path / "part.pdf"], ReadingRequest(truth["package_printed"], outline, land))
    assert result.land_pattern is not None
    pads = [p.model_dump() for p in result.land_pattern.pads]
    assert score_pads(truth["land_pattern"]["pads"], pads, 0.01).exact == 1.0


def test_a_letter_on_a_side_of_the_body_is_not_its_height(tmp_path: Path) -> None:
    truth = generate.make(9058, tmp_path / "part.pdf", "test")
    height = extract.extract([tmp_path / "part.pdf"], ReadingRequest(truth["package_printed"], 1)).body.height
    assert height.nom == truth["body"]["height"]["nom"]


def test_two_upright_numbers_side_by_side_are_two_lines() -> None:
    letters = [Box(x, y, x + 24, y + 20) for x in (0.0, 34.0) for y in (0.0, 26.0, 52.0, 78.0)]
    assert sorted(turned for _, turned in text_detection.text_lines(letters, 4.0)) == [True, True]


def test_two_lines_of_text_stay_level() -> None:
    letters = [Box(x, y, x + 20, y + 24) for y in (0.0, 34.0) for x in (0.0, 26.0, 52.0, 78.0)]
    assert sorted(turned for _, turned in text_detection.text_lines(letters, 4.0)) == [False, False]


def test_words_of_a_font_of_one_width_are_one_title() -> None:
    words = [Word("LAND", Box(0, 0, 28, 6), 0, 1.0, 6.0), Word("PATTERN", Box(37, 0, 86, 6), 0, 1.0, 6.0)]
    assert [w.text for w in join(words)] == ["LAND PATTERN"]
