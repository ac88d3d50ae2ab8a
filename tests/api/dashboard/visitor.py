"""A browser without a screen: cookies, the token of the page, forms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi.testclient import TestClient

from db.access.users import Role
from tests.api.running_app import RunningApp
from tests.e2e.browser import PASSWORD, Desk


@dataclass(frozen=True)
class Visitor:
    """Somebody who is logged in."""

    client: TestClient

    @property
    def csrf(self) -> str:
        found = re.search(r'name="csrf" content="([^"]+)"', self.get("/jobs").text)
        assert found is not None
        return found[1]

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.client.get(path, **more)  # type: ignore[no-any-return,return-value,unused-ignore]

    def post(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form as our pages do."""
        data = {"csrf": self.csrf, **fields}
        return self.client.post(path, data=data, follow_redirects=False)  # type: ignore[no-any-return,return-value,unused-ignore]


def log_in(here: RunningApp, name: str, role: Role, tenant: str = "default") -> Visitor:
    """A new user of the tenant, logged in with a client of his own."""
    Desk("", here).user(name, role, tenant)
    client = TestClient(here.app, raise_server_exceptions=False)
    assert sign_in(client, name, PASSWORD).status_code == 303
    return Visitor(client)


def sign_in(client: TestClient | httpx.Client, name: str, password: str) -> httpx.Response:
    """Fill in the login form."""
    proof = re.search(r'name="proof" value="([^"]+)"', client.get("/login").text)
    assert proof is not None
    form = {"proof": proof[1], "name": name, "password": password}
    return client.post("/login", data=form, follow_redirects=False)  # type: ignore[no-any-return,return-value,unused-ignore]
