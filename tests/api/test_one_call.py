"""One call is enough: a file and its job in one form, a file by PUT, a batch that keeps its good jobs, other origins."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from api.settings import ApiSettings
from tests.api.live_app import live_app
from tests.api.running_app import MP4, NO_REDIS, RunningApp, TenantClient, running_app

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
PDF = b"%PDF-1.7\n" + bytes(64)
GOOD = {"kind": "video.caption", "params": {"video": {"url": "https://example.com/a.mp4"}}}


def form(who: TenantClient, files: Any = (), headers: dict[str, str] | None = None, **fields: str) -> Any:
    return who.call("POST", "/v1/jobs", data=fields, files=files, headers=headers or {})


def test_a_video_and_its_job_in_one_form(ann: TenantClient) -> None:
    answer = form(
        ann,
        {"file": ("lecture.mp4", MP4, "video/mp4")},
        kind="video.caption",
        params='{"prompt": "Describe each slide."}',
        labels='{"course": "optics"}',
        priority="3",
    )
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert (job["state"], job["params"]["prompt"]) == ("queued", "Describe each slide.")
    assert (job["labels"], job["priority"]) == ({"course": "optics"}, 3)
    asset = ann.get(f"/v1/assets/{job['asset_id']}").json()
    assert (asset["filename"], asset["size_bytes"], asset["sniffed_type"]) == ("lecture.mp4", len(MP4), "video/mp4")


def test_files_go_to_the_parameters_that_they_are_called_after(ann: TenantClient) -> None:
    sheet = form(ann, {"file": ("part.pdf", PDF)}, kind="datasheet.extract", params='{"package": "RGT"}').json()
    assert sheet["params"]["document"]["asset_id"] == sheet["asset_id"]
    drawings = {"mechanical_image": ("m.png", PNG), "land_image": ("l.png", PNG + b"2")}
    images = form(ann, drawings, kind="datasheet.extract").json()["params"]
    assert images["mechanical_image"]["asset_id"] != images["land_image"]["asset_id"]


def test_pictures_of_a_chat_stand_before_its_words(ann: TenantClient) -> None:
    params = json.dumps({"messages": [{"role": "user", "content": "What differs?"}]})
    files = [("image", ("a.png", PNG)), ("image", ("b.png", PNG + b"2"))]
    (message,) = form(ann, files, kind="chat.complete", params=params).json()["params"]["messages"]
    assert [part["type"] for part in message["content"]] == ["image", "image", "text"]
    assert message["content"][0]["image"]["asset_id"] != message["content"][1]["image"]["asset_id"]


def test_a_form_sent_twice_with_one_key_is_one_job(ann: TenantClient) -> None:
    key = {"Idempotency-Key": "once"}
    first, second = (form(ann, {"file": ("a.mp4", MP4)}, key, kind="video.caption") for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    assert second.headers["Idempotency-Replayed"] == "true"
    other = form(ann, {"file": ("a.mp4", MP4 + b"other")}, key, kind="video.caption")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("files", "fields", "pointer", "said"),
    [
        ({"file": ("a.mp4", MP4)}, {"kind": "video.caption", "params": "{"}, "/params", "not JSON"),
        ({"file": ("a.mp4", MP4)}, {"kind": "video.caption", "params": "[]"}, "/params", "one JSON object"),
        ({"file": ("a.m3u8", b"#EXTM3U\n")}, {"kind": "video.caption"}, "/file", "playlist"),
        ({"file": ("a.mp4", b"")}, {"kind": "video.caption"}, "/file", "empty"),
        ({"film": ("a.mp4", MP4)}, {"kind": "video.caption"}, "/params/video", "required"),
        ({"file": ("a.png", PNG)}, {"kind": "chat.complete"}, "/file", "called image or video"),
    ],
)
def test_a_form_that_says_no_job_names_the_field(
    ann: TenantClient, files: Any, fields: dict[str, str], pointer: str, said: str
) -> None:
    answer = form(ann, files, **fields)
    assert answer.status_code == 422, answer.text
    errors = {one["pointer"]: one["detail"] for one in answer.json()["errors"]}
    assert said in errors[pointer]
    assert ann.get("/v1/jobs").json()["items"] == []


def test_a_form_of_nobody_is_not_read(here: RunningApp) -> None:
    answer = here.client.post("/v1/jobs", data={"kind": "video.caption"}, files={"file": ("a.mp4", MP4)})
    assert answer.status_code == 401
    reader = here.tenant_client("reader", scopes=("jobs:read",))
    assert form(reader, {"file": ("a.mp4", MP4)}, kind="video.caption").json()["code"] == "missing_scope"


def test_a_file_by_put_is_an_asset_once(ann: TenantClient, bob: TenantClient) -> None:
    made = ann.call("PUT", "/v1/assets/my%20film.mp4", content=MP4)
    assert made.status_code == 201, made.text
    assert (made.json()["filename"], made.json()["state"]) == ("my film.mp4", "ready")
    assert made.headers["Location"] == f"/v1/assets/{made.json()['id']}"
    again = ann.call("PUT", "/v1/assets/renamed.mp4", content=MP4)
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])
    assert bob.call("PUT", "/v1/assets/a.mp4", content=MP4).json()["id"] != made.json()["id"]


def test_files_of_one_request_are_bounded(tmp_path: Path) -> None:
    with running_app(tmp_path, redis_url=NO_REDIS, live=False, max_file_bytes=1000) as app:
        ann = app.tenant_client("ann")
        put = ann.call("PUT", "/v1/assets/a.mp4", content=MP4 + bytes(1000))
        assert (put.status_code, put.json()["code"]) == (413, "file_too_large")
        sent = form(ann, {"file": ("a.mp4", MP4 + bytes(1000))}, kind="video.caption")
        assert (sent.status_code, sent.json()["code"]) == (413, "file_too_large")
        assert ann.get("/v1/assets").json()["items"] == []


def test_curl_needs_one_line(tmp_path: Path) -> None:
    """The lines of the README, by curl itself."""
    (tmp_path / "a.mp4").write_bytes(MP4)
    with live_app(tmp_path, NO_REDIS) as live:
        key = live.inside.tenant_client("ann").token
        auth = ["-H", f"Authorization: Bearer {key}"]
        run = ["curl", "-sS", "--fail-with-body", *auth]
        film = str(tmp_path / "a.mp4")
        job = json.loads(
            subprocess.check_output([*run, "-F", "kind=video.caption", "-F", f"file=@{film}", f"{live.url}/v1/jobs"])
        )
        assert job["state"] == "queued"
        put = json.loads(subprocess.check_output([*run, "-T", film, f"{live.url}/v1/assets/"]))
        assert (put["filename"], put["id"]) == ("a.mp4", job["asset_id"])


def test_one_bad_job_does_not_refuse_the_others(ann: TenantClient) -> None:
    jobs = [
        GOOD,
        {"kind": "video.caption", "params": {"video": {"url": "https://example.com/b.mp4"}, "fps": 99}},
        {"kind": "video.caption", "params": {"video": {"asset_id": "01900000-0000-7000-8000-000000000000"}}},
        {"kind": "unknown", "params": {}},
        "no job",
        {"kind": "video.caption", "params": {"video": {"base64": "!!!!"}}},
        GOOD,
    ]
    answer = ann.post("/v1/jobs/batch", {"jobs": jobs, "on_error": "skip"})
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert len(body["jobs"]) == 2
    assert [one["index"] for one in body["refused"]] == [1, 2, 3, 4, 5]
    assert body["refused"][0]["errors"][0]["pointer"] == "/jobs/1/params/fps"
    assert {one["status"] for one in body["refused"]} == {422}
    assert len(ann.get("/v1/jobs").json()["items"]) == 2
    assert ann.post("/v1/jobs/batch", {"jobs": jobs[1:3], "on_error": "skip"}).json()["jobs"] == []
    assert ann.post("/v1/jobs/batch", {"jobs": jobs[3:4], "on_error": "skip"}).status_code == 422
    assert ann.post("/v1/jobs/batch", {"jobs": jobs}).status_code == 422


def test_pages_of_named_origins_may_use_the_api(tmp_path: Path) -> None:
    with running_app(
        tmp_path, redis_url=NO_REDIS, live=False, cors_origins="https://a.example, https://b.example:8443"
    ) as app:
        asked = {"Origin": "https://b.example:8443", "Access-Control-Request-Method": "POST"}
        before = app.client.options("/v1/jobs", headers={**asked, "Access-Control-Request-Headers": "authorization"})
        assert before.headers["access-control-allow-origin"] == "https://b.example:8443"
        assert "access-control-allow-credentials" not in before.headers
        refused = app.client.get("/v1/jobs", headers={"Origin": "https://b.example:8443"})
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "https://b.example:8443")
        other = app.client.get("/v1/jobs", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers


def test_without_the_setting_no_other_origin_may(here: RunningApp) -> None:
    answer = here.client.get("/v1/jobs", headers={"Origin": "https://a.example"})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("origins", ["a.example", "https://a.example/path", "ftp://a.example"])
def test_what_is_no_origin_is_refused_at_the_start(origins: str) -> None:
    with pytest.raises(ValueError, match="is not an origin"):
        ApiSettings(cors_origins=origins)
