"""Settings of the workers: a name that was renamed is still read."""

from __future__ import annotations

import pytest

from worker.settings import WorkerSettings


@pytest.mark.parametrize("name", ["BM3_WORKER_CONSUMER_STALL_S", "BM3_WORKER_DEAF_S"])
def test_the_stall_of_a_consumer_by_its_new_and_its_old_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "7.5")
    assert WorkerSettings().consumer_stall_s == 7.5
    assert WorkerSettings(consumer_stall_s=3).consumer_stall_s == 3
