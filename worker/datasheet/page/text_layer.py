"""Reads the text layer of a PDF page into words with their boxes and reading directions."""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pypdfium2.raw as pdfium

from worker.datasheet.geometry.primitives import Box, Word, around
from worker.datasheet.page import clips
from worker.datasheet.page.geometry import Matrix, placed
from worker.datasheet.thresholds.page import (
    ASKEW_ALIKE_DEG,
    ASKEW_MOST_PT,
    ASKEW_STEP,
    BLANK_PT,
    GARBLED,
    GARBLED_LEAST,
    JOINT,
    JOINT_ASIDE,
    JOINT_BACK,
    JOINT_CELL,
    JOINT_NARROW,
    OBLIQUE_DEG,
    RAISED_LEAST,
    RAISED_SMALL,
    TWICE_PART,
    UNKNOWN_LEAST,
    UNMAPPED_PART,
)

MAX_CHARS = 40_000
FONT_NAME_BYTES = 128
_SPACE = 0x20
_FIRST_PRINTED = 0x21  # below it are control codes and the space
_SURROGATES = range(0xD800, 0xE000)
_BREAKS = "\t\n\r\f"
_PRIVATE_USE = range(0xE000, 0xF900)  # what a font without meanings numbers its letters with
_NARROW = frozenset("0123456789.,")  # a narrow 1 leaves a wide gap


Glyph = tuple[str, int]  # a letter of a font that does not say what it means: the font's name, its code there
_SUBSET = re.compile(r"[A-Z]{6}\+")  # begins the name of a part of a font, and no other part in the document has it


@dataclass(frozen=True, slots=True)
class KnownGlyph:
    """What a letter was found to mean, and how surely (0..1)."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class _Char:
    text: str  # empty where the font does not tell
    box: Box
    cell: Box  # what the font sets the letter in, its bearings included
    turn: int
    glyph: Glyph | None = None
    confidence: float = 1.0
    askew: float | None = None  # degrees from the page's left to right, where it is no quarter turn


@dataclass(frozen=True, slots=True)
class UnmappedWord:
    """A word some of whose letters have no known meaning: text or glyph of each, its box in points, its turn."""

    letters: tuple[str | Glyph, ...]
    box: Box
    turn: int


def _chars(textpage: object, m: Matrix, clipped: dict[int, Box], page: int) -> list[_Char | None]:
    """The characters in stored order; None marks a break."""
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
        angle = _angle(textpage, i)
        quarters = angle / 90
        oblique = abs(quarters - round(quarters)) > OBLIQUE_DEG / 90
        blank = code < _FIRST_PRINTED and not (code == _SPACE and oblique)
        if mapped and (blank or code in _SURROGATES):
            found.append(None)
            continue
        pdfium.FPDFText_GetCharBox(textpage, i, left, right, bottom, top)
        x0, y0 = placed(m, left.value, bottom.value)
        x1, y1 = placed(m, right.value, top.value)
        turn = (page_turn - round(quarters)) % 4  # the library counts clockwise
        box = Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        if clipped and not _is_shown(textpage, i, box, clipped):
            found.append(None)
            continue
        unmapped = code in _PRIVATE_USE or not mapped
        if unmapped and min(box.width, box.height) < BLANK_PT:
            found.append(None)  # a space has no other mark in such a font
            continue
        pdfium.FPDFText_GetLooseCharBox(textpage, i, cell)
        x0, y0 = placed(m, cell.left, cell.bottom)
        x1, y1 = placed(m, cell.right, cell.top)
        around_it = Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        glyph = (_font(textpage, i, page), code) if unmapped else None
        askew = angle if oblique else None
        found.append(_Char("" if unmapped else chr(code), box, around_it, turn, glyph, askew=askew))
    return found


def _angle(textpage: object, at: int) -> float:
    """Degrees clockwise from the page's left to right to the line that a letter stands on, however it leans.

    FPDFText_GetCharAngle measures the upright of a letter, which leans in an italic that is a sheared upright font.
    """
    matrix = pdfium.FS_MATRIX()
    if pdfium.FPDFText_GetMatrix(textpage, at, matrix) != 1:
        return math.degrees(max(pdfium.FPDFText_GetCharAngle(textpage, at), 0.0))
    return math.degrees(math.atan2(-matrix.b, matrix.a) % math.tau)


def _font(textpage: object, at: int, page: int) -> str:
    """The name of a font, with that of the page where others of the document may have it too."""
    name, flags = ctypes.create_string_buffer(FONT_NAME_BYTES), ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(textpage, at, name, FONT_NAME_BYTES, flags)
    told = name.value.decode("utf-8", "replace")
    return told if _SUBSET.match(told) else f"{told} on page {page}"


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
    if last.askew is not None or char.askew is not None:
        return _joins_askew(run, char)
    if last.turn != char.turn or _is_footnote(last, char):
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


def _is_footnote(last: _Char, char: _Char) -> bool:
    """Whether a digit is set small and high behind a letter: a footnote's, no part of a pin's name or number."""
    _, _, low, high = _frame(last.box, last.turn)
    _, _, _, high2 = _frame(char.box, char.turn)
    (_, _, top, foot), (_, _, top2, foot2) = _frame(last.cell, last.turn), _frame(char.cell, char.turn)
    small = foot2 - top2 < RAISED_SMALL * (foot - top)
    return char.text.isdigit() and small and high2 < high - RAISED_LEAST * (high - low)


def _joins_askew(run: list[_Char], char: _Char) -> bool:
    """Whether a letter goes on with a line that is no level or upright one, a space between them or none."""
    last = next((c for c in reversed(run) if c.text != " "), run[-1])
    if last.askew is None or char.askew is None or abs(last.askew - char.askew) > ASKEW_ALIKE_DEG:
        return False
    size = max(math.hypot(c.box.width, c.box.height) for c in (*run, char))
    return char.text == " " or math.hypot(char.box.cx - last.box.cx, char.box.cy - last.box.cy) < ASKEW_STEP * size


def _of_drawing(run: list[_Char]) -> bool:
    """Whether letters belong to the drawing: of oblique ones numbers beside leaders, no watermark across the page."""
    if run[0].askew is None:
        return True
    small = max(math.hypot(c.box.width, c.box.height) for c in run) < ASKEW_MOST_PT
    return small and any(c.text.isdigit() for c in run)


def read_words(
    textpage: object,
    to_page: Matrix,
    clipped: dict[int, Box] | None = None,
    known: Mapping[Glyph, KnownGlyph] | None = None,
    page: int = 1,
) -> tuple[list[Word], list[Box]]:
    """Words in stored order, and the boxes of letters whose meaning the font does not tell and `known` neither.

    `clipped`: what text objects are clipped to, by address.
    """
    chars = _whole([_meant(c, known or {}) for c in _chars(textpage, to_page, clipped or {}, page)])
    unknown = [c.box for c in chars if c is not None and not c.text]
    runs = _runs([c if c is not None and c.text else None for c in chars])
    return _once([_word(run) for run in runs if _of_drawing(run)]), unknown


def _once(words: list[Word]) -> list[Word]:
    """The words, each once that is printed twice at one place, which makes it bold."""
    alike: dict[tuple[str, int], list[Word]] = {}
    for word in words:
        same = alike.setdefault((word.text, word.turn), [])
        near = TWICE_PART * word.across
        if not any(abs(w.box.cx - word.box.cx) < near and abs(w.box.cy - word.box.cy) < near for w in same):
            same.append(word)
    kept = {id(word) for same in alike.values() for word in same}
    return [word for word in words if id(word) in kept]


def _whole(chars: list[_Char | None]) -> list[_Char | None]:
    """The letters, none of a word known that has others unknown: the pixels tell a word better than its pieces."""
    torn = {
        id(c) for run in _runs(chars) if any(not c.text for c in run) for c in run if c.glyph is not None
    }  # fmt: skip
    return [replace(c, text="") if c is not None and id(c) in torn else c for c in chars]


def _meant(char: _Char | None, known: Mapping[Glyph, KnownGlyph]) -> _Char | None:
    found = known.get(char.glyph) if char is not None and char.glyph is not None else None
    if char is None or found is None:
        return char
    return replace(char, text=found.text, confidence=found.confidence)


def unmapped_words(
    textpage: object, to_page: Matrix, clipped: dict[int, Box] | None = None, page: int = 1
) -> list[UnmappedWord]:
    """The words that hold letters whose meaning their font does not tell, in stored order."""
    runs = _runs(_chars(textpage, to_page, clipped or {}, page))
    return [
        UnmappedWord(tuple(c.glyph or c.text for c in run), around([c.box for c in run]), run[0].turn)
        for run in runs
        if any(c.glyph for c in run)
    ]


def _runs(chars: list[_Char | None]) -> list[list[_Char]]:
    runs: list[list[_Char]] = []
    run: list[_Char] = []
    for char in [*chars, None]:
        if char is not None and run and _joins(run, char):
            run.append(char)
            continue
        if run:
            runs.append(run)
        run = [char] if char is not None else []
    return runs


def _word(run: list[_Char]) -> Word:
    box = around([c.box for c in run])
    across = box.height if run[0].turn % 2 == 0 else box.width
    if run[0].askew is not None:
        across = max(min(c.box.width, c.box.height) for c in run)
    return Word("".join(c.text for c in run).strip(), box, run[0].turn, min(c.confidence for c in run), across)


def largely_unmapped(text: str) -> bool:
    """Whether more of a text than bullets and single signs has no meaning that its fonts tell."""
    return sum(ord(c) in _PRIVATE_USE or (c < " " and c not in _BREAKS) for c in text) > max(
        UNKNOWN_LEAST, UNMAPPED_PART * len(text)
    )


def plain_text(textpage: object, known: Mapping[Glyph, KnownGlyph], page: int = 1) -> str:
    """The text of a page in the order of the file, with what is known of letters whose font does not tell their meaning."""
    found = []
    for i in range(min(pdfium.FPDFText_CountChars(textpage), MAX_CHARS)):
        code = pdfium.FPDFText_GetUnicode(textpage, i)
        guessed = pdfium.FPDFText_IsGenerated(textpage, i) == 1
        if code in _PRIVATE_USE or (not guessed and pdfium.FPDFText_HasUnicodeMapError(textpage, i) == 1):
            meant = known.get((_font(textpage, i, page), code))
            found.append(meant.text if meant is not None else "")
        elif code not in _SURROGATES:
            found.append(chr(code))
    return "".join(found)


def garbled(text: str) -> bool:
    """Whether a font without letter meanings fills the text layer with control characters; signs alone may be such."""
    control = sum(c < " " and c not in "\r\n\t" for c in text)
    return control > GARBLED * len(text) + GARBLED_LEAST
