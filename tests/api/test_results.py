"""Captions and files: right at every instant, safe in a browser, readable by ranges."""

from __future__ import annotations

import html
import io
import json

import webvtt

from tests.api.running_app import RunningApp, TenantClient

RESULT = {
    "gaps": [{"start_ms": 5, "end_ms": 9, "reason": "broken"}],
    "chapters": [{"start_ms": 0, "end_ms": 2000, "title": "A & B"}],
}
NAMES = ("captions.vtt", "captions.srt", "captions.json", "captions.jsonl", "chapters.vtt")


def test_captions_are_whole_at_every_instant_and_only_grow(here: RunningApp, ann: TenantClient) -> None:
    job = ann.submit()["id"]
    job_id, epoch = here.start()
    url, before = f"/v1/jobs/{job}/captions.vtt", b""
    for seen in range(4):
        answer = ann.get(url)
        assert len(webvtt.from_buffer(io.StringIO(answer.text))) == seen
        assert answer.content.startswith(before)
        rest = ann.get(url, headers={"Range": f"bytes={len(before)}-"}) if len(before) < len(answer.content) else None
        assert rest is None or before + rest.content == answer.content
        before = answer.content
        here.speak(job_id, epoch, f"<b>cue</b> {seen} --> & more", first=seen)
    here.finish(job_id, epoch, RESULT)
    final = ann.get(url)
    assert final.content.startswith(before)
    assert final.headers["x-complete"] == "true"


def test_every_form_holds_the_same_cues(here: RunningApp, ann: TenantClient) -> None:
    job = ann.submit()["id"]
    job_id, epoch = here.start()
    here.speak(job_id, epoch, "one", "two", "three")
    here.finish(job_id, epoch, RESULT)
    got = {name: ann.get(f"/v1/jobs/{job}/{name}") for name in NAMES}
    assert all(answer.status_code == 200 for answer in got.values())
    lines = [json.loads(line)["text"] for line in got["captions.jsonl"].text.splitlines()]
    document = got["captions.json"].json()
    assert lines == [cue["text"] for cue in document["cues"]] == ["one", "two", "three"]
    assert document["gaps"] == RESULT["gaps"]
    assert got["captions.srt"].text.count("-->") == 3
    assert [html.unescape(one.text) for one in webvtt.from_buffer(io.StringIO(got["chapters.vtt"].text))] == ["A & B"]
    assert ann.get(f"/v1/jobs/{job}/result.json").json() == RESULT


def test_what_comes_out_cannot_run_in_a_browser(here: RunningApp, ann: TenantClient) -> None:
    job = ann.submit()["id"]
    job_id, epoch = here.start()
    here.finish(job_id, epoch, RESULT, overlay=b"<svg onload='alert(1)'/>")
    for path in ("captions.vtt", "captions.json", "result.json", "files/overlay"):
        headers = ann.get(f"/v1/jobs/{job}/{path}").headers
        assert headers["content-disposition"].startswith("attachment")
        assert headers["content-security-policy"].startswith("sandbox")
        assert headers["x-content-type-options"] == "nosniff"


def test_ranges_and_tags(here: RunningApp, ann: TenantClient) -> None:
    job = ann.submit()["id"]
    job_id, epoch = here.start()
    here.finish(job_id, epoch, RESULT, overlay=b"0123456789")
    for path in ("files/overlay", "captions.vtt"):
        url = f"/v1/jobs/{job}/{path}"
        whole = ann.get(url)
        size = len(whole.content)
        for text, start, stop in (("0-3", 0, 4), ("4-", 4, size), ("-3", size - 3, size), ("2-999999", 2, size)):
            part = ann.get(url, headers={"Range": f"bytes={text}"})
            assert (part.status_code, part.content) == (206, whole.content[start:stop]), (path, text)
            assert part.headers["content-range"] == f"bytes {start}-{stop - 1}/{size}"
        beyond = ann.get(url, headers={"Range": f"bytes={size}-"})
        assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
        assert ann.get(url, headers={"Range": "bytes=3-1"}).status_code == 200
    tag = ann.get(f"/v1/jobs/{job}/captions.vtt").headers["etag"]
    assert ann.get(f"/v1/jobs/{job}/captions.vtt", headers={"If-None-Match": tag}).status_code == 304


def test_what_is_not_there_is_said_plainly(ann: TenantClient) -> None:
    job = ann.submit()["id"]
    assert ann.get(f"/v1/jobs/{job}/result.json").json()["code"] == "no_result"
    assert ann.get(f"/v1/jobs/{job}/files/none").json()["code"] == "not_found"
    assert ann.get(f"/v1/jobs/{job}/captions.exe").json()["code"] == "not_found"


def test_a_corrected_caption_is_said_everywhere_and_the_old_one_is_kept(anywhere: RunningApp) -> None:
    ann, bob = anywhere.tenant_client("ann"), anywhere.tenant_client("bob")
    job = ann.submit()["id"]
    job_id, epoch = anywhere.start()
    anywhere.speak(job_id, epoch, "A red car.", "A bus.")
    anywhere.finish(job_id, epoch, {"cues": 2}, **{"captions.vtt": b"WEBVTT\n\nA red car."})
    before = ann.get(f"/v1/jobs/{job}/captions.vtt")
    path = f"/v1/jobs/{job}/cues/0"
    assert ann.call("PATCH", path, json={"text": " A red\x07 van. "}).json()["text"] == "A red van."
    after = ann.get(f"/v1/jobs/{job}/captions.vtt", headers={"If-None-Match": before.headers["ETag"]})
    assert "A red van." in after.text
    assert "A red van." in ann.get(f"/v1/jobs/{job}/files/captions.vtt").text
    [file] = ann.get(f"/v1/jobs/{job}/files").json()
    assert file["size_bytes"] == len(ann.get(f"/v1/jobs/{job}/files/captions.vtt").content)
    assert [hit["seq"] for hit in ann.get("/v1/search", params={"q": "van"}).json()["items"]] == [0]
    assert ann.get("/v1/search", params={"q": "car"}).json()["items"] == []
    ann.call("PATCH", path, json={"text": "A red van."})  # nothing new
    [kept] = ann.get(f"/v1/jobs/{job}/corrections").json()
    assert (kept["field"], kept["before"], kept["value"]) == ("cues[0].text", "A red car.", "A red van.")
    assert kept["author"] == "ann's key"
    assert ann.get(f"/v1/jobs/{job}").json()["result"] == {"cues": 2}
    assert ann.get(f"/v1/jobs/{job}/result.json").json() == {"cues": 2}
    assert bob.call("PATCH", path, json={"text": "x"}).status_code == 404
    assert bob.get(f"/v1/jobs/{job}/corrections").status_code == 404


def test_what_cannot_be_a_caption_is_refused(anywhere: RunningApp) -> None:
    ann = anywhere.tenant_client("ann")
    job = ann.submit()["id"]
    job_id, epoch = anywhere.start()
    anywhere.speak(job_id, epoch, "A red car.")
    for text in ("", " \n", "\x07", "x" * 20_001):
        assert ann.call("PATCH", f"/v1/jobs/{job}/cues/0", json={"text": text}).status_code == 422
    assert ann.call("PATCH", f"/v1/jobs/{job}/cues/7", json={"text": "x"}).status_code == 404
    reader = anywhere.tenant_client("reader", ["jobs:read"])
    assert reader.call("PATCH", f"/v1/jobs/{job}/cues/0", json={"text": "x"}).status_code == 403
