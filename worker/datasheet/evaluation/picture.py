"""One picture per failure: the page with the pads that were read on it, and truth and result side by side in millimetres."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from worker.datasheet.page import pages

PX_PER_PT = 1.5
PLOT_PX, MARGIN_PX = 700, 40
TRUTH_COLOR, RESULT_COLOR, FIGURE_COLOR = (0, 130, 40), (210, 30, 30), (40, 80, 220)
Pad = dict[str, Any]


def draw(pdf: Path, truth: dict[str, Any], result: dict[str, Any], to: Path) -> None:
    """Writes `to` (PNG): left the page of the result's land pattern, else the truth's; right both sets of pads."""
    land = result.get("land_pattern") or {}
    own = (truth["pages"]["land_pattern"] or truth["pages"]["mechanical"] or [1])[0]
    page = _page(pdf, land.get("page") or own, land)
    plot = _plot((truth["land_pattern"] or {}).get("pads") or [], land.get("pads") or [])
    sheet = Image.new("RGB", (page.width + plot.width, max(page.height, plot.height)), "white")
    sheet.paste(page, (0, 0))
    sheet.paste(plot, (page.width, 0))
    to.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(to)


def _page(pdf: Path, number: int, land: dict[str, Any]) -> Image.Image:
    book = pages.open_book([pdf])
    try:
        pixels, scale = pages.render(book, number, PX_PER_PT)
    finally:
        book.close()
    image = Image.fromarray(pixels).convert("RGB")
    pen = ImageDraw.Draw(image)
    if land.get("figure"):
        pen.rectangle([v * scale for v in land["figure"]], outline=FIGURE_COLOR, width=2)
    if land.get("origin") and land.get("points_per_mm") and not land.get("turn_deg"):
        (ox, oy), (sx, sy) = land["origin"], land["points_per_mm"]
        for pad in land["pads"]:
            w, h = (pad["w"] or (pad["drill"] or [0.2])[0]), (pad["h"] or (pad["drill"] or [0.2, 0.2])[1])
            box = _box(pad, w, h)
            pen.rectangle([v * scale for v in (ox + box[0] * sx, oy + box[1] * sy, ox + box[2] * sx, oy + box[3] * sy)],
                          outline=RESULT_COLOR, width=1)  # fmt: skip
    return image


def _box(pad: Pad, w: float, h: float) -> tuple[float, float, float, float]:
    return pad["x"] - w / 2, pad["y"] - h / 2, pad["x"] + w / 2, pad["y"] + h / 2


def _plot(truth: list[Pad], result: list[Pad]) -> Image.Image:
    """Truth over result in the frame of the centres of both, x right, y down; equal scale."""
    image = Image.new("RGB", (PLOT_PX, 2 * PLOT_PX), "white")
    pen = ImageDraw.Draw(image)
    reach = max([0.5, *(max(abs(p["x"]) + (p["w"] or 0.5), abs(p["y"]) + (p["h"] or 0.5)) for p in [*truth, *result])])
    scale = (PLOT_PX / 2 - MARGIN_PX) / reach
    for at, name, pads, color in ((0, "truth", truth, TRUTH_COLOR), (1, "result", result, RESULT_COLOR)):
        pen.text((8, at * PLOT_PX + 4), f"{name}: {len(pads)} pads", fill=color)
        for pad in pads:
            _pad(pen, pad, (PLOT_PX / 2, (at + 0.5) * PLOT_PX), scale, color)
    return image


def _pad(
    pen: ImageDraw.ImageDraw, pad: Pad, middle: tuple[float, float], scale: float, color: tuple[int, int, int]
) -> None:
    drill = pad.get("drill") or [0.1, 0.1]
    x0, y0, x1, y1 = _box(pad, pad["w"] or drill[0], pad["h"] or drill[1])
    cx, cy = middle
    pen.rectangle([cx + x0 * scale, cy + y0 * scale, cx + x1 * scale, cy + y1 * scale], outline=color, width=2)
    pen.text((cx + pad["x"] * scale - 4, cy + pad["y"] * scale - 6), str(pad.get("number") or ""), fill=color)
