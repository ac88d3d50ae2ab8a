"""Reads the text layer of a PDF page into words with their boxes and reading directions."""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass

import pypdfium2.raw as pdfium

from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.page import clips
from worker.datasheet.page.geometry import Matrix, placed
from worker.datasheet.thresholds.page import (
    GARBLED,
    GARBLED_LEAST,
    JOINT,
    JOINT_ASIDE,
    JOINT_BACK,
    JOINT_CELL,
    JOINT_NARROW,
    OBLIQUE_DEG,
)

MAX_CHARS = 40_000
_FIRST_PRINTED = 0x21  # below it are control codes and the space
_SURROGATES = range(0xD800, 0xE000)
_PRIVATE_USE = range(0xE000, 0xF900)  # what a font without meanings numbers its letters with
_NARROW = frozenset("0123456789.,")  # a narrow 1 leaves a wide gap


@dataclass(frozen=True, slots=True)
class _Char:
    text: str
    box: Box
    cell: Box  # what the font sets the letter in, its bearings included
    turn: int
    size: float


def _chars(textpage: object, m: Matrix, unknown: list[Box], clipped: dict[int, Box]) -> list[_Char | None]:
    """The characters in stored order; None marks a break. Letters without a known meaning leave their box in `unknown`."""
    page_turn = round(math.degrees(math.atan2(-m[0, 1], m[0, 0])) / 90)
    found: list[_Char | None] = []
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    cell = pdfium.FS_RECTF()
    for i in range(min(pdfium.FPDFText_CountChars(textpage), MAX_CHARS)):
        # a hyphen that ends a line is told as a control code
        code = ord("-") if pdfium.FPDFText_IsHyphen(textpage, i) == 1 else pdfium.FPDFText_GetUnicode(textpage, i)
        if pdfium.FPDFText_IsGenerated(textpage, i) == 1:
            continue  # guessed by the library: the gaps between the letters decide here
        mapped = pdfium.FPDFText_HasUnicodeMapError(textpage, i) != 1
        if mapped and (code < _FIRST_PRINTED or code in _SURROGATES):
            found.append(None)
            continue
        pdfium.FPDFText_GetCharBox(textpage, i, left, right, bottom, top)
        x0, y0 = placed(m, left.value, bottom.value)
        x1, y1 = placed(m, right.value, top.value)
        angle = pdfium.FPDFText_GetCharAngle(textpage, i)
        quarters = math.degrees(max(angle, 0.0)) / 90
        if abs(quarters - round(quarters)) > OBLIQUE_DEG / 90:  # a watermark: its box would cover half the page
            found.append(None)
            continue
        turn = (page_turn - round(quarters)) % 4  # the library counts clockwise
        size = pdfium.FPDFText_GetFontSize(textpage, i)
        box = Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        if clipped and not _is_shown(textpage, i, box, clipped):
            found.append(None)
            continue
        if code in _PRIVATE_USE or not mapped:
            unknown.append(box)
            found.append(None)
            continue
        pdfium.FPDFText_GetLooseCharBox(textpage, i, cell)
        x0, y0 = placed(m, cell.left, cell.bottom)
        x1, y1 = placed(m, cell.right, cell.top)
        around_it = Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        found.append(_Char(chr(code), box, around_it, turn, size))
    return found


def _is_shown(textpage: object, at: int, box: Box, clipped: dict[int, Box]) -> bool:
    """Whether the middle of a letter lies within what its text is clipped to."""
    clip = clipped.get(clips.address(pdfium.FPDFText_GetTextObject(textpage, at)))
    return clip is None or clip.holds_point(box.cx, box.cy)


def _frame(box: Box, turn: int) -> tuple[float, float, float, float]:
    """Start, end along the reading direction and low, high across it."""
    if turn == 0:
        return box.x0, box.x1, box.y0, box.y1
    if turn == 1:
        return -box.y1, -box.y0, box.x0, box.x1
    if turn == 2:
        return -box.x1, -box.x0, -box.y1, -box.y0
    return box.y0, box.y1, -box.x1, -box.x0


def _joins(run: list[_Char], char: _Char) -> bool:
    last = run[-1]
    if last.turn != char.turn:
        return False
    _, end, low, high = _frame(last.box, last.turn)
    start, _, low2, high2 = _frame(char.box, char.turn)
    tall = max(max(c.box.height if c.turn % 2 == 0 else c.box.width for c in run), high2 - low2, 1.0)
    apart = max(low2 - high, low - high2)  # > 0: on different lines
    wide = JOINT_NARROW if last.text in _NARROW and char.text in _NARROW else JOINT
    _, cell_end, _, _ = _frame(last.cell, last.turn)
    cell_start, _, _, _ = _frame(char.cell, char.turn)
    near = start - end < wide * tall or abs(cell_start - cell_end) < JOINT_CELL * tall
    return -JOINT_BACK * tall < start - end and near and apart < JOINT_ASIDE * tall


def read_words(
    textpage: object, to_page: Matrix, clipped: dict[int, Box] | None = None
) -> tuple[list[Word], list[Box]]:
    """Words in stored order, and the boxes of letters whose meaning the font does not tell.

    `clipped`: what text objects are clipped to, by address.
    """
    unknown: list[Box] = []
    runs: list[list[_Char]] = []
    run: list[_Char] = []
    for char in [*_chars(textpage, to_page, unknown, clipped or {}), None]:
        if char is not None and run and _joins(run, char):
            run.append(char)
            continue
        if run:
            runs.append(run)
        run = [char] if char is not None else []
    return [_word(r) for r in runs], unknown


def _word(run: list[_Char]) -> Word:
    box = around([c.box for c in run])
    across = box.height if run[0].turn % 2 == 0 else box.width
    return Word("".join(c.text for c in run), box, run[0].turn, 1.0, across)


def garbled(text: str) -> bool:
    """Whether a font without letter meanings fills the text layer with control characters; signs alone may be such."""
    control = sum(c < " " and c not in "\r\n\t" for c in text)
    return control > GARBLED * len(text) + GARBLED_LEAST
