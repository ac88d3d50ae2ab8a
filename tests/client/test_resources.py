"""The rest of the server by the client, both ways of it: webhooks, keys, models, workers, queues, usage, as documents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bm3vl import ModelView
from bm3vl.documents.answers.fleet import UsageView, WorkerView
from bm3vl.documents.answers.keys import KeyView, NewKeyView
from bm3vl.documents.answers.webhooks import DeliveryDetail, EndpointView
from bm3vl.errors import ApiError, NotFound
from tests.client.conftest import LiveServer, connected

URL = "https://example.com/hook"


@pytest.fixture
def administrator(way: str, live_server: LiveServer) -> Iterator[Any]:
    with connected(way, live_server.server.url, live_server.worker.admin().token) as made:
        yield made


@pytest.mark.slow
def test_an_endpoint_from_its_making_to_its_end(client: Any) -> None:
    made = client.webhooks.create(URL, ["job.succeeded"], full=True, description="of a test")
    assert made.secret.startswith("whsec_")
    assert (made.url, made.events, made.payload, made.description) == (URL, ["job.succeeded"], "full", "of a test")
    assert made.id in [one.id for one in client.webhooks.list()]

    changed = client.webhooks.change(made.id, events=[], enabled=False)
    assert isinstance(changed, EndpointView)
    assert (changed.events, changed.payload, changed.disabled_reason) == ([], "full", "by its owner")
    assert client.webhooks.get(str(made.id)).disabled_at == changed.disabled_at
    assert client.webhooks.change(made.id, enabled=True).disabled_at is None

    rotated = client.webhooks.rotate_secret(made.id, overlap_s=60)
    assert rotated.id == made.id
    assert rotated.secret != made.secret
    assert client.webhooks.public_key(made.id).startswith("whpk_")

    client.webhooks.delete(made.id)
    with pytest.raises(NotFound):
        client.webhooks.get(made.id)


def test_an_endpoint_without_a_choice_hears_of_everything_thinly(client: Any) -> None:
    made = client.webhooks.create(URL)
    assert (made.events, made.payload, made.description) == ([], "thin", None)
    client.webhooks.delete(made.id)


def test_deliveries_are_documents(client: Any) -> None:
    endpoint = client.webhooks.create(URL)
    sent = [client.webhooks.test(endpoint.id) for _ in range(3)]
    assert {one.event_type for one in sent} == {"webhook.test"}
    assert [one.id for one in client.webhooks.deliveries(endpoint.id)] == [one.id for one in reversed(sent)]
    assert [one.id for one in client.webhooks.deliveries(endpoint.id, most=1)] == [sent[-1].id]
    assert [*client.webhooks.deliveries(endpoint.id, state="delivered")] == []

    shown = client.webhooks.delivery(endpoint.id, sent[0].id)
    assert isinstance(shown, DeliveryDetail)
    assert (shown.id, shown.state, shown.tried, shown.payload["type"]) == (sent[0].id, "pending", [], "webhook.test")
    assert client.webhooks.resend(endpoint.id, sent[0].id).event_id == sent[0].event_id
    assert client.webhooks.recover(endpoint.id, datetime.now(UTC) - timedelta(days=1)) == 0, "nothing has failed"
    client.webhooks.delete(endpoint.id)


def test_a_key_from_its_making_to_its_end(client: Any, way: str, live_server: LiveServer) -> None:
    ends = datetime.now(UTC) + timedelta(days=1)
    made = client.keys.create("reader", ["jobs:read"], expires_at=ends)
    assert isinstance(made, NewKeyView)
    assert (made.name, made.scopes, made.expires_at, made.revoked_at) == ("reader", ["jobs:read"], ends, None)
    assert made.token.startswith(made.prefix)
    with connected(way, live_server.server.url, made.token) as reader, pytest.raises(ApiError, match="scope"):
        reader.keys.list()

    rotated = client.keys.rotate(made.id)
    assert rotated.id != made.id
    client.keys.revoke(rotated.id)
    listed = {one.id: one for one in client.keys.list()}
    assert isinstance(listed[made.id], KeyView)
    assert listed[rotated.id].revoked_at is not None


def test_what_there_is_to_work_with(client: Any, administrator: Any, live_server: LiveServer) -> None:
    (model,) = client.models()
    assert isinstance(model, ModelView)
    assert (model.name, model.engine, model.context_tokens, model.workers, model.slots) == ("nano", "fake", 4096, 1, 2)
    with pytest.raises(ApiError, match="scope"):
        client.workers()
    worker = next(one for one in administrator.workers() if one.id == "w1")
    assert isinstance(worker, WorkerView)
    assert (worker.role, worker.queues, worker.alive, worker.draining) == ("gpu", ["gpu"], True, False)

    job_id = live_server.submitted()
    gpu = next(one for one in client.queues() if one.name == "gpu")
    assert gpu.states["queued"] >= 1
    used = client.usage()
    assert isinstance(used, UsageView)
    assert used.queued == gpu.states["queued"]
    assert used.limits["max_queued"] is None
    client.cancel(job_id)


def test_a_worker_is_told_to_finish_up(administrator: Any, live_server: LiveServer) -> None:
    live_server.worker.worker(name="leaving")
    assert administrator.drain("leaving").draining
    with pytest.raises(NotFound):
        administrator.drain("nobody")
