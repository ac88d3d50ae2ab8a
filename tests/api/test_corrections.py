"""Captions corrected by people: everywhere the new text, and a record of the old one."""

from __future__ import annotations

from tests.api.running_app import RunningApp


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
