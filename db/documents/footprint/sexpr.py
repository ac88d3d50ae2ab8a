"""Reads and writes S-expressions as KiCad prints them: lists of symbols, numbers and quoted strings."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_DEPTH = 100
MAX_CHARS = 20_000_000
LINE_PARTS = 40  # names, numbers and brackets of a list that is written on one line
_TOKEN = re.compile(r'\s+|([()])|"((?:[^"\\]|\\.)*)"|([^\s()"]+)', re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class Symbol(str):
    """A bare word; a plain `str` is a quoted string."""

    __slots__ = ()


Expr = Symbol | str | int | float | list["Expr"]


def parse(text: str) -> list[Expr]:
    """The one list a file holds. Raises ValueError: not an S-expression, nested too deeply, or too long."""
    if len(text) > MAX_CHARS:
        raise ValueError(f"{len(text)} characters are more than {MAX_CHARS}")
    stack: list[list[Expr]] = [[]]
    for item in _tokens(text):
        if item == "(" and isinstance(item, Symbol):
            stack.append([])
            if len(stack) > MAX_DEPTH:
                raise ValueError("lists are nested too deeply")
        elif item == ")" and isinstance(item, Symbol):
            if len(stack) < 2:
                raise ValueError("a list is closed that was never opened")
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(item)
    if len(stack) != 1 or len(stack[0]) != 1 or not isinstance(stack[0][0], list):
        raise ValueError("the text is not one closed list")
    return stack[0][0]


def _tokens(text: str) -> Iterator[Expr]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"a string is not closed at character {at}")
        at = match.end()
        bracket, quoted, bare = match.groups()
        if bracket:
            yield Symbol(bracket)
        elif quoted is not None:
            yield re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), quoted, flags=re.DOTALL)
        elif bare:
            yield _atom(bare)


def _atom(text: str) -> Expr:
    if not _NUMBER.fullmatch(text):
        return Symbol(text)
    return float(text) if "." in text else int(text)


def dump(expr: Expr, depth: int = 0) -> str:
    """One expression as text, lists of lists on lines of their own."""
    if not isinstance(expr, list):
        return _word(expr)
    simple = [e for e in expr if not isinstance(e, list)]
    if len(simple) == len(expr) or _short(expr):
        return "(" + " ".join(dump(e) for e in expr) + ")"
    pad = "\n" + "  " * (depth + 1)
    head = " ".join(_word(e) for e in expr[: _leading(expr)])
    rest = "".join(pad + dump(e, depth + 1) for e in expr[_leading(expr) :])
    return f"({head}{rest}\n{'  ' * depth})"


def _leading(expr: list[Expr]) -> int:
    return next((i for i, e in enumerate(expr) if isinstance(e, list)), len(expr))


def _short(expr: list[Expr]) -> bool:
    """Whether a list of small lists reads best on one line, as a pad or a line of a footprint does."""
    return bool(expr) and expr[0] not in ("footprint", "primitives", "gr_poly") and _size(expr) < LINE_PARTS


def _size(expr: Expr) -> int:
    return sum(map(_size, expr)) + 1 if isinstance(expr, list) else 1


def _word(value: Expr) -> str:
    if isinstance(value, Symbol):
        return str.__str__(value)
    if isinstance(value, str):
        escaped = (
            value.replace("\\", "\\\\")
            .replace('"', '\\"')
            .replace("\n", "\\n")
            .replace("\r", "\\r")
            .replace("\t", "\\t")
        )
        return f'"{escaped}"'
    if isinstance(value, float):
        text = f"{value:.6f}".rstrip("0").rstrip(".")
        return "0" if text in ("-0", "") else text
    return str(value)


def children(expr: list[Expr], name: str) -> Iterator[list[Expr]]:
    """The lists inside a list that begin with a symbol."""
    for item in expr:
        if isinstance(item, list) and item and item[0] == name:
            yield item


def child(expr: list[Expr], name: str) -> list[Expr] | None:
    """The first list in `expr` that begins with `name`; None without one."""
    return next(children(expr, name), None)
