"""Tables whose letters run from left to right over one value each."""

from __future__ import annotations

import pytest

from tests.worker.datasheet.text.test_tables import row
from worker.datasheet.text.letter_rows import read

LETTERS = ((80, "Z"), (130, "G"), (180, "X1"), (230, "E"))


@pytest.mark.parametrize(
    ("unit", "values", "lengths"),
    [
        ("(mm)/(inch)", ("2.900/0.114", "1.100/0.043", "0.800/0.031", "0.950/0.037"), (2.9, 1.1, 0.8, 0.95)),
        ("(inch)", ("0.114", "0.043", "0.031", "0.037"), (2.8956, 1.0922, 0.7874, 0.9398)),
    ],
)
def test_letters_in_a_row_over_their_lengths(unit: str, values: tuple[str, ...], lengths: tuple[float, ...]) -> None:
    words = [
        *row(0, *LETTERS),
        *row(7, (10, "Dimensions")),
        *row(14, *((x - 20, unit) for x, _ in LETTERS)),
        *row(28, (12, "Value"), *((x - 20, value) for (x, _), value in zip(LETTERS, values, strict=True))),
    ]
    found = {e.symbol: e.quantity.value for e in read(words, [])[0]}
    assert found == dict(zip(("Z", "G", "X1", "E"), lengths, strict=True))


def test_two_lengths_that_are_not_the_same_one_are_no_row() -> None:
    words = [
        *row(0, *LETTERS),
        *row(7, (10, "Dimensions")),
        *row(14, *((x - 20, "(mm)/(inch)") for x, _ in LETTERS)),
        *row(28, (12, "Value"), *((x - 20, "2.900/0.500") for x, _ in LETTERS)),
    ]
    assert read(words, []) == ([], [])


def test_lengths_with_their_limits() -> None:
    words = [
        *row(0, *LETTERS),
        *row(7, (10, "Dimensions")),
        *row(
            28,
            (12, "mm"),
            *((x - 20, value) for (x, _), value in zip(LETTERS, ("4.0±0.2", "1.1", "0.8±0.1", "0.5±0.1"), strict=True)),
        ),
    ]
    found = {e.symbol: (e.quantity.low, e.quantity.value, e.quantity.high) for e in read(words, [])[0]}
    assert found == {"Z": (3.8, 4.0, 4.2), "G": (None, 1.1, None), "X1": (0.7, 0.8, 0.9), "E": (0.4, 0.5, 0.6)}
