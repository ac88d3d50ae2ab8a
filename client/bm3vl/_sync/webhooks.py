# Made of bm3vl/_async by python -m tests.client.generate: change it there.
"""Webhook endpoints of the tenant, their secrets, and the log of deliveries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from bm3vl._sync.transport import Transport
from bm3vl.answers import parsed
from bm3vl.documents.answers.webhooks import (
    DeliveryDetail,
    DeliveryView,
    EndpointView,
    EndpointWithSecret,
    PublicKey,
    Recovered,
)


class Webhooks:
    """`client.webhooks`: endpoints and deliveries are given by their ids."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> list[EndpointView]:
        """The tenant's endpoints."""
        return [parsed(EndpointView, item) for item in self._transport.json("GET", "/v1/webhooks")]

    def get(self, endpoint: UUID | str) -> EndpointView:
        """One endpoint, with how its last request failed while it is failing."""
        return parsed(EndpointView, self._transport.json("GET", _place(endpoint)))

    def create(
        self, url: str, events: Sequence[str] = (), *, full: bool = False, description: str | None = None
    ) -> EndpointWithSecret:
        """A new endpoint for these events (none: all), with its secret, which no later answer shows.

        `full` sends parameters and results along.
        """
        payload = "full" if full else "thin"
        body = {"url": url, "events": [*events], "payload": payload, "description": description}
        return parsed(EndpointWithSecret, self._transport.json("POST", "/v1/webhooks", json=body))

    def change(self, endpoint: UUID | str, **fields: Any) -> EndpointView:
        """Change the fields that are given: url, events, payload, description, enabled."""
        return parsed(EndpointView, self._transport.json("PATCH", _place(endpoint), json=fields))

    def delete(self, endpoint: UUID | str) -> None:
        """Forget an endpoint and its log."""
        self._transport.call("DELETE", _place(endpoint))

    def rotate_secret(self, endpoint: UUID | str, *, overlap_s: int = 86_400) -> EndpointWithSecret:
        """A new secret; the old one signs along for `overlap_s` seconds."""
        body = {"overlap_s": overlap_s}
        answer = self._transport.json("POST", f"{_place(endpoint)}/rotate-secret", json=body)
        return parsed(EndpointWithSecret, answer)

    def public_key(self, endpoint: UUID | str) -> str:
        """The ed25519 key (`whpk_` and base64) that verifies the `v1a` signatures."""
        answer = self._transport.json("GET", f"{_place(endpoint)}/public-key")
        return parsed(PublicKey, answer).public_key

    def test(self, endpoint: UUID | str) -> DeliveryView:
        """Send a `webhook.test` event to this endpoint."""
        return parsed(DeliveryView, self._transport.json("POST", f"{_place(endpoint)}/test"))

    def deliveries(
        self, endpoint: UUID | str, *, state: str | None = None, most: int | None = None
    ) -> Iterator[DeliveryView]:
        """The log of deliveries, newest first, page by page as they are asked for; `state`: only these."""
        filters = {"state": state} if state else {}
        for item in self._transport.pages(f"{_place(endpoint)}/deliveries", most=most, **filters):
            yield parsed(DeliveryView, item)

    def delivery(self, endpoint: UUID | str, delivery: UUID | str) -> DeliveryDetail:
        """One delivery with every request made for it and what came back."""
        answer = self._transport.json("GET", f"{_place(endpoint)}/deliveries/{delivery}")
        return parsed(DeliveryDetail, answer)

    def resend(self, endpoint: UUID | str, delivery: UUID | str) -> DeliveryView:
        """Send one delivery again, delivered or not; its id stays the same."""
        answer = self._transport.json("POST", f"{_place(endpoint)}/deliveries/{delivery}/resend")
        return parsed(DeliveryView, answer)

    def recover(self, endpoint: UUID | str, since: datetime | str) -> int:
        """Try everything again that failed since then (with its time zone); how many deliveries that are."""
        when = since.isoformat() if isinstance(since, datetime) else since
        answer = self._transport.json("POST", f"{_place(endpoint)}/recover", params={"since": when})
        return parsed(Recovered, answer).deliveries


def _place(endpoint: UUID | str) -> str:
    return f"/v1/webhooks/{endpoint}"
