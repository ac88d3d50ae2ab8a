"""What customers do: no datasheet is taken for one before it, and what is not there is not waited for."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.exc import NoResultFound, OperationalError

from db.schema.base import new_id
from tests.faults.campaign.customers import Customer, stubborn
from tests.faults.cluster import Cluster
from tests.faults.retrying_client import RetryingClient


def test_each_datasheet_has_a_key_of_its_own_however_many_were_deleted() -> None:
    who = Customer("who", new_id(), RetryingClient("http://127.0.0.1:9", ""), new_id(), new_id(), [])
    keys = []
    for _ in range(4):
        keys.append(who.sheet_key)
        who.sheets.append(new_id())
        who.forgotten += who.sheets[:-1]
        del who.sheets[:-1]
    assert len({*keys}) == 4


def test_an_outage_is_waited_for_and_a_job_that_is_not_there_is_not(tmp_path: Path, redis_url: str) -> None:
    cluster = Cluster(tmp_path, f"sqlite:///{tmp_path / 'jobs.sqlite3'}", redis_url)
    with pytest.raises(NoResultFound):
        stubborn(lambda: cluster.job(new_id()), seconds=60)
    cluster.stop()
    times: list[int] = []

    def away_at_first() -> int:
        times.append(1)
        if len(times) < 3:
            raise OperationalError("", {}, Exception("away"))
        return len(times)

    assert stubborn(away_at_first) == 3
