"""Images of drawings, as people photograph or save them, give what the drawing gives."""

from __future__ import annotations

import io
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pypdfium2
import pytest
from PIL import Image

from db.documents.kinds.datasheet import DatasheetResult
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest
from worker.datasheet.result.score import score_pads
from worker.datasheet.synthetic import generate

SEED = 7  # the demo's own drawing


class Picture(NamedTuple):
    """How a page became an image."""

    dpi: int
    kind: str = "PNG"
    askew: float = 0.0


@cache
def drawing() -> tuple[dict[str, Any], bytes]:
    """Truth and PDF of the demo's drawing."""
    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder) / "part.pdf"
        truth = generate.make(SEED, pdf)
        return truth, pdf.read_bytes()


def images(pdf: bytes, picture: Picture) -> list[bytes]:
    """Every page as an image file that states no resolution, as screenshots do."""
    found = []
    for page in pypdfium2.PdfDocument(pdf):
        image = page.render(scale=picture.dpi / 72).to_pil().convert("L")
        turned = image.rotate(picture.askew, resample=Image.Resampling.BICUBIC, fillcolor=255)
        file = io.BytesIO()
        turned.save(file, picture.kind)
        found.append(file.getvalue())
    return found


def read(files: list[bytes]) -> DatasheetResult:
    return extract([*files], ReadingRequest())


@pytest.mark.parametrize(
    "picture",
    [Picture(200), Picture(150), Picture(300), Picture(200, "JPEG", 1.0)],
    ids=["200 dpi", "150 dpi", "300 dpi", "a JPEG, askew"],
)
def test_an_image_of_the_demos_drawing_gives_its_pads(picture: Picture) -> None:
    truth, pdf = drawing()
    result = read(images(pdf, picture))
    assert result.land_pattern is not None
    assert len(result.land_pattern.pads) == 24
    pads = [p.model_dump() for p in result.land_pattern.pads]
    assert score_pads(truth["land_pattern"]["pads"], pads, 0.05).exact == 1.0
    assert result.body.length.nom == truth["body"]["length"]["nom"]
