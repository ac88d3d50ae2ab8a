"""Who may do what: keys, scopes, tenants, rates and quotas."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.bootstrap import KEY_FILE, prepare, welcome
from db.ops import migrate
from db.session import Database
from db.settings import Settings
from tests.api.running_app import MP4, RunningApp, TenantClient, running_app

JOB = {"kind": "video.caption", "params": {"video": {"url": "https://example.com/a.mp4"}}}

OPENAI = ("/v1/chat/completions", "/v1/responses")  # where a bad request is 400, as its packages expect


def test_the_first_start_shows_one_admin_key_once(
    tmp_path: Path, postgres_url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    first = Settings(data_dir=tmp_path, database_url=postgres_url)
    database = Database(first.database())
    migrate.upgrade(database)
    for expected in (1, 0):
        prepare(database, first)
        shown = capfd.readouterr()
        assert len(re.findall(r"bm3_\w+", shown.out)) == expected
        assert "bm3_" not in shown.err, "the log keeps the key"
    database.dispose()
    assert not (tmp_path / KEY_FILE).exists()


def test_an_embedded_start_puts_its_key_into_a_file_and_shows_where(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    first = Settings(data_dir=tmp_path)
    prepare(Database(first.database()), first)
    assert "bm3_" not in "".join(capfd.readouterr())
    file = tmp_path / KEY_FILE
    assert str(file) in welcome("http://127.0.0.1:8080", first)
    assert file.stat().st_mode & 0o777 == 0o600
    with running_app(tmp_path) as here:
        admin = TenantClient(here.client, file.read_text().strip(), here.admin().tenant_id)
        assert admin.get("/v1/tenants").status_code == 200


def test_a_key_lives_from_its_making_to_its_revoking(here: RunningApp, ann: TenantClient) -> None:
    made = ann.post("/v1/keys", {"name": "ci", "scopes": ["jobs:read"]}).json()
    key = TenantClient(here.client, made["token"], ann.tenant_id)
    assert key.get("/v1/jobs").status_code == 200
    assert key.post("/v1/jobs", JOB).json()["code"] == "missing_scope"
    listed = {row["id"]: row for row in ann.get("/v1/keys").json()}
    assert listed[made["id"]]["last_used_at"] is not None
    assert "token" not in listed[made["id"]]
    assert made["token"].split("_")[2] not in str(listed)
    assert ann.call("DELETE", f"/v1/keys/{made['id']}").status_code == 204
    assert key.get("/v1/jobs").status_code == 401


def test_rotation_overlaps_as_long_as_it_says(here: RunningApp, ann: TenantClient) -> None:
    old = ann.post("/v1/keys", {"name": "ci", "scopes": ["jobs:read"]}).json()
    overlapping = ann.post(f"/v1/keys/{old['id']}/rotate", {"overlap_s": 60}).json()
    for token in (old["token"], overlapping["token"]):
        assert TenantClient(here.client, token, ann.tenant_id).get("/v1/jobs").status_code == 200
    at_once = ann.post(f"/v1/keys/{overlapping['id']}/rotate").json()
    assert TenantClient(here.client, overlapping["token"], ann.tenant_id).get("/v1/jobs").status_code == 401
    assert TenantClient(here.client, at_once["token"], ann.tenant_id).get("/v1/jobs").status_code == 200
    assert ann.post(f"/v1/keys/{overlapping['id']}/rotate").json()["code"] == "key_revoked"


def test_an_expired_key_is_like_an_unknown_one(here: RunningApp, ann: TenantClient) -> None:
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    made = ann.post("/v1/keys", {"name": "old", "scopes": ["jobs:read"], "expires_at": past}).json()
    answer = TenantClient(here.client, made["token"], ann.tenant_id).get("/v1/jobs")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="bm3"')


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_other_token_opens_the_door(here: RunningApp, ann: TenantClient, data: st.DataObject) -> None:
    place_in, letter = data.draw(st.integers(0, len(ann.token) - 1)), data.draw(st.sampled_from("0123456789abcdef_xyz"))
    token = ann.token[:place_in] + letter + ann.token[place_in + 1 :]
    expected = 200 if token == ann.token else 401
    assert TenantClient(here.client, token, ann.tenant_id).get("/v1/jobs").status_code == expected
    rubbish = data.draw(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=300))
    assert TenantClient(here.client, rubbish, ann.tenant_id).get("/v1/jobs").status_code == 401


def test_nobody_gives_away_what_he_does_not_have(here: RunningApp, ann: TenantClient) -> None:
    assert ann.post("/v1/keys", {"name": "x", "scopes": ["admin"]}).status_code == 403
    assert ann.get("/v1/tenants").status_code == 403
    assert ann.get("/v1/workers").status_code == 403
    reader = here.tenant_client("reader", ["jobs:read"])
    for method, path in (("POST", "/v1/keys"), ("GET", "/v1/webhooks"), ("POST", "/v1/uploads"), ("GET", "/v1/assets")):
        assert reader.call(method, path, json={}).status_code in (403, 422)
        assert reader.call(method, path).status_code in (403, 422)


def test_an_administrator_makes_tenants_with_quotas(here: RunningApp) -> None:
    admin = here.admin()
    tenant = admin.post("/v1/tenants", {"name": "acme", "max_queued": 2}).json()
    assert admin.post("/v1/tenants", {"name": "acme"}).json()["code"] == "name_taken"
    made = admin.post(
        f"/v1/tenants/{tenant['id']}/keys", {"name": "first", "scopes": ["jobs:read", "jobs:write"]}
    ).json()
    acme = TenantClient(here.client, made["token"], tenant["id"])
    assert [acme.post("/v1/jobs", JOB).status_code for _ in range(3)] == [202, 202, 429]
    refused = acme.post("/v1/jobs/batch", {"jobs": [JOB]})
    assert (refused.json()["code"], refused.headers["retry-after"]) == ("quota_exceeded", "30")
    assert acme.get("/v1/usage").json()["queued"] == 2
    changed = admin.call("PATCH", f"/v1/tenants/{tenant['id']}", json={"max_queued": None}).json()
    assert (changed["max_queued"], changed["name"]) == (None, "acme")
    assert acme.post("/v1/jobs", JOB).status_code == 202


def test_a_byte_quota_counts_uploads_before_they_arrive(here: RunningApp, ann: TenantClient) -> None:
    here.admin().call("PATCH", f"/v1/tenants/{ann.tenant_id}", json={"max_bytes": len(MP4) + 10})
    assert ann.upload()["mode"] == "offset"
    answer = ann.post("/v1/uploads", {"filename": "b", "media_type": "video/mp4", "size_bytes": 11})
    assert answer.json()["code"] == "quota_exceeded"


def test_the_rate_limit_says_when_to_come_back(tmp_path: Path, redis_url: str) -> None:
    with running_app(tmp_path, redis_url=redis_url) as here:
        ann, bob = here.tenant_client("ann"), here.tenant_client("bob")
        here.admin().call("PATCH", f"/v1/tenants/{ann.tenant_id}", json={"requests_per_minute": 5})
        answers = [ann.get("/v1/jobs") for _ in range(8)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
        assert answers[-1].json()["code"] == "rate_limited"
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
        assert bob.get("/v1/jobs").status_code == 200


def test_without_redis_requests_pass(here: RunningApp, ann: TenantClient) -> None:
    here.admin().call("PATCH", f"/v1/tenants/{ann.tenant_id}", json={"requests_per_minute": 1})
    assert [ann.get("/v1/jobs").status_code for _ in range(4)] == [200] * 4


def test_no_route_shows_one_tenant_to_another(here: RunningApp, ann: TenantClient, bob: TenantClient) -> None:
    """Every route with ann's ids in it, asked by bob, answers 404; every list is empty."""
    secret = "anns secret label"
    asset = ann.asset()["id"]
    job = ann.submit(params={"video": {"asset_id": asset}}, labels={"note": secret})["id"]
    job_id, epoch = here.start()
    here.speak(job_id, epoch, secret)
    here.finish(job_id, epoch, {"text": secret}, overlay=b"x")
    endpoint = ann.post("/v1/webhooks", {"url": "https://example.com/h", "description": secret}).json()["id"]
    delivery = ann.post(f"/v1/webhooks/{endpoint}/test").json()["id"]
    key = ann.post("/v1/keys", {"name": secret, "scopes": ["jobs:read"]}).json()["id"]
    ids = {
        "job_id": job,
        "asset_id": asset,
        "endpoint_id": endpoint,
        "delivery_id": delivery,
        "key_id": key,
        "name": "overlay",
        "track": "captions.vtt",
        "seq": "0",
    }
    asked = 0
    for path, methods in here.client.get("/openapi.json").json()["paths"].items():
        if not path.startswith("/v1/") or "tenant_id" in path or "worker_id" in path:
            continue
        for method in methods:
            answer = bob.call(method.upper(), path.format(**ids), **_body_for(method, path))
            assert secret not in answer.text, (method, path)
            invalid = 400 if path in OPENAI else 422
            is_addressed = "{" in path and method != "put"  # the name of a file that is put is the sender's
            expected = {404} if is_addressed else {200, 201, 202, 403, invalid}
            assert answer.status_code in expected, (method, path, answer.status_code, answer.text)
            asked += 1
    assert asked > 30
    assert ann.get(f"/v1/jobs/{job}").status_code == 200


def _body_for(method: str, path: str) -> dict[str, Any]:
    if method == "patch" and "uploads" in path:
        return {"headers": {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}, "content": b"x"}
    if path.endswith("/cues/{seq}"):
        return {"json": {"text": "x"}}
    if path.endswith("/parts"):
        return {"json": {"numbers": [1]}}
    if path.endswith("/recover"):
        return {"params": {"since": "2020-01-01T00:00:00Z"}}
    return {"json": {}} if method in ("post", "patch") else {}
