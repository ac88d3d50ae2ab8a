"""People in front of the dashboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from db.access.users import Role
from tests.api.dashboard.visitor import Visitor, log_in
from tests.api.running_app import RunningApp
from tests.e2e.job_seeder import JobSeeder

Enter = Callable[..., Visitor]


@pytest.fixture
def enter(here: RunningApp) -> Enter:
    """Log somebody in: `enter("ann", Role.OPERATOR, "tenant")`."""

    def person(name: str = "ann", role: Role = Role.OPERATOR, tenant: str = "default") -> Visitor:
        return log_in(here, name, role, tenant)

    return person


@pytest.fixture
def ann(enter: Enter) -> Visitor:
    return enter()


@pytest.fixture
def seeder(here: RunningApp) -> JobSeeder:
    return JobSeeder(here)
