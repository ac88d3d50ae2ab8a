"""The pieces of a worker, as the supervisor's tests have them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.worker.supervisor.conftest import harnesses as harnesses
from tests.worker.supervisor.worker_harness import WorkerHarness


@pytest.fixture
def harness(harnesses: Callable[..., WorkerHarness]) -> WorkerHarness:
    made = harnesses("fake=fake", stop_s=10.0)
    made.settings.allow_networks.append("127.0.0.0/8")
    made.keep_running()
    return made
