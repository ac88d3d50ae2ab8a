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
