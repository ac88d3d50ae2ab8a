"""Writes the symbol of a part as KiCad 6 and later read it: a box with its pins."""

from __future__ import annotations

from db.documents.footprint import verdict
from db.documents.footprint.sexpr import Expr, Symbol, dump
from db.documents.kinds.datasheet import DatasheetResult
from db.documents.kinds.datasheet_pin import Pin

VERSION = 20211014  # the file format of KiCad 6.0, which every later one reads
PITCH_MM = 2.54
PIN_MM = 2.54
LETTER_MM = 1.27
LINE_MM = 0.254
CONTRADICTED = 0.3  # confidence of a pin whose sources say different things, and less


def write(result: DatasheetResult, name: str, footprint: str | None) -> str | None:
    """The symbol library with the one symbol of a result; None without pins. `footprint` is the name of its footprint."""
    if not result.pins:
        return None
    left, right = _sides(result.pins)
    wide = _width(left, right)
    high = (max(len(left), len(right)) + 1) * PITCH_MM
    pins = [
        *(_pin(p, -wide / 2 - PIN_MM, _level(i, high), 0) for i, p in enumerate(left)),
        *(_pin(p, wide / 2 + PIN_MM, _level(i, high), 180) for i, p in enumerate(right)),
    ]
    body = _list("rectangle", _at("start", -wide / 2, high / 2), _at("end", wide / 2, -high / 2),
                 _list("stroke", _list("width", LINE_MM), _list("type", Symbol("default")), _list("color", 0, 0, 0, 0)),
                 _list("fill", _list("type", Symbol("background"))))  # fmt: skip
    properties = [
        _property("Reference", "U", 0, high / 2 + PITCH_MM, shown=True),
        _property("Value", name, 1, high / 2 + PITCH_MM / 2, shown=True),
        _property("Footprint", footprint or "", 2, 0.0, shown=False),
        _property("Datasheet", "", 3, 0.0, shown=False),
        _property("ki_description", _description(result), 4, 0.0, shown=False),
    ]
    symbol = _list(
        "symbol", name, _list("in_bom", Symbol("yes")), _list("on_board", Symbol("yes")), *properties,
        _list("symbol", f"{name}_0_1", body), _list("symbol", f"{name}_1_1", *pins),
    )  # fmt: skip
    library = _list("kicad_symbol_lib", _list("version", VERSION), _list("generator", Symbol("bm3vl")), symbol)
    return dump(library) + "\n"


def _sides(pins: list[Pin]) -> tuple[list[Pin], list[Pin]]:
    """The pins on the left and on the right, in the order of a package with two rows of them."""
    half = (len(pins) + 1) // 2
    return pins[:half], pins[half:][::-1]


def _width(left: list[Pin], right: list[Pin]) -> float:
    """Room for the longest names of both sides, in whole steps of the grid on each side of the middle."""
    letters = sum(max((len(_name(p)) for p in side), default=0) for side in (left, right))
    return 2 * PITCH_MM * max(2, -(-int(letters * LETTER_MM + 2 * PITCH_MM) // int(2 * PITCH_MM)))


def _level(at: int, high: float) -> float:
    return high / 2 - (at + 1) * PITCH_MM


def _pin(pin: Pin, x: float, y: float, turn: int) -> Expr:
    return _list(
        "pin", Symbol(pin.type), Symbol("line"), _list("at", round(x, 4), round(y, 4), turn), _list("length", PIN_MM),
        _list("name", _name(pin), _effects()), _list("number", pin.number, _effects()),
    )  # fmt: skip


def _name(pin: Pin) -> str:
    """The name; where sources contradict each other all of theirs, so that nobody takes one for the truth."""
    if pin.confidence > CONTRADICTED:
        return pin.name or "~"
    return " or ".join(dict.fromkeys(e.printed or pin.name for e in pin.evidence)) + "?"


def _property(name: str, value: str, at: int, y: float, shown: bool) -> Expr:
    return _list("property", name, value, _list("id", at), _list("at", 0, round(y, 4), 0), _effects(shown))


def _effects(shown: bool = True) -> Expr:
    font = _list("font", _list("size", LETTER_MM, LETTER_MM))
    return _list("effects", font, *([] if shown else [Symbol("hide")]))


def _at(name: str, x: float, y: float) -> Expr:
    return _list(name, round(x, 4), round(y, 4))


def _list(name: str, *items: Expr) -> list[Expr]:
    return [Symbol(name), *items]


def _description(result: DatasheetResult) -> str:
    """From which pages the pins were read, and how many of them only one source names."""
    pages = sorted({e.page for p in result.pins for e in p.evidence})
    open_ones = sum(p.confidence < verdict.CONFIRMED for p in result.pins)
    told = f"{result.package or 'part'}: pins from page {', '.join(map(str, pages))} of its datasheet"
    return told + (f"; {open_ones} of {len(result.pins)} pins have no second source" if open_ones else "")
