"""Turns a page that was drawn lying on its side."""

from __future__ import annotations

import numpy as np

from worker.datasheet.geometry.primitives import Sheet, Tip, Word


def upright(sheet: Sheet) -> Sheet:
    """The sheet turned so that most of its words read from left to right."""
    votes = [sum(len(w.text) for w in sheet.words if w.turn == t) for t in range(4)]
    turn = int(np.argmax(votes))
    if turn == 0 or votes[turn] < 3 * (sum(votes) - votes[turn]):
        return sheet
    return _turned(sheet, turn)


def _turned(sheet: Sheet, turn: int) -> Sheet:
    """Turns the page clockwise by `turn` quarters, which brings words read `turn` quarters counter-clockwise upright."""
    w, h = sheet.width, sheet.height
    for _ in range(turn):
        lines = sheet.lines.copy()
        lines[:, [0, 2]] = h - sheet.lines[:, [1, 3]]
        lines[:, [1, 3]] = sheet.lines[:, [0, 2]]
        sheet.lines = lines
        sheet.outlines = [o.moved(tuple((h - y, x) for x, y in o.points)) for o in sheet.outlines]
        sheet.arrowheads = [Tip(h - t.y, t.x, -t.dy, t.dx) for t in sheet.arrowheads]
        sheet.images = [b.quarter(h) for b in sheet.images]
        sheet.words = [
            Word(t.text, t.box.quarter(h), (t.turn - 1) % 4, t.confidence, t.size) for t in sheet.words
        ]  # fmt: skip
        w, h = h, w
        sheet.turned += 1
    sheet.width, sheet.height = w, h
    return sheet
