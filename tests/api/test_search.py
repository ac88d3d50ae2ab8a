"""Search: what is found, by whom, in which order, on either database."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from db.jobs import segments
from db.jobs.leases import Usage
from db.ops import sweeps
from db.session import database_now
from tests.api.running_app import RunningApp, TenantClient


def captioned(app: RunningApp, owner: TenantClient, *texts: str, **fields: Any) -> str:
    """A job of the owner with these captions, a second each."""
    job = owner.submit(**fields)
    job_id, epoch = app.start()
    assert str(job_id) == job["id"]
    app.speak(job_id, epoch, *texts)
    return str(job_id)


def found(who: TenantClient, q: str, **more: Any) -> list[str]:
    answer = who.get("/v1/search", params={"q": q, **more})
    assert answer.status_code == 200, answer.text
    return [hit["text"] for hit in answer.json()["items"]]


@pytest.fixture
def ann(anywhere: RunningApp) -> TenantClient:
    return anywhere.tenant_client("ann")


def test_a_hit_says_where_it_is_and_what_was_found(anywhere: RunningApp, ann: TenantClient) -> None:
    job_id = captioned(anywhere, ann, "A street.", "A red car turns left.", labels={"camera": "gate"})
    [hit] = ann.get("/v1/search", params={"q": "RED car"}).json()["items"]
    assert (hit["job_id"], hit["seq"], hit["start_ms"], hit["end_ms"]) == (job_id, 1, 1000, 2000)
    assert hit["snippet"] == [
        {"text": "A ", "hit": False},
        {"text": "red car", "hit": True},
        {"text": " turns left.", "hit": False},
    ]
    assert hit["labels"] == {"camera": "gate"}
    assert ann.get(hit["links"]["self"]).json()["id"] == job_id


SPOKEN = (
    "The red car stops.",
    "A car, red as wine.",
    "Blue carriage",
    "Someone says: don't stop!",
    "3.5 litres at 10:30",
)


@pytest.mark.parametrize(
    ("q", "places"),
    [
        ("red car", [0, 1]),
        ("car red", [0, 1]),
        ('"red car"', [0]),
        ("car*", [0, 1, 2]),
        ("stop*", [0, 3]),
        ("car* -red", [2]),
        ('car -"red car"', [1]),
        ("don't", [3]),
        ("3.5", [4]),
        ("10:30", [4]),
        ("re", []),
        ('"stops a"', []),
        ("red AND car", []),  # a word as any other
        ("red NEAR(car", []),
        ("\"red' & (car:* | '", [0]),  # a phrase that never ends
        ('"red', [0, 1]),
        ("red\\ car", [0, 1]),
        ("café", []),
    ],
)
def test_what_a_query_means(anywhere: RunningApp, ann: TenantClient, q: str, places: list[int]) -> None:
    captioned(anywhere, ann, *SPOKEN)
    assert found(ann, q) == [SPOKEN[n] for n in places]


def test_other_scripts(anywhere: RunningApp, ann: TenantClient) -> None:
    texts = (
        "一辆红色汽车左转。",
        "赤い車が止まる",
        "빨간 자동차가 멈춘다",
        "ÄRGER über ein Café",
        "Красная МАШИНА едет",
        "😀 smile",
    )
    captioned(anywhere, ann, *texts)
    asked = {"汽车": 0, "红色汽车": 0, "車": 1, "자동차": 2, "ärger": 3, "café": 3, "машина": 4, "smile": 5}
    assert {q: found(ann, q) for q in asked} == {q: [texts[n]] for q, n in asked.items()}
    assert found(ann, "车汽") == []


@pytest.mark.parametrize(
    "q", ["", "   ", "-red", '"..."', "😀", " ".join("abcdefghijklmnopqrstuvwxyz1234567890"), "a" * 401]
)
def test_a_query_without_words_is_refused(anywhere: RunningApp, ann: TenantClient, q: str) -> None:
    answer = ann.get("/v1/search", params={"q": q})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "query.q"


def test_newest_job_first_and_page_by_page(anywhere: RunningApp, ann: TenantClient) -> None:
    for job in range(3):
        captioned(anywhere, ann, *(f"word {job} {n}" for n in range(4)))
    everything = [f"word {job} {n}" for job in (2, 1, 0) for n in range(4)]
    assert found(ann, "word") == everything
    seen, cursor = [], None
    while True:
        page = ann.get("/v1/search", params={"q": "word", "limit": 5, **({"cursor": cursor} if cursor else {})}).json()
        seen += [hit["text"] for hit in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == everything
    assert ann.get("/v1/search", params={"q": "word", "cursor": "AAAA"}).status_code == 422


def test_filters(anywhere: RunningApp, ann: TenantClient) -> None:
    gate = captioned(anywhere, ann, "word at the gate", labels={"camera": "gate: 1", "site": "north"})
    door = captioned(anywhere, ann, "word at the door", labels={"camera": "door"})
    assert found(ann, "word", job_id=gate) == ["word at the gate"]
    assert found(ann, "word", label="camera:gate: 1") == ["word at the gate"]
    assert found(ann, "word", label="camera:gate") == []
    assert found(ann, "word gate", job_id=door) == []
    created = ann.get(f"/v1/jobs/{door}").json()["created_at"]
    assert found(ann, "word", created_after=created) == ["word at the door"]
    assert found(ann, "word", created_before=created) == ["word at the gate"]
    assert found(ann, "word", created_after="2999-01-01T00:00:00Z") == []
    assert found(ann, "word", created_before="1999-01-01T00:00:00Z") == []


def test_nobody_finds_what_is_not_his(anywhere: RunningApp, ann: TenantClient) -> None:
    bob = anywhere.tenant_client("bob")
    hers, his = captioned(anywhere, ann, "her secret"), captioned(anywhere, bob, "his secret")
    assert found(ann, "secret") == ["her secret"]
    assert found(bob, "secret") == ["his secret"]
    assert found(ann, "secret", job_id=his) == []
    assert found(bob, "secret", label="camera:x") == []
    assert found(ann, ann.tenant_id.hex) == found(ann, f"t{bob.tenant_id.hex}") == []
    page = ann.get("/v1/search", params={"q": "secret", "limit": 1}).json()
    assert found(bob, "secret", cursor=page["next_cursor"]) in ([], ["his secret"])
    assert hers != his


def test_a_key_needs_the_right_to_read_jobs(anywhere: RunningApp) -> None:
    assert anywhere.tenant_client("carl", ["jobs:write"]).get("/v1/search", params={"q": "a"}).status_code == 403


def test_deleted_jobs_are_gone_at_once_and_their_words_with_the_rows(anywhere: RunningApp, ann: TenantClient) -> None:
    job_id = captioned(anywhere, ann, "a red car", "红色汽车")
    kept = captioned(anywhere, ann, "a red bus")
    assert ann.call("DELETE", f"/v1/jobs/{job_id}").status_code == 204
    assert found(ann, "red") == ["a red bus"]
    with anywhere.services.database.write() as session:
        sweeps.purge(session, UUID(job_id))
    assert found(ann, "red") == ["a red bus"]
    again = captioned(anywhere, ann, "a red van")
    assert found(ann, "red") == ["a red van", "a red bus"]
    assert found(ann, "car") == found(ann, "汽车") == []
    assert kept != again


def test_a_job_from_the_cache_and_a_retry_are_found_as_well(anywhere: RunningApp, ann: TenantClient) -> None:
    anywhere.worker()
    asset = ann.asset()
    params = {"params": {"video": {"asset_id": asset["id"]}}}
    job_id, epoch = UUID(ann.submit(**params)["id"]), anywhere.start()[1]
    anywhere.speak(job_id, epoch, "a red car")
    anywhere.finish(job_id, epoch, {"cues": 1})
    again = ann.submit(**params)
    assert again["cached_from"] == str(job_id)
    assert found(ann, "car") == ["a red car", "a red car"]


def test_segments_of_a_split_video_are_not_found_beside_it(anywhere: RunningApp, ann: TenantClient) -> None:
    """Their cues come back through the job that they are parts of."""

    parent = ann.submit()["id"]
    job_id, epoch = anywhere.start()
    with anywhere.services.database.write() as session:
        at = database_now(session)
        assert segments.split(session, at, job_id, epoch, [{"video": {"url": "https://example.com/a.mp4"}}], Usage())
    part, epoch = anywhere.start()
    assert str(part) != parent
    anywhere.speak(part, epoch, "a red car")
    assert found(ann, "car") == []


def test_very_long_captions_are_stored_and_shown_in_part(anywhere: RunningApp, ann: TenantClient) -> None:
    long = " ".join(f"word{n}" for n in range(3000)) + " needle " + "ü" * 3000 + " " + "x " * 100_000
    captioned(anywhere, ann, long, "汽车" * 3000)
    [hit] = ann.get("/v1/search", params={"q": "needle"}).json()["items"]
    shown = "".join(part["text"] for part in hit["snippet"])
    assert len(shown) < 4000
    assert shown.startswith("…")
    assert [part["text"] for part in hit["snippet"] if part["hit"]] == ["needle"]
