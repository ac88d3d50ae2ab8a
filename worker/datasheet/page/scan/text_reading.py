"""Reads lines of text found among pixels: turns, strokes that hide letters, letters that were lost."""

from __future__ import annotations

import re

import cv2
import numpy as np

from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.page.scan.ocr import Gray, recogniser
from worker.datasheet.page.scan.text_detection import ink_of
from worker.datasheet.thresholds.scan import (
    AGAINST_DOWNWARDS,
    AGAINST_TURNED,
    BARE_STROKE,
    CROP_PART,
    CROP_PX,
    LETTER_LEAST_PT,
    READ_LEAST,
    SHORT_LINE_PT,
    SPECK_PART,
    STRETCH,
    STRETCHED_MOST,
    TURNED_ASPECT,
)

_NUMBER = re.compile(r"[\d.,]+")
_BETWEEN_HEADS = re.compile(r"[^<>]+")
_PROSE = re.compile(r"[A-Za-z]{4}")
_BROKEN = re.compile(r"[\d.,xX× ()]*\d[.,]\d+[\d.,xX× ()]*")
_BESIDE_STROKE = re.compile(r"(?:[\]|Il_—-]+\s*)?(\d[\d.,±]*)(?:\s*[\[|Il_—-]+)?")
_COUNT = re.compile(r"\d{1,3}[-–]")
_SIDE_BY_SIDE = re.compile(r"\([\d.,]+\)")
_Item = tuple[str, float, int, Box]  # text, sureness, turn, box in pixels


def crop_of(paper: Gray, box: Box, turn: int) -> Gray:
    """The pixels of a line of text in a box (px), set upright; none where the box lies beside the page."""
    pad = max(CROP_PX, CROP_PART * min(box.width, box.height))
    height, width = paper.shape
    x0, x1 = max(0, int(box.x0 - pad)), max(0, min(width, int(np.ceil(box.x1 + pad))))
    y0, y1 = max(0, int(box.y0 - pad)), max(0, min(height, int(np.ceil(box.y1 + pad))))
    cut = paper[y0:y1, x0:x1]
    return np.ascontiguousarray(np.rot90(cut, {0: 0, 1: 3, 3: 1}[turn]))


def read_text(
    paper: Gray,
    lines: list[tuple[Box, bool]],
    px_per_pt: float,
    origin: tuple[float, float],
    untouched: Gray | None = None,
) -> list[Word]:
    """Words in page points from lines found on `paper` (dark on light); unsure readings are left out.

    `untouched` are the same pixels before strokes were taken out, which may have been bars of large letters.
    """
    jobs: list[tuple[Box, int]] = []
    for box, turned in lines:
        jobs.extend([(box, 1), (box, 3)] if turned else [(box, 0)])
        if (not turned and box.height > TURNED_ASPECT * box.width) or (
            box.width > TURNED_ASPECT * box.height and box.width < SHORT_LINE_PT * px_per_pt
        ):
            jobs.append((box, 1))
    read = recogniser().read([crop_of(paper, box, turn) for box, turn in jobs])
    best: dict[int, _Item] = {}
    for (box, turn), (text, sure) in zip(jobs, read, strict=True):
        key = id(box)
        weight = sure - (
            AGAINST_TURNED if turn and not _is_turned(lines, box) else AGAINST_DOWNWARDS if turn == 3 else 0.0
        )
        if key not in best or weight > best[key][1]:
            best[key] = (text, weight, turn, box)
    kept = [
        _counted(paper, item)
        for item in best.values()
        if item[1] >= READ_LEAST and item[0] and not _dash(item, px_per_pt)
    ]
    if untouched is not None:
        kept = _with_bars(kept, paper, untouched)
    return [word for item in kept for word in _parted(_word(*item, px_per_pt, origin))]


def _with_bars(items: list[_Item], paper: Gray, untouched: Gray) -> list[_Item]:
    """The items, those read again where strokes were taken out that may be parts of their letters."""
    crops = [(crop_of(paper, box, turn), crop_of(untouched, box, turn)) for _, _, turn, box in items]
    changed = [i for i, (ours, theirs) in enumerate(crops) if (ours != theirs).any()]
    again = recogniser().read([crops[i][1] for i in changed])
    found = list(items)
    for i, (text, sure) in zip(changed, again, strict=True):
        if sure > found[i][1] and (_PROSE.search(text) or _one_changed(found[i][0], text)):
            found[i] = (text, sure, *found[i][2:])
    return found


def _one_changed(ours: str, theirs: str) -> bool:
    """Whether a number was read in place of another string of its length: a stroke beside it would add a letter."""
    return len(ours) == len(theirs) and ours != theirs and _NUMBER.fullmatch(theirs) is not None


def _counted(paper: Gray, item: _Item) -> _Item:
    """A number of which the pixels show more letters than were read is read again, stretched, or else doubted."""
    text, sure, turn, box = item
    if not _NUMBER.fullmatch(text) or _blobs(paper, box) <= len(text):
        return item
    crop = crop_of(paper, box, turn)
    wide = np.asarray(cv2.resize(crop, (int(STRETCH * crop.shape[1]), crop.shape[0])), np.uint8)
    ((again, sure_again),) = recogniser().read([wide])
    if _NUMBER.fullmatch(again) and len(again) == _blobs(paper, box):
        return again, sure_again, turn, box
    return text, min(sure, STRETCHED_MOST), turn, box


def _blobs(paper: Gray, box: Box) -> int:
    """How many pieces of ink stand wholly in a box, specks left out."""
    cut = paper[max(0, int(box.y0)) : int(box.y1) + 1, max(0, int(box.x0)) : int(box.x1) + 1]
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink_of(cut), connectivity=8)
    speck = SPECK_PART * min(box.width, box.height) ** 2
    return int((stats[1:count, cv2.CC_STAT_AREA] > speck).sum())


def _balanced(text: str) -> str:
    """A number without what a stroke beside it was read as, and without brackets of which one was not read."""
    if (m := _BESIDE_STROKE.fullmatch(text)) and not _COUNT.fullmatch(text):
        text = m[1]
    if text.count("(") == text.count(")") or not _BROKEN.fullmatch(text):
        return text
    return text.replace("(", " ").replace(")", " ").strip()


def _parted(word: Word) -> list[Word]:
    """The parts of a line that arrow heads run through, each with its share of the box."""
    parts = list(_SIDE_BY_SIDE.finditer(word.text))
    if not re.fullmatch(r"(?:\([\d.,]+\)\s*)+", word.text):
        parts = [m for m in _BETWEEN_HEADS.finditer(word.text) if m[0].strip()]
    if len(parts) < 2 or word.turn != 0:
        return [word]
    step = word.box.width / len(word.text)
    boxes = [Box(word.box.x0 + m.start() * step, word.box.y0, word.box.x0 + m.end() * step, word.box.y1) for m in parts]
    return [Word(m[0].strip(), b, word.turn, word.confidence, word.size) for m, b in zip(parts, boxes, strict=True)]


def _dash(item: _Item, px_per_pt: float) -> bool:
    """Whether letters were read into a bare stroke of the drawing."""
    text, _, turn, box = item
    tall, wide = (box.height, box.width) if turn == 0 else (box.width, box.height)
    if text in ("1", "I", "l", "i", "|") and wide < BARE_STROKE * tall:
        return True
    return tall < LETTER_LEAST_PT * px_per_pt and any(c.isalnum() for c in text)


def _is_turned(lines: list[tuple[Box, bool]], box: Box) -> bool:
    return any(b is box and turned for b, turned in lines)


def _word(text: str, sure: float, turn: int, box: Box, px_per_pt: float, origin: tuple[float, float]) -> Word:
    place = Box(
        origin[0] + box.x0 / px_per_pt, origin[1] + box.y0 / px_per_pt,
        origin[0] + box.x1 / px_per_pt, origin[1] + box.y1 / px_per_pt,
    )  # fmt: skip
    return Word(_balanced(text), place, turn, sure, place.height if turn == 0 else place.width)
