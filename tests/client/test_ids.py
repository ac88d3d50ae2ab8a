"""A job is named by a part of its id where one of the newest jobs alone has it."""

from __future__ import annotations

from typing import Any, cast

import pytest
import typer

from bm3vl import Client
from bm3vl.cli.ids import LEAST, NEWEST, SHOWN, whole
from bm3vl.errors import NotFound

ONE, OTHER = "0198f3a1-1111-7abc-8def-00000000cafe", "0198f3a1-2222-7abc-8def-00000000beef"


class Newest:
    """A server's list of jobs, and how often it was asked."""

    def __init__(self, *ids: str) -> None:
        self.ids, self.asked = ids, 0

    def pages(self, path: str, most: int) -> list[dict[str, Any]]:
        assert (path, most) == ("/v1/jobs", NEWEST)
        self.asked += 1
        return [{"id": one} for one in self.ids]

    def whole(self, text: str) -> str:
        return whole(cast(Client, self), text)


@pytest.mark.parametrize("part", ["cafe", "0000cafe", "0198f3a1-1", " CAFE ", "0198F3A1-1111", ONE[:-1]])
def test_the_beginning_or_the_end_names_a_job(part: str) -> None:
    assert Newest(ONE, OTHER).whole(part) == ONE


def test_a_whole_id_is_taken_without_a_question() -> None:
    newest = Newest()
    assert newest.whole(ONE.upper()) == ONE
    assert newest.asked == 0


@pytest.mark.parametrize("part", ["afe", "", "../x", "lecture", "cafe!", "1111-7abc x"])
def test_what_is_not_a_part_of_an_id_is_wrong_usage(part: str) -> None:
    newest = Newest(ONE)
    with pytest.raises(typer.BadParameter, match=f"is not the id of a job: give it whole, or {LEAST} or more letters"):
        newest.whole(part)
    assert newest.asked == 0


def test_a_part_of_several_ids_is_refused_with_those_it_fits() -> None:
    with pytest.raises(typer.BadParameter, match=f"fits several jobs: {ONE}, {OTHER}$"):
        Newest(ONE, OTHER).whole("0198")
    many = [f"{ONE[:-2]}{n:02d}" for n in range(SHOWN + 3)]
    with pytest.raises(typer.BadParameter, match=f"{many[SHOWN - 1]} and 3 more$"):
        Newest(*many).whole("0198")


@pytest.mark.parametrize("part", ["1111", "dead", "7abc"])
def test_a_part_in_the_middle_or_of_no_job_is_not_found(part: str) -> None:
    with pytest.raises(NotFound, match=f"among the newest {NEWEST}"):
        Newest(ONE, OTHER).whole(part)
