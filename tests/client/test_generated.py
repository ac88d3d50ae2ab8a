"""The two clients are one source."""

from __future__ import annotations

import inspect

from bm3vl import AsyncClient, Client
from tests.client.generate import TARGET, generated


def test_the_synchronous_client_is_current() -> None:
    """If not: python -m tests.client.generate."""
    assert generated() == {name: (TARGET / name).read_text("utf-8") for name in generated()}


def test_both_offer_the_same() -> None:
    def offered(client: type) -> dict[str, list[str]]:
        methods = inspect.getmembers(client, inspect.isfunction)
        return {name: [*inspect.signature(one).parameters] for name, one in methods if not name.startswith("_")}

    assert offered(AsyncClient) == offered(Client)
    assert len(offered(Client)) > 15
