"""The door for language models, through the protocol's own client, against the application behind a socket."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import anyio
import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult

from tests.api.live_app import live_app
from tests.api.running_app import RunningApp, TenantClient
from tests.servers import RedisServer

VIDEO = {"video": {"url": "https://example.com/a.mp4"}}


@dataclass(frozen=True)
class OpenDoor:
    """The application behind a socket, and two tenants."""

    url: str
    worker: RunningApp
    ann: TenantClient
    bob: TenantClient

    def use(self, who: TenantClient | str, work: Callable[[Client], Awaitable[Any]]) -> Any:
        """What somebody gets who connects with this key."""
        key = who if isinstance(who, str) else who.token

        async def connected() -> Any:
            headers = {"Authorization": f"Bearer {key}"}
            async with (
                httpx2.AsyncClient(headers=headers, timeout=60) as http,
                Client(streamable_http_client(f"{self.url}/mcp", http_client=http)) as client,
            ):
                return await work(client)

        return anyio.run(connected)

    def call(self, who: TenantClient, tool: str, **arguments: Any) -> CallToolResult:
        async def work(client: Client) -> CallToolResult:
            return await client.call_tool(tool, arguments)

        result: CallToolResult = self.use(who, work)
        return result

    def found(self, who: TenantClient, tool: str, **arguments: Any) -> dict[str, Any]:
        """The document of a call that went well, which is its text as well."""
        result = self.call(who, tool, **arguments)
        assert not result.is_error, result
        document: dict[str, Any] = result.structured_content
        assert json.loads(result.content[0].text) == document
        return document

    def refused(self, who: TenantClient, tool: str, **arguments: Any) -> str:
        result = self.call(who, tool, **arguments)
        assert result.is_error, result
        return str(result.content[0].text)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory, redis_process: RedisServer) -> Iterator[OpenDoor]:
    with live_app(tmp_path_factory.mktemp("door"), redis_process.url) as running:
        yield OpenDoor(
            running.url, running.inside, running.inside.tenant_client("ann"), running.inside.tenant_client("bob")
        )


def captioned(door: OpenDoor, *texts: str) -> tuple[str, UUID, int]:
    """A job of Ann's that has said these."""
    job = door.found(door.ann, "submit", kind="video.caption", params=VIDEO)
    job_id, epoch = door.worker.start()
    assert str(job_id) == job["id"]
    door.worker.speak(job_id, epoch, *texts)
    return job["id"], job_id, epoch


def test_the_tools_say_what_they_are_for(door: OpenDoor) -> None:
    async def work(client: Client) -> Any:
        return await client.list_tools()

    tools = {tool.name: tool for tool in door.use(door.ann, work).tools}
    assert set(tools) == {"submit", "status", "cues_since", "search", "footprint"}
    assert all(tool.description and tool.input_schema["type"] == "object" for tool in tools.values())
    assert [name for name, tool in tools.items() if not tool.annotations.read_only_hint] == ["submit"]


def test_a_video_from_submit_to_search(door: OpenDoor) -> None:
    name, job_id, epoch = captioned(door, "A red car stops.", "Nothing moves.")
    assert door.found(door.ann, "status", job_id=name)["state"] == "running"
    first = door.found(door.ann, "cues_since", job_id=name, limit=1)
    assert [cue["text"] for cue in first["cues"]] == ["A red car stops."]
    door.worker.speak(job_id, epoch, "A bus.", first=2)
    later = door.found(door.ann, "cues_since", job_id=name, after_seq=0)
    assert [(cue["seq"], cue["start_ms"]) for cue in later["cues"]] == [(1, 1000), (2, 2000)]
    [hit] = door.found(door.ann, "search", q="red car")["items"]
    assert (hit["job_id"], hit["start_ms"]) == (name, 0)
    door.worker.finish(job_id, epoch, {"cues": 3})
    assert door.found(door.ann, "status", job_id=name)["result"] == {"cues": 3}


def test_a_footprint_comes_with_its_evidence(door: OpenDoor) -> None:
    params = {"document": {"url": "https://example.com/a.pdf"}, "reader": "vlm"}
    job = door.found(door.ann, "submit", kind="datasheet.extract", params=params)
    assert "has no footprint" in door.refused(door.ann, "footprint", job_id=job["id"])
    job_id, epoch = door.worker.start()
    value = {"nom": 3.9, "text": "3.9", "page": 2, "box": [1, 2, 3, 4]}
    door.worker.finish(job_id, epoch, {"body": {"length": value}, "pads": []})
    found = door.found(door.ann, "footprint", job_id=job["id"])
    assert found["footprint"]["body"]["length"] == value
    assert found["files"].endswith("/files")
    video, _, _ = captioned(door, "A car.")
    assert "datasheet.extract" in door.refused(door.ann, "footprint", job_id=video)


def test_nobody_sees_what_is_not_his(door: OpenDoor) -> None:
    name, _, _ = captioned(door, "a secret thing")
    assert door.found(door.bob, "search", q="secret")["items"] == []
    for tool in ("status", "cues_since", "footprint"):
        said = door.refused(door.bob, tool, job_id=name)
        assert said.startswith("not_found"), said
        assert "search" in said


def test_errors_say_what_to_do(door: OpenDoor) -> None:
    wrong = door.refused(door.ann, "submit", kind="video.caption", params={**VIDEO, "fps": -1})
    assert "/params/fps" in wrong
    assert "Correct" in wrong
    assert "video.caption" in door.refused(door.ann, "submit", kind="video.watch", params={})
    assert "job_id" in door.refused(door.ann, "status", job_id="not-an-id")
    assert "at least one word" in door.refused(door.ann, "search", q="...")
    assert "cues_since" in door.refused(door.ann, "no_such_tool")
    reader = door.worker.tenant_client("reader", ["jobs:read"])
    assert "jobs:write" in door.refused(reader, "submit", kind="video.caption", params=VIDEO)


@pytest.mark.parametrize("key", ["", "bm3_wrong"])
def test_without_a_good_key_nothing_is_told(door: OpenDoor, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    answer = httpx.post(f"{door.url}/mcp", json=body, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_rate_limit_counts_calls_and_says_when_to_come_back(door: OpenDoor) -> None:
    carl = door.worker.tenant_client("carl")
    door.worker.admin().call("PATCH", f"/v1/tenants/{carl.tenant_id}", json={"requests_per_minute": 3})

    async def work(client: Client) -> list[CallToolResult]:
        await client.list_tools()
        return [await client.call_tool("search", {"q": "car"}) for _ in range(4)]

    *passed, refused = door.use(carl, work)
    assert [one.is_error for one in passed] == [False] * 3
    assert refused.content[0].text.startswith("rate_limited")
    assert "Wait" in refused.content[0].text
