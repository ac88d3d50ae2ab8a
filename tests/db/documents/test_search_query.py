"""What a search means, and what is shown of a hit."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.documents import search_query
from db.documents.search_query import BadQuery, Phrase, SearchQuery, parse, snippet


def test_a_query_in_parts() -> None:
    assert parse('Red "Big car" tru* -blue -"old bus"') == SearchQuery(
        (Phrase(("red",)), Phrase(("big", "car")), Phrase(("tru",), prefix=True)),
        (Phrase(("blue",)), Phrase(("old", "bus"))),
    )


@given(st.text())
def test_any_text_is_a_query_or_refused(text: str) -> None:
    try:
        query = parse(text)
    except BadQuery:
        return
    assert all(word and word.lower() == word for phrase in query.wanted for word in phrase.words)


@given(st.text(), st.text(min_size=1))
def test_the_pieces_of_a_short_text_are_the_text(text: str, asked: str) -> None:
    query = SearchQuery((Phrase(tuple(word.text for word in search_query.words(asked)) or ("a",)),))
    pieces = snippet(text, query)
    assert "".join(piece for piece, _ in pieces) == text or len(text) > 2 * search_query.AROUND
    assert all(one[1] != other[1] for one, other in itertools.pairwise(pieces))


@pytest.mark.parametrize(
    ("text", "query", "hits"),
    [
        ("red, red cars", "red", ["red", "red"]),
        ("red cars", "red car*", ["red cars"]),
        ("the red-hot car", '"red hot"', ["red", "hot"]),
        ("一辆红色汽车", "汽车", ["汽车"]),
        ("don't", "don't", ["don", "t"]),
        ("<b>red</b>", "red", ["red"]),
    ],
)
def test_what_is_marked(text: str, query: str, hits: list[str]) -> None:
    assert [piece for piece, hit in snippet(text, parse(query)) if hit] == hits


def test_a_long_text_is_cut_between_words_around_its_first_hit() -> None:
    text = "before " * 100 + "needle" + " after" * 100
    pieces = snippet(text, parse("needle"))
    assert [hit for _, hit in pieces] == [False, True, False]
    assert pieces[0][0].startswith("…before ")
    assert pieces[2][0].endswith(" after…")
    assert sum(len(piece) for piece, _ in pieces) < 500


@pytest.mark.parametrize(
    ("query", "text", "fits"),
    [
        ("red car", "a car, all red", True),
        ("red car", "a red bus", False),
        ('"red car"', "a red car", True),
        ('"red car"', "a car, red", False),
        ('"red car"', "the last word is red", False),
        ("ca*", "a cart", True),
        ("ca*", "a scar", False),
        ('"ca*"', "a cart", False),  # in a phrase a star is no beginning
        ("red -car", "a red bus", True),
        ("red -car", "a red car", False),
        ('red -"big car"', "a red car, big", True),
        ("red", "", False),
    ],
)
def test_a_text_holds_all_that_is_wanted_and_nothing_else(query: str, text: str, fits: bool) -> None:
    assert parse(query).fits(text) is fits


def test_what_cannot_be_looked_for_says_why() -> None:
    for nothing in ("", "  ", "-red", '"!"', "*"):
        with pytest.raises(BadQuery, match="at least one word"):
            parse(nothing)
    assert len(parse("a " * 32).wanted) == 32
    for many in ("a " * 33, "a " * 31 + '"b c"', "a " * 30 + '-"b c d"'):
        with pytest.raises(BadQuery, match="at most 32 words"):
            parse(many)
    assert parse("x" * 300).wanted == (Phrase(("x" * 200,)),)
    assert parse('"open end').wanted == (Phrase(("open", "end")),)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Two words!", [("two", 0, 3), ("words", 4, 9)]),
        ("A4-3", [("a4", 0, 2), ("3", 3, 4)]),
        ("e\u0301t", [("e\u0301t", 0, 3)]),  # an accent of its own belongs to its letter
        ("ab汽车c", [("ab", 0, 2), ("汽", 2, 3), ("车", 3, 4), ("c", 4, 5)]),
        ("汽", [("汽", 0, 1)]),
        ("...", []),
    ],
)
def test_words_and_where_they_stand(text: str, found: list[tuple[str, int, int]]) -> None:
    assert [(word.text, word.start, word.end) for word in search_query.words(text)] == found


def test_each_place_is_marked_once_in_the_order_of_the_text() -> None:
    assert parse('b "a b"').spans("a b a b b") == [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9)]
    assert parse("c").spans("a b") == []
    assert parse("a -b").spans("a b") == [(0, 1)], "what is unwanted is not marked"


def test_two_marked_words_with_a_blank_between_are_marked_as_one() -> None:
    assert snippet("a red  car, red-car x", parse("red car")) == [
        ("a ", False), ("red  car", True), (", ", False), ("red", True), ("-", False), ("car", True), (" x", False)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("a " + "x" * 118 + " ", " y", ["a " + "x" * 118 + " ", " y"]),  # so near its beginning it is shown from there
        ("a " + "x" * 119 + " ", " y", ["…" + "x" * 119 + " ", " y"]),
        ("a b " + "x" * 119 + " ", " y", ["…" + "x" * 119 + " ", " y"]),
        ("", " " + "y" * 233, [" " + "y" * 233]),
        ("", " " + "y" * 300, [" " + "y" * 300]),  # no blank to cut at
        ("", " " + "y" * 233 + " z", [" " + "y" * 233 + "…"]),
        ("", " " + "y" * 232 + " z", [" " + "y" * 232 + " z"]),
    ],
)
def test_a_snippet_reaches_so_far_around_its_first_hit(before: str, after: str, shown: list[str]) -> None:
    assert [piece for piece, hit in snippet(f"{before}needle{after}", parse("needle")) if not hit] == shown


def test_a_snippet_ends_with_a_whole_word_and_hits_behind_its_end_are_not_shown() -> None:
    text = "needle " + "w " * 117 + "needle tail"  # the second begins at 241
    shown = snippet(text, parse("needle"))
    assert [hit for _, hit in shown] == [True, False]
    assert shown[1][0].endswith(" w…")
    inside = snippet("needle " + "w " * 110 + "needle tail", parse("needle"))
    assert [hit for _, hit in inside] == [True, False, True, False]
    assert snippet("no hit at all", parse("needle")) == [("no hit at all", False)]
