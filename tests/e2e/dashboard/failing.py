"""A webhook endpoint that answers with 500."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from db.webhooks import deliveries, endpoints
from db.webhooks.deliveries import Tried, Verdict
from db.webhooks.endpoints import NewEndpoint
from tests.e2e.browser import Desk
from tests.e2e.job_seeder import JobSeeder


def failed_delivery(here: Desk, seeder: JobSeeder) -> tuple[UUID, UUID]:
    """An endpoint with one test message that was answered with 500."""
    now = datetime.now(UTC)
    with here.inside.services.database.write() as session:
        endpoint = endpoints.create(session, now, NewEndpoint(seeder.tenant_id, "https://example.com/hook"))
        delivery = endpoints.send_test(session, now, endpoint)
        (due,) = deliveries.claim(session, now, [delivery.id])
        tried = Tried("rejected", 500, None, {"webhook-id": str(due.event_id)}, "HTTP/1.1 500\n\nsorry", 31)
        deliveries.settle(session, now, due, tried, Verdict(False, None))
    return endpoint.id, delivery.id
