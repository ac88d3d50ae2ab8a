"""The API with a worker that answers chats as a test tells it, asked through OpenAI's own package."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from tests.api.live_app import LiveApp, live_app
from tests.api.routes.openai.answering import Worker
from tests.api.running_app import TenantClient


@pytest.fixture
def live(tmp_path: Path, redis_url: str) -> Iterator[LiveApp]:
    with live_app(tmp_path, redis_url) as running:
        running.inside.worker()
        yield running


@pytest.fixture
def ann(live: LiveApp) -> TenantClient:
    return live.inside.tenant_client("ann")


@pytest.fixture(params=["/v1", "/openai/v1"])
def client(request: pytest.FixtureRequest, live: LiveApp, ann: TenantClient) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=live.url + request.param, api_key=ann.token, max_retries=0) as one:
        yield one


@pytest.fixture
def worker(live: LiveApp, redis_url: str) -> Iterator[Worker]:
    one = Worker(live, redis_url)
    yield one
    one.join()
