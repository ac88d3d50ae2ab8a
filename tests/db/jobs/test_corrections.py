"""Fields of a result named by their path, and values put in their place."""

from __future__ import annotations

import pytest

from db.jobs import corrections
from db.jobs.corrections import NoSuchField
from db.schema.tables_dashboard import Correction

RESULT = {"body": {"length": {"min": 2.9}}, "pads": [{"x": 1}, {"x": 2}]}


def correction(field: str, value: str | None) -> Correction:
    return Correction(field=field, value=value)


@pytest.mark.parametrize(("field", "value"), [("body.length.min", 2.9), ("pads[1].x", 2), ("pads[0]", {"x": 1})])
def test_a_field_is_read_by_its_path(field: str, value: object) -> None:
    assert corrections.read(RESULT, field) == value


@pytest.mark.parametrize("field", ["", "body..min", "pads[2].x", "pads[x]", "body.depth", "body.length.min.more"])
def test_what_is_not_there_is_named(field: str) -> None:
    with pytest.raises(NoSuchField):
        corrections.read(RESULT, field)


def test_the_last_value_of_each_field_is_put_in_and_the_stored_result_stays() -> None:
    made = [correction("pads[1].x", "5"), correction("pads[1].x", "6"), correction("body.length.min", "null")]
    changed = corrections.apply(RESULT, [*made, correction("legs[0].x", "1")])
    assert changed == {"body": {"length": {"min": None}}, "pads": [{"x": 1}, {"x": 6}]}
    assert RESULT["pads"] == [{"x": 1}, {"x": 2}]
