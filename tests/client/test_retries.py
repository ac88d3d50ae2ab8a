"""When a request is sent again, after how long, and what an answer without success means."""

from __future__ import annotations

import httpx
import pytest

from bm3vl.errors import ApiError, Conflict, Invalid, NotFound, RateLimited, Unauthorized
from bm3vl.retries import checked, delay_s, pause_s, retry_after_s


def answer(status: int, body: object = None, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if isinstance(body, str):
        return httpx.Response(status, text=body, headers=named)
    return (
        httpx.Response(status, json=body, headers=named) if body is not None else httpx.Response(status, headers=named)
    )


def test_pauses_double_up_to_a_limit() -> None:
    assert [pause_s(n) for n in range(8)] == [0.25, 0.5, 1, 2, 4, 8, 8, 8]


def test_clients_do_not_come_back_in_step() -> None:
    delays = [delay_s(3) for _ in range(200)]
    assert all(1.0 <= delay <= 2.0 for delay in delays)
    assert len({round(delay, 3) for delay in delays}) > 20


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7.0), ("0", 0.0), ("", None), ("soon", None), ("-1", None), ("1.5", None)]
)
def test_the_server_may_say_how_long_to_wait(value: str, seconds: float | None) -> None:
    assert retry_after_s(answer(429, retry_after=value)) == seconds
    assert retry_after_s(answer(429)) is None


@pytest.mark.parametrize("status", [200, 201, 204, 304])
def test_a_good_answer_is_handed_on(status: int) -> None:
    good = answer(status)
    assert checked(good) is good


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, ApiError),
        (401, Unauthorized),
        (404, NotFound),
        (409, Conflict),
        (422, Invalid),
        (429, RateLimited),
        (500, ApiError),
    ],
)
def test_an_answer_without_success_is_an_error_of_its_own(status: int, error: type[ApiError]) -> None:
    problem = {"title": "no", "detail": "not like this", "code": "some_code"}
    with pytest.raises(error, match="not like this") as raised:
        checked(answer(status, problem))
    assert (raised.value.status, raised.value.problem["code"]) == (status, "some_code")


def test_an_answer_that_is_no_problem_document_is_told_as_it_is() -> None:
    with pytest.raises(ApiError, match="x" * 300) as raised:
        checked(answer(502, "x" * 400))
    assert raised.value.problem["detail"] == "x" * 300
    with pytest.raises(ApiError, match="Bad Gateway"):
        checked(answer(502, ["a", "list"]))
