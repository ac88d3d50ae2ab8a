"""Uploads that begin, break, go on, and are checked."""

from __future__ import annotations

import hashlib
import itertools
import resource
import socket
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.deps import now
from db.assets import assets
from tests.api.live_app import live_app
from tests.api.running_app import MP4, NO_REDIS, OFFSET_TYPE, RunningApp, TenantClient, running_app
from tests.faults.tcp_gate import gate_to
from tests.servers import S3Place, in_s3
from worker.dispatcher.sweep import Sweeper


def test_bytes_sent_in_pieces_become_a_ready_asset(ann: TenantClient) -> None:
    upload = ann.upload(sha256=hashlib.sha256(MP4).hexdigest())
    assert (upload["mode"], upload["offset_bytes"], upload["asset"]["state"]) == ("offset", 0, "uploading")
    assert ann.append(upload, 0, MP4[:100]).headers["upload-offset"] == "100"
    head = ann.call("HEAD", upload["url"])
    assert (head.headers["upload-offset"], head.headers["upload-length"]) == ("100", str(len(MP4)))
    assert ann.post(upload["complete_url"]).json()["code"] == "upload_incomplete"
    ann.append(upload, 100, MP4[100:])
    asset = ann.post(upload["complete_url"]).json()
    assert (asset["state"], asset["sniffed_type"]) == ("ready", "video/mp4")
    assert asset["sha256"] == hashlib.sha256(MP4).hexdigest()
    assert ann.post(upload["complete_url"]).json() == asset
    assert ann.get(upload["url"]).json()["mode"] is None


def test_an_upload_that_broke_off_is_found_by_its_hash(here: RunningApp, ann: TenantClient, bob: TenantClient) -> None:
    digest = hashlib.sha256(MP4).hexdigest()
    upload = ann.upload(sha256=digest)
    ann.append(upload, 0, MP4[:100])
    again = ann.upload(sha256=digest, filename="renamed.mts")
    assert (again["asset"]["id"], again["mode"], again["offset_bytes"]) == (upload["asset"]["id"], "offset", 100)
    assert bob.upload(sha256=digest)["asset"]["id"] != upload["asset"]["id"]
    assert ann.upload()["asset"]["id"] != upload["asset"]["id"], "without a hash nothing is known of it"
    with here.services.database.read() as session:
        known = (ann.tenant_id, digest, len(MP4))
        assert assets.begun(session, now() + timedelta(days=6), *known) is not None
        assert assets.begun(session, now() + timedelta(days=8), *known) is None


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, len(MP4) - 1), max_size=5), repeats=st.booleans())
def test_any_cutting_gives_the_same_bytes(ann: TenantClient, cuts: list[int], repeats: bool) -> None:
    upload = ann.upload()
    edges = [0, *sorted(set(cuts)), len(MP4)]
    for start, stop in itertools.pairwise(edges):
        assert ann.append(upload, start, MP4[start:stop]).status_code == 204
        if repeats:
            conflict = ann.append(upload, start, MP4[start:stop])
            assert (conflict.status_code, conflict.headers["upload-offset"]) == (409, str(stop))
    assert ann.post(upload["complete_url"]).json()["sha256"] == hashlib.sha256(MP4).hexdigest()


def test_a_file_that_is_here_already_is_not_sent_again(ann: TenantClient, bob: TenantClient) -> None:
    asset, digest = ann.asset(), hashlib.sha256(MP4).hexdigest()
    again = ann.upload(sha256=digest)
    assert (again["mode"], again["asset"]["id"]) == (None, asset["id"])
    assert bob.upload(sha256=digest)["mode"] == "offset"


@pytest.mark.parametrize(
    ("data", "media_type", "declared"),
    [
        (b"just some text", "video/mp4", {}),
        (b"<!doctype html><script>alert(1)</script>", "application/octet-stream", {}),
        (b"#EXTM3U\n#EXTINF:10,\nhttp://10.0.0.1/x.ts\n", "application/octet-stream", {}),
        (MP4, "video/mp4", {"sha256": "0" * 64}),
    ],
    ids=["text", "page", "playlist", "hash"],
)
def test_bytes_that_are_no_media_or_not_those_declared_are_rejected(
    here: RunningApp, ann: TenantClient, data: bytes, media_type: str, declared: dict[str, str]
) -> None:
    upload = ann.upload(data, media_type, **declared)
    job = ann.submit(params={"video": {"asset_id": upload["asset"]["id"]}})
    assert job["state"] == "awaiting_input"
    ann.append(upload, 0, data)
    asset = ann.post(upload["complete_url"]).json()
    assert asset["state"] == "rejected"
    assert asset["failure_message"]
    failed = ann.get(f"/v1/jobs/{job['id']}").json()
    assert (failed["state"], failed["failure"]["code"]) == ("failed", asset["failure"])
    assert not here.services.objects.exists(f"assets/{ann.tenant_id}/{asset['id']}")
    refused = ann.post("/v1/jobs", {"kind": "video.caption", "params": {"video": {"asset_id": asset["id"]}}})
    assert refused.json()["code"] == "rejected_asset"


@pytest.mark.parametrize(
    "declared",
    ["video/webm", "image/png", "text/vnd.trolltech.linguist", "model/vnd.mts", "application/xml-dtd", "text/html"],
)
@pytest.mark.parametrize(("data", "sniffed"), [(MP4, "video/mp4"), (b"\x00\x01\x02 a format of its own", None)])
def test_the_bytes_decide_and_not_what_a_name_makes_a_system_guess(
    ann: TenantClient, data: bytes, sniffed: str | None, declared: str
) -> None:
    """.ts, .mts and .mod are translations, models and XML to the tables of media types."""
    upload = ann.upload(data, declared)
    ann.append(upload, 0, data)
    asset = ann.post(upload["complete_url"]).json()
    assert (asset["state"], asset["sniffed_type"]) == ("ready", sniffed)


def test_a_job_waits_for_its_upload(ann: TenantClient) -> None:
    upload = ann.upload()
    job = ann.submit(params={"video": {"asset_id": upload["asset"]["id"]}})
    assert job["state"] == "awaiting_input"
    assert ann.call("DELETE", f"/v1/assets/{upload['asset']['id']}").json()["code"] == "asset_in_use"
    ann.append(upload, 0, MP4)
    ann.post(upload["complete_url"])
    assert ann.get(f"/v1/jobs/{job['id']}").json()["state"] == "queued"


def test_an_asset_whose_bytes_cannot_be_removed_now_goes_later(here: RunningApp, ann: TenantClient) -> None:
    asset = ann.asset()
    store, key = here.services.objects, f"assets/{ann.tenant_id}/{asset['id']}"
    path = here.services.settings.data_dir / "store" / "objects" / key
    path.unlink()
    path.symlink_to(here.services.settings.data_dir)  # a store that will not touch this name
    assert ann.call("DELETE", f"/v1/assets/{asset['id']}").status_code == 204
    assert ann.get(f"/v1/assets/{asset['id']}").status_code == 404
    assert ann.get("/v1/assets").json()["items"] == []
    path.unlink()
    store.put(key, MP4, "video/mp4")
    Sweeper(store).hidden_assets(here.services.database, here.services.settings)
    assert not store.exists(key)


def test_large_files_are_checked_after_the_answer(tmp_path: Path) -> None:
    with running_app(tmp_path, verify_at_once_bytes=10) as here:
        ann = here.tenant_client("ann")
        asset = ann.asset()
        assert asset["state"] == "verifying"
        assert ann.get(f"/v1/assets/{asset['id']}").json()["state"] == "ready"


def test_what_cannot_be_uploaded_is_refused_at_once(tmp_path: Path) -> None:
    with running_app(tmp_path, max_upload_bytes=1000) as here:
        ann = here.tenant_client("ann")
        body = {"filename": "a", "media_type": "video/mp4"}
        assert ann.post("/v1/uploads", {**body, "size_bytes": 1001}).status_code == 413
        assert ann.post("/v1/uploads", {**body, "size_bytes": 0}).status_code == 422
        upload = ann.upload()
        assert ann.append(upload, 0, MP4 + b"too much").status_code == 413
        assert ann.append(upload, 0, b"x" * 2000).json()["code"] == "body_too_large"
        typed = ann.call(
            "PATCH", upload["url"], headers={"Upload-Offset": "0", "Content-Type": "video/mp4"}, content=b""
        )
        assert typed.status_code == 415


def test_bytes_before_a_break_stay(tmp_path: Path) -> None:
    data = MP4 + b"y" * (3 << 20)
    arrived = len(data) - 1000
    with live_app(tmp_path, NO_REDIS) as live:
        ann = live.inside.tenant_client("ann")
        upload = ann.upload(data)
        head = (
            f"PATCH {upload['url']} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {ann.token}\r\n"
            f"Upload-Offset: 0\r\nContent-Type: {OFFSET_TYPE}\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", live.port)) as link:
            link.sendall(head.encode() + data[:arrived])
        deadline = time.monotonic() + 60
        offset = 0
        while offset < arrived and time.monotonic() < deadline:
            offset = int(ann.call("HEAD", upload["url"]).headers["upload-offset"])
        assert offset == arrived
        ann.append(upload, offset, data[offset:])
        assert ann.post(upload["complete_url"]).json()["state"] == "ready"


def test_a_full_disk_is_507_and_keeps_nothing_of_the_piece(ann: TenantClient) -> None:
    data = MP4 + b"y" * (5 << 20)
    upload = ann.upload(data)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 << 20, limits[1]))  # Python ignores the signal: EFBIG
    try:
        refused = ann.append(upload, 0, data)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (refused.status_code, refused.headers["content-type"]) == (507, "application/problem+json")
    assert refused.json()["code"] == "storage_full"
    offset = int(ann.call("HEAD", upload["url"]).headers["upload-offset"])
    assert offset % (1 << 20) < len(MP4) + (1 << 16)
    assert ann.append(upload, offset, data[offset:]).status_code == 204
    assert ann.post(upload["complete_url"]).json()["state"] == "ready"


def test_a_store_that_refuses_our_key_says_so(tmp_path: Path, s3: S3Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with gate_to(s3.endpoint_url) as gate:
        for name, value in in_s3(replace(s3, endpoint_url=gate.url)).items():
            monkeypatch.setenv(name, value)
        gate.refuse("POST", 403, 1)
        with running_app(tmp_path) as here:
            ann = here.tenant_client("ann")
            body = {"filename": "a", "media_type": "video/mp4", "size_bytes": 5}
            refused = ann.post("/v1/uploads", body)
            assert (refused.status_code, refused.json()["code"]) == (503, "storage_refused")
            assert ann.get("/v1/assets").json()["items"] == []
            assert ann.post("/v1/uploads", body).status_code == 201


def test_a_deleted_asset_leaves_no_bytes(here: RunningApp, ann: TenantClient) -> None:
    asset = ann.asset()
    assert ann.call("DELETE", f"/v1/assets/{asset['id']}").status_code == 204
    assert ann.get(f"/v1/assets/{asset['id']}").status_code == 404
    assert [*here.services.objects.list_prefix("")] == []


def test_parts_go_straight_to_s3(tmp_path: Path, s3: S3Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in in_s3(s3).items():
        monkeypatch.setenv(name, value)
    data = MP4 + b"z" * (9 << 20)
    with running_app(tmp_path) as here:
        ann = here.tenant_client("ann")
        upload = ann.upload(data)
        assert (upload["mode"], upload["parts"], upload["parts_done"]) == ("multipart", 2, [])
        assert ann.append(upload, 0, b"x").json()["code"] == "not_appendable"
        _put(ann, upload, data, [2])
        assert ann.get(upload["url"]).json()["parts_done"] == [2]
        assert ann.post(upload["complete_url"]).json()["code"] == "upload_incomplete"
        _put(ann, upload, data, [1])
        asset = ann.post(upload["complete_url"]).json()
        assert (asset["state"], asset["sha256"]) == ("ready", hashlib.sha256(data).hexdigest())
        assert ann.post(upload["parts_url"], {"numbers": [1]}).json()["code"] == "not_multipart"


def _put(ann: TenantClient, upload: dict[str, object], data: bytes, numbers: list[int]) -> None:
    size = upload["part_bytes"]
    assert isinstance(size, int)
    for part in ann.post(str(upload["parts_url"]), {"numbers": numbers}).json()["parts"]:
        begin = (part["number"] - 1) * size
        piece = data[begin : begin + part["size_bytes"]]
        assert httpx.put(part["url"], content=piece).status_code == 200
