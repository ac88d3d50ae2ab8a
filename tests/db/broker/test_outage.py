"""An outage is told once, and its end once."""

from __future__ import annotations

from db.broker.outage import Outage


def test_an_outage_is_one_line_and_its_end_another() -> None:
    said: list[str] = []
    redis = Outage(said.append, said.append, "Redis")
    redis.over()
    for _ in range(3):
        redis.began(OSError("refused"))
    redis.over()
    redis.over()
    redis.began(TimeoutError())
    assert said == ["Redis is not reachable: refused", "Redis is back", "Redis is not reachable: TimeoutError"]
