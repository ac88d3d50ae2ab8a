"""Each account of the ledger can fail: a faultless service is made, one thing is spoilt, and exactly that is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Executable, delete, update

from db.schema.base import new_id
from db.schema.tables import Asset, CueRow, Job, JobAttempt, JobEvent, JobFile, State
from tests.faults.campaign.accounted_service import NAMES, SHEET, SPOKEN, Service
from tests.faults.campaign.customers import Customer
from tests.faults.campaign.watchers import Notes
from tests.faults.cluster import Cluster, now
from tests.faults.histories import history
from tests.faults.ledger import MUST_BE_ZERO, SHEET_FILES, VIDEO_FILES
from tests.faults.retrying_client import RetryingClient


@pytest.fixture
def service(tmp_path: Path, redis_url: str) -> Iterator[Service]:
    cluster = Cluster(tmp_path, f"sqlite:///{tmp_path / 'jobs.sqlite3'}", redis_url)
    file = tmp_path / "file"
    file.write_bytes(b"x")
    customers = []
    for name in NAMES:
        tenant_id = cluster.add_tenant()
        video, sheet = (cluster.add_file(file, "video/mp4", tenant_id) for _ in range(2))
        customers.append(Customer(name, tenant_id, RetryingClient("http://127.0.0.1:9", ""), video, sheet, SPOKEN))
    service = Service(cluster, customers, tmp_path / "received.jsonl")
    for who in customers:
        who.videos.append(service.finished(who, "video.caption", {}, SPOKEN, VIDEO_FILES))
        who.sheets.append(service.finished(who, "datasheet.extract", {**SHEET, "seconds": 1}, [], SHEET_FILES))
        who.chats[service.finished(who, "chat.complete", {"text": "yes"}, [], 0)] = "yes"
        who.seen |= {*who.ids, who.video, who.sheet}
        who.heard.append(Notes(who.videos[0], [(cue.start_ms, cue.end_ms, cue.text) for cue in SPOKEN], ended=True))
    yield service
    cluster.stop()


def spoil(service: Service, statement: Executable) -> None:
    with service.cluster.database.write() as session:
        session.execute(statement)


def unfinished(service: Service) -> None:
    spoil(service, update(Job).where(Job.id == service.first.sheets[0]).values(state=State.RUNNING))


def vanished(service: Service) -> None:
    spoil(service, delete(Job).where(Job.id == next(iter(service.first.chats))))


def failed(service: Service) -> None:
    spoil(service, update(Job).where(Job.id == service.first.videos[0]).values(state=State.FAILED))


def finished_twice(service: Service) -> None:
    with service.cluster.database.write() as session:
        session.add(JobEvent(job_id=service.first.videos[0], seq=98, type="job.failed", data={}, at=now()))


def won_twice(service: Service) -> None:
    job_id = service.first.videos[0]
    more = JobAttempt(
        job_id=job_id, attempt=2, epoch=2, worker_id="w", started_at=now(), outcome="succeeded", resumed_from_ms=0
    )
    with service.cluster.database.write() as session:
        session.add(more)


def submitted_twice(service: Service) -> None:
    service.finished(service.first, "chat.complete", {"text": "yes"}, [], 0)


def said_twice(service: Service) -> None:
    job_id = service.first.videos[0]
    with service.cluster.database.write() as session:
        session.add(CueRow(job_id=job_id, seq=3, start_ms=0, end_ms=1000, text="cue 0", epoch=2))


def unsaid(service: Service) -> None:
    spoil(service, delete(CueRow).where(CueRow.job_id == service.first.videos[0], CueRow.seq == 2))


def mixed_up(service: Service) -> None:
    spoil(service, update(CueRow).where(CueRow.job_id == service.first.videos[0], CueRow.seq == 2).values(seq=7))


def told_twice(service: Service) -> None:
    told = service.first.heard[0].told
    told.insert(1, told[0])


def told_too_little(service: Service) -> None:
    del service.first.heard[0].told[1]


def told_out_of_order(service: Service) -> None:
    service.first.heard[0].told.reverse()


def end_not_told(service: Service) -> None:
    service.first.heard[0].ended = False


def other_sheet(service: Service) -> None:
    spoil(service, update(Job).where(Job.id == service.first.sheets[0]).values(result={"package": "QFN"}))


def other_answer(service: Service) -> None:
    spoil(service, update(Job).where(Job.id == next(iter(service.first.chats))).values(result={"text": "no"}))


def lost_file(service: Service) -> None:
    service.cluster.objects.delete(f"jobs/{service.first.videos[0]}/1/0")


def lost_sheet_file(service: Service) -> None:
    spoil(service, delete(JobFile).where(JobFile.job_id == service.first.sheets[0], JobFile.name == "0"))


def lost_asset(service: Service) -> None:
    service.cluster.objects.delete(f"assets/{service.first.tenant_id}/{service.first.video}")


def untold(service: Service) -> None:
    """The receiver that hangs has heard of it, and the other customer's of its own; the one that matters has not."""
    lines = service.received.read_text().splitlines()
    service.received.write_text("\n".join(lines[1:]) + "\n")
    service.hear(service.first, "hang", "job.succeeded", service.first.videos[0])


def shown_to_another(service: Service) -> None:
    service.first.seen.add(service.other.videos[0])


def asset_shown_to_another(service: Service) -> None:
    service.first.seen.add(service.other.video)


def deleted_one_shown_to_another(service: Service) -> None:
    job_id = service.finished(service.other, "chat.complete", {}, [], 0)
    service.other.forgotten.append(job_id)
    spoil(service, delete(Job).where(Job.id == job_id))
    service.first.seen.add(job_id)


def told_to_another(service: Service) -> None:
    service.hear(service.first, "hang", "job.started", service.other.videos[0])


def used_by_another(service: Service) -> None:
    spoil(service, update(Job).where(Job.id == service.first.videos[0]).values(asset_id=service.other.video))


def orphan_of_a_job(service: Service) -> None:
    service.cluster.objects.put(f"jobs/{new_id()}/1/captions.srt", b"x", "text/plain")


def orphan_of_an_asset(service: Service) -> None:
    service.cluster.objects.put(f"assets/{service.first.tenant_id}/{new_id()}", b"x", "text/plain")


def hidden_and_left(service: Service) -> None:
    spoil(service, update(Asset).where(Asset.id == service.first.sheet).values(expires_at=now()))


def deleted_and_left(service: Service) -> None:
    job_id = next(iter(service.first.chats))
    del service.first.chats[job_id]
    service.first.forgotten.append(job_id)


SPOILT: list[tuple[Callable[[Service], None], dict[str, int]]] = [
    (unfinished, {"lost": 1}),
    (vanished, {"lost": 1}),
    (failed, {"failed": 1}),
    (finished_twice, {"duplicate_finishes": 1}),
    (won_twice, {"duplicate_finishes": 1}),
    (submitted_twice, {"duplicate_submits": 1}),
    (said_twice, {"duplicate_cues": 1}),
    (unsaid, {"missing_cues": 1}),
    (mixed_up, {"wrong_cues": 1}),
    (told_twice, {"wrong_live_cues": 1}),
    (told_too_little, {"wrong_live_cues": 1}),
    (told_out_of_order, {"wrong_live_cues": 1}),
    (end_not_told, {"wrong_live_cues": 1}),
    (other_sheet, {"wrong_results": 1}),
    (other_answer, {"wrong_results": 1}),
    (lost_file, {"missing_files": 1}),
    (lost_sheet_file, {"missing_files": 1}),
    (lost_asset, {"missing_assets": 1}),
    (untold, {"webhooks_lost": 1}),
    (shown_to_another, {"cross_tenant_reads": 1}),
    (asset_shown_to_another, {"cross_tenant_reads": 1}),
    (deleted_one_shown_to_another, {"cross_tenant_reads": 1}),
    (told_to_another, {"cross_tenant_reads": 1}),
    (used_by_another, {"cross_tenant_reads": 1}),
    (orphan_of_a_job, {"orphan_objects": 1}),
    (orphan_of_an_asset, {"orphan_objects": 1}),
    (hidden_and_left, {"orphan_objects": 1}),
    (deleted_and_left, {"unpurged": 1}),
]


def test_a_service_without_faults_has_nothing_to_account_for(service: Service) -> None:
    ledger = service.account()
    assert ledger.faultless(), ledger
    assert ledger.jobs == 6


@pytest.mark.parametrize(("spoiling", "counted"), SPOILT, ids=[spoiling.__name__ for spoiling, _ in SPOILT])
def test_what_is_spoilt_is_counted(
    service: Service, spoiling: Callable[[Service], None], counted: dict[str, int]
) -> None:
    spoiling(service)
    ledger = service.account()
    assert {name: getattr(ledger, name) for name in MUST_BE_ZERO if getattr(ledger, name)} == counted
    assert not ledger.faultless()


@pytest.mark.parametrize("spoiling", [failed, other_sheet, lost_sheet_file, other_answer, unsaid, told_twice, untold])
def test_the_history_of_a_job_about_which_something_is_wrong_is_told(
    service: Service, spoiling: Callable[[Service], None]
) -> None:
    spoiling(service)
    [suspect] = service.account().suspects
    assert suspect in service.first.ids
    told = history(service.cluster.database, suspect)
    assert str(suspect) in told
    assert "job.succeeded" in told
    assert "try 1" in told


def test_everything_that_must_be_zero_is_spoilt_by_some_test_above() -> None:
    assert {name for _, counted in SPOILT for name in counted} == {*MUST_BE_ZERO}
