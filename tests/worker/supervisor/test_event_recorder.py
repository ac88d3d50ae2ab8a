"""What a stream says is stored as it comes; progress seldom, but its last word before the end always."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from db.documents.kinds.video import Cue, Gap
from db.failures import Failure
from db.jobs import cues, jobs, leases
from db.ops import migrate
from db.schema.tables import Job, JobEvent, State
from db.schema.tables_access import Tenant
from db.session import Database
from db.storage.local import LocalObjects
from worker.protocol import Attach, Beat, Cues, Done, Failed, GapFound, Halted, Keep, Split, Started
from worker.supervisor.attempt import Attempt, AttemptRegistry, Gone, StopReason
from worker.supervisor.event_recorder import Ended, EventRecorder
from worker.supervisor.recordings import Recordings
from worker.supervisor.snapshots import Snapshots

STARTED, DONE = Started(stream=1), Done(stream=1, result={})
SNAPSHOT = f"state-{'0' * 32}"


class Recording:
    """A claimed job, and what a child says of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = Database(f"sqlite:///{folder / 'jobs.sqlite3'}")
        migrate.upgrade(self.database)
        now = datetime.now(UTC)
        with self.database.write() as session:
            tenant = Tenant(name="a", created_at=now)
            session.add(tenant)
            session.flush()
            jobs.submit(session, now, jobs.NewJob(tenant.id, "video.caption", "gpu", {}))
            job = leases.claim(session, now, "gpu", "w", 60)
        assert job is not None
        self.attempt: Attempt = AttemptRegistry().add(job, folder)
        self.attempt.folder.mkdir()
        self.objects = LocalObjects(folder / "store")

    def recorder(self, progress_s: float = 60.0) -> EventRecorder:
        return EventRecorder(
            self.database,
            self.attempt,
            progress_s,
            Snapshots(self.database, self.objects, self.attempt),
            Recordings(self.database, self.objects, self.attempt, lambda *_: None),
        )

    def hear(self, *events: Any, progress_s: float = 60.0) -> Ended:
        """The end of the stream, after these."""
        for event in events:
            self.attempt.hear(event)
        return self.recorder(progress_s).until_end()

    @property
    def job(self) -> Job:
        with self.database.read() as session:
            return session.get_one(Job, self.attempt.id)

    @property
    def events(self) -> list[JobEvent]:
        with self.database.read() as session:
            return [*session.scalars(select(JobEvent).order_by(JobEvent.seq))]


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    made = Recording(tmp_path)
    yield made
    made.database.dispose()


def beat(done_ms: int, note: str = "", total_ms: int | None = 9000) -> Beat:
    return Beat(stream=1, done_ms=done_ms, total_ms=total_ms, note=note)


def cue(seq: int) -> Cue:
    return Cue(
        seq=seq, start_ms=1000 * seq, end_ms=1000 * seq + 900, text=f"cue {seq}", chunk_first=seq, chunk_last=seq
    )


def said(*numbers: int, snapshots: tuple[str, ...] = ()) -> Cues:
    checkpoint = {"next_chunk": numbers[-1] + 1, "snapshots": [*snapshots]}
    return Cues(stream=1, cues=tuple(map(cue, numbers)), checkpoint=checkpoint, done_ms=1000 * numbers[-1] + 1000)


@pytest.mark.parametrize(
    "end",
    [
        DONE,
        Split(stream=1, segments=({},)),
        Failed(stream=1, code=Failure.INTERNAL, message="x"),
        Halted(stream=1),
    ],
)
def test_the_end_is_what_the_stream_ended_with(recording: Recording, end: Ended) -> None:
    assert recording.hear(STARTED, end) == end
    assert recording.job.state is State.RUNNING


def test_a_child_that_died_is_an_end_after_all_it_has_said(recording: Recording) -> None:
    for event in (STARTED, said(0)):
        recording.attempt.hear(event)
    recording.attempt.child_exited(Gone(innocent=True, shared=True))
    assert recording.recorder().until_end() == Gone(innocent=True, shared=True)
    assert recording.job.cue_count == 1


def test_the_last_progress_note_of_a_short_job_is_stored(recording: Recording) -> None:
    recording.hear(STARTED, beat(1, "searching page 1 of 2"), beat(2, "3 figures read, 8 pads found"), DONE)
    stored = recording.job
    assert (stored.progress_note, stored.done_ms, stored.total_ms) == ("3 figures read, 8 pads found", 2, 9000)


def test_progress_is_written_as_often_as_is_asked_for(recording: Recording) -> None:
    recording.attempt.hear(STARTED)
    for event in (beat(1, "first"), beat(2, "second"), Halted(stream=1)):
        recording.attempt.hear(event)
    recording.attempt.stop(StopReason.CANCELED)
    recording.recorder(progress_s=0.0).until_end()
    assert recording.job.progress_note == "second"


def test_a_stopped_job_has_no_last_word(recording: Recording) -> None:
    for event in (STARTED, beat(1, "first"), beat(2, "second"), Halted(stream=1)):
        recording.attempt.hear(event)
    recording.attempt.stop(StopReason.CANCELED)
    recording.recorder().until_end()
    assert recording.job.progress_note == "first"


def test_only_progress_feeds_the_stall_clock(recording: Recording) -> None:
    recording.attempt.progressed_at = -1.0
    recording.hear(STARTED, DONE)
    assert recording.attempt.progressed_at == -1.0
    recording.hear(beat(5), DONE)
    first = recording.attempt.progressed_at
    assert first > 0
    assert recording.attempt.done_ms == 5


def test_the_same_place_again_is_no_progress(recording: Recording) -> None:
    recorder = recording.recorder()
    recording.attempt.hear(STARTED)
    recording.attempt.hear(beat(5))
    recording.attempt.hear(DONE)
    recorder.until_end()
    recording.attempt.progressed_at = -1.0
    recording.attempt.hear(beat(5, "still there"))
    recording.attempt.hear(DONE)
    recorder.until_end()
    assert recording.attempt.progressed_at == -1.0


def test_cues_are_stored_with_the_checkpoint_that_covers_them(recording: Recording) -> None:
    recording.attempt.progressed_at = -1.0
    recording.hear(STARTED, said(0, 1), said(2), DONE)
    stored = recording.job
    assert (stored.cue_count, stored.done_ms) == (3, 3000)
    assert stored.checkpoint is not None
    assert stored.checkpoint["next_chunk"] == 3
    with recording.database.read() as session:
        assert [one.text for one in cues.after(session, recording.attempt.id)] == ["cue 0", "cue 1", "cue 2"]
    assert recording.attempt.progressed_at > 0


def test_a_gap_is_part_of_the_jobs_history(recording: Recording) -> None:
    recording.hear(STARTED, GapFound(stream=1, gap=Gap(start_ms=10, end_ms=20, reason="damaged")), DONE)
    (gap,) = [event for event in recording.events if event.type == "job.gap"]
    assert gap.data["start_ms"] == 10
    assert gap.data["reason"] == "damaged"


def test_files_are_kept_by_name_the_last_one_counts(recording: Recording) -> None:
    recorder = recording.recorder()
    files = [Attach(stream=1, name="a.txt", path=f"/x/{n}", media_type="text/plain") for n in range(2)]
    for event in (STARTED, *files, DONE):
        recording.attempt.hear(event)
    recorder.until_end()
    assert recorder.files == {"a.txt": files[1]}


def test_a_snapshot_is_stored_and_goes_when_no_checkpoint_names_it(recording: Recording) -> None:
    path = recording.attempt.folder / SNAPSHOT
    path.write_bytes(b"state")
    recorder = recording.recorder()

    def kept() -> list[str]:
        return [info.key.rpartition("/")[2] for info in recording.objects.list_prefix(f"jobs/{recording.attempt.id}/")]

    for event in (STARTED, Keep(stream=1, name=SNAPSHOT, path=str(path)), said(0, snapshots=(SNAPSHOT,)), DONE):
        recording.attempt.hear(event)
    recorder.until_end()
    assert kept() == [SNAPSHOT]
    for event in (said(1), DONE):
        recording.attempt.hear(event)
    recorder.until_end()
    assert kept() == []


def test_a_job_that_is_somebody_elses_is_written_to_no_more(recording: Recording) -> None:
    with recording.database.write() as session:
        leases.release(session, datetime.now(UTC), recording.attempt.id, recording.attempt.epoch, leases.Usage())
    assert recording.hear(STARTED, said(0), beat(5), DONE) == DONE, "it still waits for the end"
    assert recording.attempt.stop_reason is StopReason.LOST
    assert (recording.job.cue_count, recording.job.done_ms) == (0, 0)


@pytest.mark.parametrize("reason", [StopReason.LOST, StopReason.BROKEN])
def test_after_a_lost_lease_or_a_broken_write_nothing_is_stored(recording: Recording, reason: StopReason) -> None:
    recording.attempt.stop(reason)
    recording.hear(STARTED, said(0), DONE)
    assert recording.job.cue_count == 0


def test_other_reasons_to_stop_keep_what_is_done(recording: Recording) -> None:
    recording.hear(STARTED, DONE)
    recording.attempt.stop(StopReason.DRAINED)
    recording.hear(said(0), Halted(stream=1))
    assert recording.job.cue_count == 1


def test_what_cannot_be_stored_stops_the_job_and_says_so(
    recording: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    recording.hear(STARTED, said(0), DONE)
    with recording.database.write() as session:
        session.execute(text("CREATE TRIGGER full BEFORE INSERT ON cues BEGIN SELECT RAISE(ABORT, 'no more'); END"))
    assert isinstance(recording.hear(said(1), said(2), Halted(stream=1)), Halted)
    assert recording.attempt.stop_reason is StopReason.BROKEN
    assert recording.job.cue_count == 1
    assert caplog.text.count("cues cannot be stored") == 1, "and the next is not tried"
