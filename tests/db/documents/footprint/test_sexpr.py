"""S-expressions as KiCad prints them: read, written, and refused where they are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.documents.footprint.sexpr import MAX_CHARS, MAX_DEPTH, Expr, Symbol, child, children, dump, parse


def lists(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    return st.lists(inner, max_size=5)


words = st.from_regex(r"[A-Za-z_*.&][A-Za-z0-9_*.&-]*", fullmatch=True).map(Symbol)
numbers = st.integers(-(10**9), 10**9) | st.floats(-2000, 2000).map(lambda x: round(x, 4)).filter(lambda x: x % 1 != 0)
expressions = st.lists(st.recursive(words | st.text() | numbers, lists, max_leaves=30), max_size=6)


@pytest.mark.slow
@given(expressions)
def test_what_is_written_is_read_again(expr: list[Expr]) -> None:
    again = parse(dump(expr))
    assert again == expr
    assert _kinds(again) == _kinds(expr)


def _kinds(expr: Expr) -> object:
    return [*map(_kinds, expr)] if isinstance(expr, list) else type(expr)


def test_words_numbers_and_strings_are_told_apart() -> None:
    assert parse('(a "a" 1 1.5 -2 +3 .5 2. 1e3 - "1" F.Cu)') == [
        Symbol("a"), "a", 1, 1.5, -2, 3, 0.5, 2.0, Symbol("1e3"), Symbol("-"), "1", Symbol("F.Cu")
    ]  # fmt: skip


def test_brackets_in_strings_are_letters() -> None:
    assert parse('(a "(" b ")")') == [Symbol("a"), "(", Symbol("b"), ")"]


@pytest.mark.parametrize(
    ("written", "text"),
    [(r'"a\"b"', 'a"b'), (r'"a\\"', "a\\"), (r'"a\nb\tc\rd"', "a\nb\tc\rd"), (r'"\q"', "q"), ('""', "")],
)
def test_escapes(written: str, text: str) -> None:
    assert parse(f"({written})") == [text]
    assert parse(dump([text])) == [text]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not one closed list"),
        ("a", "not one closed list"),
        ("(a", "not one closed list"),
        ("(a) (b)", "not one closed list"),
        ("(a) b", "not one closed list"),
        (")", "closed that was never opened"),
        ("(a))", "closed that was never opened"),
        ('(a "b)', "a string is not closed at character 3"),
    ],
)
def test_what_is_no_list_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(text)


def test_hostile_depth_and_length_are_refused() -> None:
    deep = MAX_DEPTH - 1
    assert parse("(" * deep + ")" * deep)
    with pytest.raises(ValueError, match="too deeply"):
        parse("(" * (deep + 1) + ")" * (deep + 1))
    with pytest.raises(ValueError, match="characters are more than"):
        parse("(" + " " * MAX_CHARS)


@pytest.mark.parametrize(
    ("number", "text"), [(1.0, "1"), (0.5, "0.5"), (-0.0000001, "0"), (1.2345678, "1.234568"), (100.0, "100"), (7, "7")]
)
def test_numbers_are_short(number: float, text: str) -> None:
    assert dump([Symbol("n"), number]) == f"(n {text})"


def test_small_lists_stand_on_one_line_and_large_ones_on_several() -> None:
    point: Expr = [Symbol("at"), 1, 2]
    assert dump([Symbol("pad"), "1", point]) == '(pad "1" (at 1 2))'
    assert dump([Symbol("footprint"), "x", point]) == '(footprint "x"\n  (at 1 2)\n)'
    assert dump([Symbol("many"), *[point] * 10]).count("\n") == 11
    assert dump([Symbol("footprint"), [Symbol("gr_poly"), point]]) == "(footprint\n  (gr_poly\n    (at 1 2)\n  )\n)"
    assert dump([]) == "()"


def test_parts_are_found_by_their_word() -> None:
    expr = parse("(f (a 1) b (a 2) (c) ())")
    assert [*children(expr, "a")] == [[Symbol("a"), 1], [Symbol("a"), 2]]
    assert child(expr, "a") == [Symbol("a"), 1]
    assert child(expr, "d") is None
