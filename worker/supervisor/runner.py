"""One claimed job from its claim to its end: inputs, parameters, the child's stream, the settling."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import SQLAlchemyError

from db.crash import crash_point
from db.documents.event_types import HistoryEventType
from db.documents.kinds.registry import KINDS
from db.failures import Failure
from db.jobs import cues, leases, segments
from db.schema.tables import TERMINAL
from db.session import Database
from db.settings import Settings
from db.storage.objects import ObjectStore
from worker.egress.guard import Guard
from worker.errors import Permanent, Transient
from worker.handlers import HANDLERS
from worker.ingest.fetch import FetchLimits
from worker.ingest.live.relay import Relay
from worker.process.abandonable import LeftBehind, while_wanted
from worker.process.persist import LeaseLost, is_outage, persist
from worker.protocol import STORED_CUES, SegmentOutcome, Start
from worker.settings import WorkerSettings
from worker.supervisor.attempt import Attempt
from worker.supervisor.child_manager import ChildManager
from worker.supervisor.event_recorder import Ended, EventRecorder
from worker.supervisor.finalizer import Finalizer
from worker.supervisor.inputs import Sources, gather, live_source, without_inline
from worker.supervisor.recordings import Recordings
from worker.supervisor.snapshots import Snapshots

SMALLEST_FRAME_PX = 28 * 28
T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerServices:
    """What every job of this worker is done with."""

    database: Database
    objects: ObjectStore
    settings: Settings
    worker: WorkerSettings
    child_manager: ChildManager

    def sources(self) -> Sources:
        """What fetches inputs, behind the egress guard and with the worker's limits."""
        guard = Guard.allowing(self.settings.allow_networks)
        worker = self.worker
        limits = FetchLimits(worker.max_input_bytes, worker.fetch_s, worker.fetch_redirects)
        return Sources(self.database, self.objects, self.settings, guard, limits)


def run(services: WorkerServices, attempt: Attempt) -> str:
    """Do the job; the word for what became of it."""
    crash_point("worker.claimed")
    finish = Finalizer(services.database, services.objects, services.settings, attempt)
    snapshots = Snapshots(services.database, services.objects, attempt)
    recordings = Recordings(services.database, services.objects, attempt, services.child_manager.end_recording)
    watch = EventRecorder(services.database, attempt, services.worker.progress_s, snapshots, recordings)
    try:
        with ExitStack() as held:
            end = _work(services, attempt, watch, held)
        recordings.settle()
        word = finish.settle(end, watch.files)
        if word in TERMINAL and snapshots.any:
            snapshots.keep_only(())
        return word
    except (Permanent, Transient) as error:
        return finish.fail(error.code, str(error))
    except OSError as error:
        return finish.fail(Failure.STORAGE, f"the scratch folder fails: {error.strerror}")
    except LeaseLost:
        return "lost"
    finally:
        shutil.rmtree(attempt.folder, ignore_errors=True)


def _work(services: WorkerServices, attempt: Attempt, watch: EventRecorder, held: ExitStack) -> Ended | None:
    """Prepare and run the child's part; what it needs to the end goes to `held`. None: stopped before it began."""
    params = shrunk(_params(attempt), attempt.job.memory_setbacks)
    attempt.folder.mkdir(parents=True, exist_ok=True)
    relay = held.enter_context(Relay(live_source(services.sources(), attempt, params))) if attempt.live else None
    inputs = {} if relay else _unless_stopped(attempt, lambda: gather(services.sources(), attempt, params))
    if inputs is None:
        return None
    _write_cues(services.database, attempt)
    snapshots = _unless_stopped(attempt, watch.snapshots.fetch)
    if snapshots is None:
        return None
    crash_point("worker.prepared")
    start = Start(
        stream=attempt.stream,
        job_id=str(attempt.id),
        kind=attempt.job.kind,
        model=attempt.job.model,
        params=without_inline(params),
        checkpoint=attempt.job.checkpoint,
        folder=str(attempt.folder),
        inputs=inputs,
        snapshots=snapshots,
        may_split=attempt.job.parent_id is None,
        segments=_segments(services.database, attempt),
        live=str(relay.path) if relay else None,
        finishing=attempt.finishing or attempt.job.stop_requested_at is not None,
    )
    _note_budget(services.database, attempt, params)
    attempt.advanced()
    if not services.child_manager.begin(attempt, start):
        return None
    crash_point("worker.sent")
    return watch.until_end()


def shrunk(params: BaseModel, memory_setbacks: int) -> BaseModel:
    """The parameters with the frame budget halved for every attempt that ran out of GPU memory."""
    budget = getattr(params, "max_frame_pixels", None)
    if budget is None or not memory_setbacks:
        return params
    smaller = min(budget, max(budget >> memory_setbacks, SMALLEST_FRAME_PX))
    return params.model_copy(update={"max_frame_pixels": smaller})


def _params(attempt: Attempt) -> BaseModel:
    job = attempt.job
    if job.kind not in KINDS or job.kind not in HANDLERS:
        raise Permanent(Failure.UNSUPPORTED, f"no handler for {job.kind} here")
    try:
        return KINDS[job.kind].params.model_validate(job.params)
    except ValidationError as error:
        raise Permanent(Failure.BAD_PARAMS, f"the stored parameters do not validate: {error}"[:1000]) from error


def _note_budget(database: Database, attempt: Attempt, params: BaseModel) -> None:
    if not attempt.job.memory_setbacks or not hasattr(params, "max_frame_pixels"):
        return
    data = {"max_frame_pixels": params.max_frame_pixels, "setbacks": attempt.job.memory_setbacks}
    job_id, epoch = attempt.id, attempt.epoch
    persist(database, attempt, lambda s, now: leases.note(s, now, job_id, epoch, HistoryEventType.FRAME_BUDGET, data))


def _write_cues(database: Database, attempt: Attempt) -> None:
    """Earlier attempts' cues for the handler to read; a long video has many, so they go by file."""
    if not attempt.job.cue_count:
        return
    found = persist(database, attempt, lambda session, _: cues.after(session, attempt.id))
    with (attempt.folder / STORED_CUES).open("w", encoding="utf-8") as file:
        file.writelines(cue.model_dump_json() + "\n" for cue in found)


def _segments(database: Database, attempt: Attempt) -> tuple[SegmentOutcome, ...]:
    """What the segments of a job that was split have left; none for others."""
    if attempt.job.parent_id is not None or attempt.job.attempt == 1:
        return ()
    found = persist(database, attempt, lambda session, _: segments.outcomes(session, attempt.id))
    return tuple(
        SegmentOutcome(index=one.index, result=one.result, failure=one.failure, cues=one.cues) for one in found
    )


def _unless_stopped(attempt: Attempt, work: Callable[[], T]) -> T | None:
    """The value of slow work; None as soon as the attempt is stopped meanwhile."""
    try:
        return while_wanted(work, attempt.stopping.is_set, f"inputs-{attempt.id}")
    except LeftBehind:
        return None
    except SQLAlchemyError as error:
        if is_outage(error):
            raise Transient(Failure.DATABASE, "the database is not reachable") from error
        raise Permanent(Failure.INTERNAL, "bad query") from error
