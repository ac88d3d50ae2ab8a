"""Every operation of the OpenAPI document under generated requests from one tenant, with another's ids mixed in.

No answer is a 5xx (but "no answer in time", for no worker runs here), every refusal is problem+json, and nothing of the
other tenant ever shows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.running_app import RunningApp, TenantClient, running_app

OPENAI = ("/v1/chat/completions", "/v1/responses", "/v1/models/{name}", "/openai/v1/models", "/openai/v1/models/{name}")
SECRET = "anns-secret"

# A short walk that is the same every time; by hand a longer one that is not: BM3_OPENAPI_EXAMPLES=200 pytest ...
LONG = os.environ.get("BM3_OPENAPI_EXAMPLES")
EXAMPLES = {"max_examples": int(LONG or 8), "derandomize": LONG is None}


@schemathesis.serializer("application/offset+octet-stream")
def _raw(context: object, value: object) -> object:
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


@dataclass(frozen=True)
class Scene:
    """Ann's things, which bob must not see, and bob's own."""

    here: RunningApp
    bob: TenantClient
    anns: dict[str, str]
    bobs: dict[str, str]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_process").fresh()
    with running_app(tmp_path_factory.mktemp("openapi"), url, wait_cap_s=0.2, chat_wait_s=0.2) as here:
        ann, bob = here.tenant_client("ann"), here.tenant_client("bob")
        yield Scene(here, bob, _things(here, ann, SECRET), _things(here, bob, "bobs"))


def test_no_operation_breaks_or_tells_too_much(scene: Scene) -> None:
    schema = schemathesis.openapi.from_dict(scene.here.client.get("/openapi.json").json())
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 40
    for operation in operations:
        _walk(scene, operation)


def _walk(scene: Scene, operation: Any) -> None:
    @settings(**EXAMPLES, deadline=None, suppress_health_check=[*HealthCheck], database=None)
    @given(case=operation.as_strategy(), ids=st.sampled_from([scene.anns, scene.bobs, {}]))
    def ask(case: schemathesis.Case, ids: dict[str, str]) -> None:
        case.path_parameters = {name: ids.get(name, value) for name, value in (case.path_parameters or {}).items()}
        answer = _send(scene, case)
        told = f"{case.method} {case.path} {case.path_parameters}: {answer.status_code} {answer.text[:500]}"
        unanswered = case.path in OPENAI and answer.status_code == 504
        assert answer.status_code < 500 or unanswered, told
        assert SECRET not in answer.text, told
        if answer.status_code >= 400 and case.method != "HEAD":
            form = "application/json" if case.path in OPENAI else "application/problem+json"
            assert answer.headers["content-type"] == form, told

    ask()


def _send(scene: Scene, case: schemathesis.Case) -> Any:
    sent = case.as_transport_kwargs(base_url="http://testserver")
    headers = {**sent.pop("headers", {}), "Authorization": f"Bearer {scene.bob.token}"}
    body = {"content": data} if isinstance(data := sent.pop("data", None), bytes) else {"data": data}
    return scene.here.client.request(
        headers=headers, **body, **{name: sent[name] for name in ("method", "url", "params", "json") if name in sent}
    )


def _things(here: RunningApp, who: TenantClient, text: str) -> dict[str, str]:
    """One of everything, with `text` in it; the job has ended, so that its stream does too."""
    asset = who.asset()["id"]
    job = who.submit(params={"video": {"asset_id": asset}, "prompt": text}, labels={"note": text})["id"]
    job_id, epoch = here.start()
    here.speak(job_id, epoch, text)
    here.finish(job_id, epoch, {"text": text}, overlay=text.encode())
    endpoint = who.post("/v1/webhooks", {"url": "https://example.com/h", "description": text}).json()["id"]
    delivery = who.post(f"/v1/webhooks/{endpoint}/test").json()["id"]
    key = who.post("/v1/keys", {"name": text, "scopes": ["jobs:read"]}).json()["id"]
    names = {"asset_id": asset, "job_id": job, "endpoint_id": endpoint, "delivery_id": delivery, "key_id": key}
    return {**names, "track": "captions.vtt", "name": "overlay"}
