"""What the pages show, to whom, and that text from outside stays text."""

from __future__ import annotations

import html
import json
import shlex
from uuid import UUID

import pytest

from db.access.users import Role
from db.documents.kinds.datasheet import DatasheetResult
from db.documents.kinds.datasheet_verdict import FootprintVerdict
from db.failures import Failure
from db.jobs.jobs import NewJob
from tests.api.dashboard.conftest import Enter
from tests.api.dashboard.hostile import EVIL, is_harmless
from tests.api.dashboard.sheet_jobs import sheet
from tests.api.dashboard.visitor import Visitor
from tests.api.running_app import RunningApp
from tests.e2e.job_seeder import SPOKEN, JobSeeder, video_result

PAGES = ("/jobs", "/submit", "/chat", "/live", "/webhooks", "/fleet", "/keys", "/usage", "/audit", "/settings")


def test_every_page_opens_for_an_admin_and_says_nothing_of_errors(enter: Enter, seeder: JobSeeder) -> None:
    boss = enter("boss", Role.ADMIN)
    seeder.video("a.mp4")
    for path in PAGES:
        assert boss.get(path).status_code == 200, path


def test_filters_stand_in_the_address(ann: Visitor, seeder: JobSeeder) -> None:
    seeder.video("one.mp4", labels={"site": "north"})
    job_id, epoch = seeder.begin()
    seeder.speak(job_id, epoch, ["A dog runs"])
    seeder.video("two.mp4")
    for query, seen in (
        ("", {"one.mp4", "two.mp4"}),
        ("?state=running", {"one.mp4"}),
        ("?state=waiting", {"two.mp4"}),
        ("?label=site:north", {"one.mp4"}),
        ("?q=DOG", {"one.mp4"}),
        ("?kind=datasheet.extract", set()),
        ("?retrying=true", set()),
        ("?state=nonsense&unknown=1", {"one.mp4", "two.mp4"}),
    ):
        rows = ann.get(f"/jobs/rows{query}").text
        assert {name for name in ("one.mp4", "two.mp4") if name in rows} == seen, query
    assert ann.get(f"/jobs?q={job_id}", follow_redirects=False).headers["location"] == f"/jobs/{job_id}"


def test_verdicts_are_a_badge_and_a_filter(ann: Visitor, seeder: JobSeeder) -> None:
    ids = {}
    for state, tone in (("verified", "good"), ("check", "warn"), ("no_footprint", "bad")):
        seeder.job(
            NewJob(seeder.tenant_id, "datasheet.extract", "cpu", {"document": {"url": "https://a.example/p.pdf"}})
        )
        job_id, epoch = seeder.begin(1000, "cpu")
        result = DatasheetResult(verdict=FootprintVerdict(state=state, items=3, reason=EVIL))
        seeder.finish(job_id, epoch, result.model_dump(mode="json"))
        ids[state] = str(job_id)
        rows = ann.get(f"/jobs/rows?verdict={state}").text
        assert [one for one in ids.values() if one in rows] == [ids[state]]
        for text in (rows, ann.get(f"/jobs/{job_id}").text):
            assert f'<span class="pill {tone}" title="&lt;img' in text
            assert EVIL not in text
    assert all(one in ann.get("/jobs/rows?verdict=nonsense").text for one in ids.values())
    assert "check 3</span>" in ann.get("/jobs/rows").text


def test_many_jobs_are_canceled_and_deleted_at_once(ann: Visitor, seeder: JobSeeder) -> None:
    ids = [str(seeder.video(f"{name}.mp4")) for name in "abc"]
    assert ann.post("/jobs/bulk", action="cancel", job=ids[:2]).status_code == 303
    assert ann.get("/jobs/rows").text.count("canceled") == 2
    ann.post("/jobs/bulk", action="delete", job=ids)
    assert "No job fits" in ann.get("/jobs/rows").text


def test_a_viewer_changes_nothing(here: RunningApp, enter: Enter, seeder: JobSeeder) -> None:
    viewer = enter("eve", Role.VIEWER)
    job_id, sheet_id = seeder.video("a.mp4"), sheet(seeder)
    attempts = {
        f"/jobs/{job_id}/cancel": {},
        f"/jobs/{job_id}/delete": {},
        f"/jobs/{job_id}/retry": {},
        f"/jobs/{job_id}/stop": {},
        f"/jobs/{job_id}/share": {"days": "1"},
        f"/jobs/{sheet_id}/correct": {"field": "body.length", "nom": "4"},
        f"/jobs/{sheet_id}/package": {"package": "SOIC-8"},
        f"/jobs/{sheet_id}/pages": {"field": "land_page", "page": "2"},
        "/jobs/bulk": {"action": "delete", "job": str(job_id)},
        "/webhooks": {"url": "https://example.com"},
        "/keys": {"name": "k", "scopes": "jobs:read"},
        "/settings/users": {"name": "x", "role": "admin", "password": "long enough for it"},
        "/fleet/workers/w1/drain": {},
    }
    for path, fields in attempts.items():
        assert viewer.post(path, **fields).status_code == 403, path
    for path in ("/submit", "/keys", "/audit"):
        assert viewer.get(path).status_code == 403, path
    token = {"X-CSRF-Token": viewer.csrf}
    assert viewer.client.post(f"/v1/jobs/{job_id}/cancel", headers=token).status_code == 403
    body = {"filename": "a.mp4", "media_type": "video/mp4", "size_bytes": 1}
    assert viewer.client.post("/v1/uploads", json=body, headers=token).status_code == 403
    assert "queued" in viewer.get(f"/jobs/{job_id}/head").text


def test_an_operator_is_no_admin(ann: Visitor) -> None:
    for path in ("/keys", "/audit"):
        assert ann.get(path).status_code == 403
    assert ann.post("/settings/users", name="x", role="admin", password="long enough").status_code == 403


def test_another_tenant_is_not_there(enter: Enter, seeder: JobSeeder) -> None:
    bob = enter("bob", Role.ADMIN, "other")
    job_id, sheet_id = seeder.video("a.mp4"), sheet(seeder)
    for path in ("", "/head", "/details", "/cues", "/live", "/media/video"):
        assert bob.get(f"/jobs/{job_id}{path}").status_code == 404, path
    for part in ("page", "thumbnail"):
        assert bob.get(f"/jobs/{sheet_id}/{part}/1.png").status_code == 404
    for path in ("cancel", "delete", "retry", "share", "stop"):
        assert bob.post(f"/jobs/{job_id}/{path}").status_code == 404
    assert "a.mp4" not in bob.get("/jobs").text
    assert bob.get("/jobs?tenant=default").status_code == 403


def test_an_administrator_of_the_installation_may_look_at_other_tenants(here: RunningApp, enter: Enter) -> None:
    boss = enter("boss", Role.ADMIN)
    enter("bob", Role.ADMIN, "other")
    JobSeeder(here, "other").video("theirs.mp4")
    assert "theirs.mp4" not in boss.get("/jobs").text
    assert "theirs.mp4" in boss.get("/jobs?tenant=other").text


@pytest.mark.parametrize("path", ["", "/head", "/details"])
def test_hostile_text_stays_text_on_a_video_job(ann: Visitor, seeder: JobSeeder, path: str) -> None:
    seeder.video("x", labels={"a": EVIL}, params={"prompt": EVIL})
    job_id, epoch = seeder.begin()
    seeder.speak(job_id, epoch, [EVIL])
    chapters = [{"start_ms": 0, "end_ms": 2000, "title": EVIL}]
    seeder.finish(job_id, epoch, video_result(1, 2000, summary=EVIL, chapters=chapters))
    is_harmless(ann.get(f"/jobs/{job_id}{path}").text)


def test_hostile_text_stays_text_everywhere(enter: Enter, seeder: JobSeeder) -> None:
    boss = enter("boss", Role.ADMIN)
    asset_id = seeder.asset(EVIL, b"x", "video/mp4")
    params = {"video": {"asset_id": str(asset_id)}}
    seeder.job(NewJob(seeder.tenant_id, "video.caption", "gpu", params, asset_id=asset_id, labels={"a": EVIL}))
    job_id, epoch = seeder.begin()
    seeder.fail(job_id, epoch, Failure.INVALID_MEDIA, EVIL)
    sheet_id = sheet(seeder, EVIL)
    made = boss.post("/webhooks", url="https://example.com/<script>alert(2)</script>", description=EVIL)
    is_harmless(made.text)
    boss.post("/keys", name=EVIL, scopes="jobs:read")
    boss.post("/settings/users", name=EVIL, role="viewer", password="long enough for it")
    boss.post(f"/jobs/{sheet_id}/correct", field="land_pattern.pads[0]", number=EVIL + "!")
    for path in (*PAGES, f"/jobs/{job_id}", f"/jobs/{sheet_id}", "/jobs/rows", f"/jobs?q={EVIL}&label=a:{EVIL}"):
        is_harmless(boss.get(path).text)


def test_a_share_link_shows_one_job_and_changes_nothing(here: RunningApp, ann: Visitor, seeder: JobSeeder) -> None:
    seeder.video("shared.mp4")
    job_id, epoch = seeder.begin()
    seeder.speak(job_id, epoch, SPOKEN[:2])
    ann.post(f"/jobs/{job_id}/share", days="7")
    link = ann.get(f"/jobs/{job_id}").text.split('value="/share/')[1].split('"')[0]
    stranger = here.client
    stranger.cookies.clear()
    page = stranger.get(f"/share/{link}")
    assert "shared.mp4" in page.text
    assert "<form" not in page.text
    assert stranger.get(f"/share/{link}/cues").json()["cues"][1][3] == SPOKEN[1]
    assert SPOKEN[0] in stranger.get(f"/share/{link}/captions.vtt").text
    assert stranger.get(f"/share/{link[:-1]}0" if link[-1] != "0" else f"/share/{link[:-1]}1").status_code == 404
    assert stranger.post(f"/share/{link}/cancel").status_code in (404, 405)
    assert stranger.get(f"/v1/jobs/{job_id}").status_code == 401
    name = link.split(".")[0]
    ann.post(f"/jobs/{job_id}/share/{UUID(hex=name)}/revoke")
    assert stranger.get(f"/share/{link}").status_code == 404


def test_the_player_gets_ranges_of_a_fixed_type(ann: Visitor, seeder: JobSeeder) -> None:
    asset_id = seeder.asset("evil.html", b"<script>alert(1)</script>", "text/html")
    job_id = seeder.job(
        NewJob(seeder.tenant_id, "video.caption", "gpu", {"video": {"asset_id": str(asset_id)}}, asset_id=asset_id)
    )
    part = ann.get(f"/jobs/{job_id}/media/video", headers={"Range": "bytes=1-6"})
    assert (part.status_code, part.content) == (206, b"script")
    assert part.headers["content-type"] == "application/octet-stream"
    assert part.headers["content-disposition"] == "attachment"
    assert "sandbox" in part.headers["content-security-policy"]


def test_a_job_is_run_again_with_other_parameters(ann: Visitor, seeder: JobSeeder) -> None:
    job_id = seeder.video("a.mp4")
    ann.post(f"/jobs/{job_id}/cancel")
    params = {"video": {"url": "https://example.com/a.mp4"}, "prompt": "Other words", "fps": 2.0}
    answer = ann.post(f"/jobs/{job_id}/retry", params=json.dumps(params), start="checkpoint")
    assert "Other words" in ann.get(answer.headers["location"]).text
    assert ann.post(f"/jobs/{job_id}/retry", params="{").status_code == 422


def test_a_job_page_says_how_to_submit_it_from_a_program(ann: Visitor, seeder: JobSeeder) -> None:
    job_id = seeder.video("x", params={"prompt": "It's a slide", "fps": 1})
    page = html.unescape(ann.get(f"/jobs/{job_id}").text)
    written = page.split('id="as-curl"')[1].split(">", 1)[1].split("</pre>")[0]
    words = shlex.split(written.replace("<span data-origin></span>", "http://server"))
    assert (words[0], words[-1]) == ("curl", "http://server/v1/jobs")
    body = json.loads(words[words.index("-d") + 1])
    assert body["kind"] == "video.caption"
    assert (body["params"]["prompt"], body["params"]["fps"], "window" in body["params"]) == ("It's a slide", 1, False)
    python = page.split('id="as-python"')[1].split(">", 1)[1].split("</pre>")[0]
    compile(python.replace("<span data-origin></span>", "http://server"), "page", "exec")
    assert "It's a slide" in python
