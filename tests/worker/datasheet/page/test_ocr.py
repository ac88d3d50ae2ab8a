"""What a crop reads as does not depend on what else is read with it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from worker.datasheet.page.scan.ocr import Gray, recogniser

LONG = "RECOMMENDED LAND PATTERN (ALL DIMENSIONS IN MILLIMETRES)"
TEXTS = ("5 4.8", "1.27", "0.65 BSC", "2X 3.90", "R0.15 TYP", "(0.25) THICK", "12", LONG)


def crop(text: str) -> Gray:
    """One line of text, dark on light."""
    (wide, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 1.0, 2)
    paper = np.full((44, wide + 16), 255, np.uint8)
    cv2.putText(paper, text, (8, 32), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 0, 2, cv2.LINE_AA)
    return paper


@pytest.fixture(scope="module")
def alone() -> list[tuple[str, float]]:
    return [recogniser().read([crop(text)])[0] for text in TEXTS]


@pytest.mark.parametrize("order", [1, -1], ids=["in order", "turned round"])
def test_alone_and_in_company_a_crop_reads_alike(alone: list[tuple[str, float]], order: int) -> None:
    crops = [crop(text) for text in TEXTS]
    together = recogniser().read(crops[::order])[::order]
    assert [text for text, _ in together] == [text for text, _ in alone]
    assert [sure for _, sure in together] == pytest.approx([sure for _, sure in alone], abs=1e-4)


def test_two_numbers_stay_two(alone: list[tuple[str, float]]) -> None:
    assert alone[0][0] == "5 4.8"
