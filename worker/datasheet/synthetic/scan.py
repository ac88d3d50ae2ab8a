"""Turns a made-up datasheet into a scan of itself: pages of grey pixels with the blur, noise and tilt of a copying machine."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

TILT_DEG = 0.25
JPEG_QUALITY = 80


def scan(pdf: Path, out: Path, dpi: int, seed: int) -> None:
    """Writes the same pages as pictures at `dpi`. The same seed gives the same bytes."""
    rng = np.random.default_rng(seed)
    document = pypdfium2.PdfDocument(pdf.read_bytes())
    canvas = Canvas(str(out), invariant=1)
    for page in document:
        width, height = page.get_size()
        bitmap = page.render(scale=dpi / 72, grayscale=True)
        paper = bitmap.to_numpy().reshape(bitmap.height, -1)[:, : bitmap.width]
        canvas.setPageSize((width, height))
        canvas.drawImage(ImageReader(_copied(paper, rng)), 0, 0, width, height)
        canvas.showPage()
    document.close()
    canvas.save()


def _copied(paper: NDArray[np.uint8], rng: np.random.Generator) -> io.BytesIO:
    """One page as a JPEG: a little tilted, soft and noisy."""
    image = Image.fromarray(paper).rotate(
        float(rng.uniform(-TILT_DEG, TILT_DEG)), Image.Resampling.BICUBIC, fillcolor=255
    )
    grey = np.asarray(image, dtype=np.float32)
    soft = (grey + np.roll(grey, 1, 0) * 0.3 + np.roll(grey, 1, 1) * 0.3) / 1.6
    noisy = soft + rng.normal(0.0, 5.0, soft.shape).astype(np.float32) - float(rng.uniform(0, 10))
    buffer = io.BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=JPEG_QUALITY)
    buffer.seek(0)
    return buffer
