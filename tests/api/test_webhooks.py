"""Webhooks end to end: what happens to a job arrives at a real receiver, signed, filtered, logged, and again if need be."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from db.webhooks import endpoints
from tests.api.running_app import RunningApp, TenantClient
from tests.receiver import Receiver, receiver
from tests.waiting import GUARD_S
from worker.egress.guard import Guard
from worker.webhooks.courier import Courier
from worker.webhooks.deliver import Sender, utc_now
from worker.webhooks.schedule import DeliveryOutcome

SENDER = Sender(Guard.allowing(["127.0.0.0/8"]), timeout_s=2)


@pytest.fixture
def hooks() -> Any:
    with receiver() as running:
        yield running


class Clock:
    """Time that the test moves on."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **more: float) -> None:
        self.at += timedelta(**more)


def deliver(here: RunningApp, clock: Callable[[], datetime] | None = None) -> list[DeliveryOutcome]:
    """What dispatcher and light worker do: fan out, then one round of delivery."""
    clock = clock or (lambda: datetime.now(UTC))
    with here.services.database.write() as session:
        endpoints.fan_out(session, clock())
    return send_due(here, SENDER, clock)


def send_due(here: RunningApp, sender: Sender, clock: Callable[[], datetime] = utc_now) -> list[DeliveryOutcome]:
    """Everything that is due now, until its attempts have ended."""
    ended: queue.Queue[DeliveryOutcome | None] = queue.Queue()
    courier = Courier(here.services.database, sender, ended.put, clock)
    outcomes = [ended.get(timeout=GUARD_S) for _ in range(courier.start_due())]
    courier.close()
    return [one for one in outcomes if one is not None]


def bodies(hooks: Receiver) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in hooks.received]


def test_an_ended_job_arrives_signed(anywhere: RunningApp, hooks: Receiver) -> None:
    ann = anywhere.tenant_client("ann")
    made = ann.post("/v1/webhooks", {"url": hooks.url(), "events": ["job.succeeded"]}).json()
    job = ann.submit(labels={"team": "news"})
    job_id, epoch = anywhere.start()
    anywhere.finish(job_id, epoch, {"cues": 1})
    assert deliver(anywhere) == [DeliveryOutcome.DELIVERED]
    (request,) = hooks.received
    told = Webhook(made["secret"]).verify(request.body, request.headers)
    assert (told["type"], told["data"]["job_id"], told["data"]["state"]) == ("job.succeeded", job["id"], "succeeded")
    assert told["data"]["labels"] == {"team": "news"}
    assert told["data"]["sequence"] == 3
    assert "result" not in told["data"]
    assert deliver(anywhere) == []


def test_a_full_payload_carries_the_result(here: RunningApp, ann: TenantClient, hooks: Receiver) -> None:
    ann.post("/v1/webhooks", {"url": hooks.url(), "events": ["job.succeeded"], "payload": "full"})
    ann.submit()
    here.finish(*here.start(), {"cues": 7})
    deliver(here)
    assert bodies(hooks)[0]["data"]["result"] == {"cues": 7}


def test_a_datasheet_s_verdict_is_in_the_thin_payload(here: RunningApp, ann: TenantClient, hooks: Receiver) -> None:
    ann.post("/v1/webhooks", {"url": hooks.url(), "events": ["job.succeeded"]})
    ann.submit()
    verdict = {"state": "check", "items": 2, "reason": "no height was found", "lacking": []}
    here.finish(*here.start(), {"verdict": verdict})
    deliver(here)
    assert bodies(hooks)[0]["data"]["verdict"] == verdict


def test_filters_of_endpoint_and_job_have_to_agree(
    here: RunningApp, ann: TenantClient, bob: TenantClient, hooks: Receiver
) -> None:
    first = ann.post("/v1/webhooks", {"url": hooks.url("/ok?first")}).json()["id"]
    ann.post("/v1/webhooks", {"url": hooks.url("/ok?second"), "events": ["job.canceled"]})
    bob.post("/v1/webhooks", {"url": hooks.url("/ok?bob")})
    quiet = ann.submit(webhook={"events": []})["id"]
    chosen = ann.submit(webhook={"events": ["job.canceled"], "endpoint_ids": [first]})["id"]
    plain = ann.submit()["id"]
    for job in (quiet, chosen, plain):
        ann.post(f"/v1/jobs/{job}/cancel")
    deliver(here)
    got = sorted(
        (one.path, json.loads(one.body)["type"], json.loads(one.body)["data"]["job_id"]) for one in hooks.received
    )
    assert got == sorted(
        [
            ("/ok?first", "job.canceled", chosen),
            ("/ok?first", "job.queued", plain),
            ("/ok?first", "job.canceled", plain),
            ("/ok?second", "job.canceled", plain),
        ]
    )


def test_uploads_are_told_of(here: RunningApp, ann: TenantClient, hooks: Receiver) -> None:
    ann.post("/v1/webhooks", {"url": hooks.url()})
    good = ann.asset()["id"]
    bad = ann.asset(b"text")["id"]
    deliver(here)
    assert sorted((one["type"], one["data"]["asset_id"]) for one in bodies(hooks)) == [
        ("asset.rejected", bad),
        ("asset.verified", good),
    ]


def test_a_failing_receiver_is_tried_again_with_the_same_id(
    here: RunningApp, ann: TenantClient, hooks: Receiver
) -> None:
    endpoint = ann.post("/v1/webhooks", {"url": hooks.url("/flaky/2")}).json()["id"]
    delivery = ann.post(f"/v1/webhooks/{endpoint}/test").json()["id"]
    clock = Clock()
    assert deliver(here, clock) == [DeliveryOutcome.REJECTED]
    assert deliver(here, clock) == []
    assert ann.get(f"/v1/webhooks/{endpoint}").json()["failing_since"] is not None
    clock.forward(seconds=7)
    assert deliver(here, clock) == [DeliveryOutcome.REJECTED]
    clock.forward(minutes=7)
    assert deliver(here, clock) == [DeliveryOutcome.DELIVERED]
    assert len({one.headers["webhook-id"] for one in hooks.received}) == 1
    assert len({one.headers["webhook-timestamp"] for one in hooks.received}) == 3
    log = ann.get(f"/v1/webhooks/{endpoint}/deliveries/{delivery}").json()
    assert [line["status"] for line in log["tried"]] == [500, 500, 200]
    assert log["tried"][0]["request_headers"]["webhook-id"] == log["event_id"]
    assert (log["state"], log["attempts"]) == ("delivered", 3)
    assert ann.get(f"/v1/webhooks/{endpoint}").json()["failing_since"] is None


def test_a_schedule_ends_and_recovering_starts_it_anew(here: RunningApp, ann: TenantClient, hooks: Receiver) -> None:
    endpoint = ann.post("/v1/webhooks", {"url": hooks.url("/status/500")}).json()["id"]
    ann.post(f"/v1/webhooks/{endpoint}/test")
    clock, rounds = Clock(), 0
    while deliver(here, clock):
        rounds += 1
        clock.forward(hours=29)
        if ann.get(f"/v1/webhooks/{endpoint}").json()["disabled_at"]:
            break
    assert rounds >= 5
    row = ann.get(f"/v1/webhooks/{endpoint}").json()
    assert row["disabled_reason"] == "every attempt failed for 120 hours"
    assert [one["state"] for one in ann.get(f"/v1/webhooks/{endpoint}/deliveries").json()["items"]] == ["failed"]
    assert ann.post(f"/v1/webhooks/{endpoint}/test").json()["code"] == "endpoint_disabled"
    ann.call("PATCH", f"/v1/webhooks/{endpoint}", json={"enabled": True, "url": hooks.url("/ok")})
    since = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    recovered = ann.post(f"/v1/webhooks/{endpoint}/recover", params={"since": since}).json()
    assert recovered == {"deliveries": 1}
    assert deliver(here) == [DeliveryOutcome.DELIVERED]


def test_gone_disables_at_once(here: RunningApp, ann: TenantClient, hooks: Receiver) -> None:
    endpoint = ann.post("/v1/webhooks", {"url": hooks.url("/status/410")}).json()["id"]
    ann.post(f"/v1/webhooks/{endpoint}/test")
    assert deliver(here) == [DeliveryOutcome.GONE]
    assert "410" in ann.get(f"/v1/webhooks/{endpoint}").json()["disabled_reason"]


def test_a_private_address_is_never_dialled(here: RunningApp, ann: TenantClient, hooks: Receiver) -> None:
    endpoint = ann.post("/v1/webhooks", {"url": hooks.url()}).json()["id"]
    ann.post(f"/v1/webhooks/{endpoint}/test")
    assert send_due(here, Sender()) == [DeliveryOutcome.BLOCKED]
    assert hooks.received == []


def test_rotation_signs_with_both_secrets_for_a_while(here: RunningApp, ann: TenantClient, hooks: Receiver) -> None:
    old = ann.post("/v1/webhooks", {"url": hooks.url()}).json()
    new = ann.post(f"/v1/webhooks/{old['id']}/rotate-secret", {"overlap_s": 60}).json()
    assert new["secret"] != old["secret"]
    ann.post(f"/v1/webhooks/{old['id']}/test")
    deliver(here)
    for made in (old, new):
        Webhook(made["secret"]).verify(hooks.received[0].body, hooks.received[0].headers)
    assert "secret" not in ann.get(f"/v1/webhooks/{old['id']}").json()
    clock = Clock()
    clock.forward(seconds=61)
    ann.post(f"/v1/webhooks/{old['id']}/test")
    deliver(here, clock)
    assert hooks.received[1].headers["webhook-signature"].count("v1,") == 1
    assert ann.get(f"/v1/webhooks/{old['id']}/public-key").json()["public_key"].startswith("whpk_")


def test_a_delivery_can_be_sent_again(here: RunningApp, ann: TenantClient, hooks: Receiver) -> None:
    endpoint = ann.post("/v1/webhooks", {"url": hooks.url()}).json()["id"]
    delivery = ann.post(f"/v1/webhooks/{endpoint}/test").json()["id"]
    deliver(here)
    assert ann.post(f"/v1/webhooks/{endpoint}/deliveries/{delivery}/resend").json()["state"] == "pending"
    deliver(here)
    first, second = hooks.received
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)


def test_an_endpoint_is_changed_field_by_field_and_deleted(ann: TenantClient) -> None:
    made = ann.post("/v1/webhooks", {"url": "https://example.com/a", "events": ["job.failed"]}).json()
    changed = ann.call("PATCH", f"/v1/webhooks/{made['id']}", json={"description": "mine"}).json()
    assert (changed["url"], changed["events"], changed["description"]) == (
        "https://example.com/a",
        ["job.failed"],
        "mine",
    )
    off = ann.call("PATCH", f"/v1/webhooks/{made['id']}", json={"enabled": False}).json()
    assert off["disabled_reason"] == "by its owner"
    assert ann.call("DELETE", f"/v1/webhooks/{made['id']}").status_code == 204
    assert ann.get("/v1/webhooks").json() == []
    for url in ("ftp://example.com", "example.com", "http://", "file:///etc/passwd"):
        assert ann.post("/v1/webhooks", {"url": url}).status_code == 422


@pytest.mark.parametrize(
    "url", ["http://10.1.2.3/hook", "http://[::1]:80/", "http://169.254.169.254/latest", "https://192.168.0.9:8443/x"]
)
def test_an_address_in_a_network_of_ours_is_refused_with_the_setting_to_use(
    ann: TenantClient, hooks: Receiver, url: str
) -> None:
    answer = ann.post("/v1/webhooks", {"url": url})
    assert (answer.status_code, answer.json()["code"]) == (422, "private_address")
    assert "BM3_ALLOW_NETWORKS=" in answer.json()["errors"][0]["detail"]
    made = ann.post("/v1/webhooks", {"url": hooks.url()}).json()
    changed = ann.call("PATCH", f"/v1/webhooks/{made['id']}", json={"url": url})
    assert changed.json()["code"] == "private_address"
    assert ann.call("PATCH", f"/v1/webhooks/{made['id']}", json={"description": "x"}).status_code == 200


def test_an_endpoint_says_how_its_last_request_failed(here: RunningApp, ann: TenantClient, hooks: Receiver) -> None:
    endpoint = ann.post("/v1/webhooks", {"url": hooks.url("/status/404")}).json()["id"]
    ann.post(f"/v1/webhooks/{endpoint}/test")
    assert ann.get(f"/v1/webhooks/{endpoint}").json()["last_error"] is None
    deliver(here)
    assert ann.get(f"/v1/webhooks/{endpoint}").json()["last_error"] == "rejected: HTTP status 404"
    assert ann.get("/v1/webhooks").json()[0]["last_error"] == "rejected: HTTP status 404"
    ann.call("PATCH", f"/v1/webhooks/{endpoint}", json={"url": hooks.url()})
    ann.post(f"/v1/webhooks/{endpoint}/test")
    deliver(here)
    assert ann.get(f"/v1/webhooks/{endpoint}").json()["last_error"] is None
