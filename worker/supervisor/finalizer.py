"""The end of an attempt: result files into the store, then one transaction that makes the job what it became."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from db.crash import crash_point
from db.documents.kinds.registry import KINDS
from db.failures import Failure
from db.jobs import leases, segments
from db.jobs.leases import Ending, FileEntry, KeptWork, Usage
from db.session import Database
from db.settings import Settings
from db.storage.objects import ObjectError, ObjectStore, ObjectStoreRefused, ObjectStoreUnavailable
from worker import metrics
from worker.errors import Permanent, Transient
from worker.process.abandonable import under_lease
from worker.process.persist import LeaseLost, persist
from worker.protocol import Attach, Done, Failed, Halted, Split, StreamCost
from worker.supervisor import result_metrics
from worker.supervisor.attempt import Attempt, Gone, StopReason
from worker.supervisor.inputs import with_inline

UPLOAD_TRIES = 4
UPLOAD_PAUSE_S = 0.5
log = logging.getLogger(__name__)


@dataclass
class Finalizer:
    """Settles one attempt."""

    database: Database
    objects: ObjectStore
    settings: Settings
    attempt: Attempt

    def settle(self, end: Done | Split | Failed | Halted | Gone | None, files: dict[str, Attach]) -> str:
        """Write what became of the job; the word for it. Nothing is written when the lease is gone."""
        try:
            if isinstance(end, Done) and self.attempt.ends_well:
                return self._cancel(end.spent, KeptWork(self._checked(end), self._uploaded(files)))
            if isinstance(end, Done) and self.attempt.stop_reason is not StopReason.BROKEN:
                return self._succeed(end, files)
            if isinstance(end, Split) and self.attempt.stop_reason is None:
                return self._split(end)
            return self._end(end)
        except LeaseLost:
            metrics.LEASES_LOST.labels(reason=self.attempt.stop_reason or "taken").inc()
            return "lost"
        except (Permanent, Transient) as error:
            return self.fail(error.code, str(error), end.spent if isinstance(end, Done) else StreamCost())

    def fail(
        self,
        code: Failure,
        message: str,
        cost: StreamCost | None = None,
        details: dict[str, Any] | None = None,
        *,
        shared: bool = False,
    ) -> str:
        """End the attempt with a failure: the job is retried or fails, as the code says."""
        crash_point("worker.failing")
        ending = Ending(code, message, self._usage(cost or StreamCost()), shared=shared, details=details or {})
        job_id, epoch = self.attempt.id, self.attempt.epoch
        try:
            state = persist(
                self.database, self.attempt, lambda s, now: leases.fail(s, now, job_id, epoch, ending, self.settings)
            )
        except LeaseLost:
            return "lost"
        return str(state) if state is not None else "lost"

    def _end(self, end: Done | Split | Failed | Halted | Gone | None) -> str:
        """An end without a result: why we asked for it counts more than how the child took it."""
        cost = end.spent if isinstance(end, (Done, Split, Failed, Halted)) else StreamCost()
        match self.attempt.stop_reason:
            case StopReason.LOST:
                raise LeaseLost(str(self.attempt.id))
            case StopReason.CANCELED:
                return self._cancel(cost)
            case StopReason.DRAINED:
                return self._release(cost)
            case StopReason.BROKEN:
                return self.fail(Failure.INTERNAL, "what the handler emitted cannot be stored", cost)
            case StopReason.OVERTIME:
                return self.fail(Failure.RUN_TIME_EXCEEDED, f"ran longer than {self.settings.max_run_s:g} s", cost)
            case StopReason.STALLED:
                return self.fail(Failure.WORKER_LOST, f"no progress for {self.settings.stall_s:g} s", cost)
        if isinstance(end, Failed) and end.not_begun:
            return self._release(cost)
        if isinstance(end, Failed):
            return self.fail(end.code, end.message, cost, end.details)
        if isinstance(end, Gone) and end.innocent:
            return self._release(cost)
        shared = isinstance(end, Gone) and end.shared
        message = "the model child was killed with all it was at" if shared else "the model child died"
        return self.fail(Failure.WORKER_LOST, message, cost, shared=shared)

    def _cancel(self, cost: StreamCost, kept: KeptWork | None = None) -> str:
        job_id, epoch, usage = self.attempt.id, self.attempt.epoch, self._usage(cost)
        persist(self.database, self.attempt, lambda s, now: leases.cancel_owned(s, now, job_id, epoch, usage, kept))
        return "canceled"

    def _release(self, cost: StreamCost) -> str:
        crash_point("worker.releasing")
        job_id, epoch, usage = self.attempt.id, self.attempt.epoch, self._usage(cost)
        persist(self.database, self.attempt, lambda s, now: leases.release(s, now, job_id, epoch, usage))
        crash_point("worker.released")
        return "released"

    def _succeed(self, done: Done, files: dict[str, Attach]) -> str:
        crash_point("worker.done")
        result = self._checked(done)
        job_id, epoch, usage = self.attempt.id, self.attempt.epoch, self._usage(done.spent)
        self._or_lost(persist(self.database, self.attempt, lambda s, _: leases.finalize(s, job_id, epoch)))
        crash_point("worker.finalizing")
        entries = self._uploaded(files)
        crash_point("worker.uploaded")
        self._or_lost(
            persist(
                self.database,
                self.attempt,
                lambda s, now: leases.succeed(s, now, job_id, epoch, result, entries, usage),
            )
        )
        crash_point("worker.succeeded")
        result_metrics.observe(self.attempt.job.kind, result)
        return "succeeded"

    def _split(self, end: Split) -> str:
        """Let go of the job until its segments have ended."""
        params = [with_inline(part, self.attempt.job.params) for part in end.segments]
        job_id, epoch, usage = self.attempt.id, self.attempt.epoch, self._usage(end.spent)
        split = persist(
            self.database, self.attempt, lambda s, now: segments.split(s, now, job_id, epoch, params, usage)
        )
        self._or_lost(split)
        return "split"

    def _checked(self, done: Done) -> dict[str, object]:
        """The result as its kind's document; a child that returns anything else has a bug."""
        try:
            document = KINDS[self.attempt.job.kind].result.model_validate(done.result)
        except ValidationError as error:
            raise Permanent(
                Failure.INTERNAL, f"the result is not a valid document: {error.error_count()} errors"
            ) from error
        return document.model_dump(mode="json")

    def _or_lost(self, ours: bool) -> None:
        if not ours:
            metrics.FENCED_WRITES.inc()
            raise LeaseLost(str(self.attempt.id))

    def _uploaded(self, files: dict[str, Attach]) -> list[FileEntry]:
        return [self._upload(attach) for attach in files.values()]

    def _upload(self, attach: Attach) -> FileEntry:
        path = Path(attach.path)
        if path.parent != self.attempt.folder:
            raise Permanent(Failure.INTERNAL, "a result file lies outside the job's folder")
        key = f"jobs/{self.attempt.id}/{self.attempt.epoch}/{attach.name}"
        self._put(key, path, attach.media_type)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FileEntry(attach.name, key, attach.media_type, path.stat().st_size, digest)

    def _put(self, key: str, path: Path, media_type: str) -> None:
        """Store a file, with a little patience. Raises Transient(STORAGE), Permanent(STORAGE_REFUSED), LeaseLost."""
        store = partial(self.objects.put_file, key, path, media_type)
        for left in reversed(range(UPLOAD_TRIES)):
            try:
                return under_lease(self.attempt, store)
            except ObjectStoreUnavailable as error:
                if not left:
                    raise Transient(Failure.STORAGE, str(error)) from error
                log.warning("job %s: cannot store %s, trying again: %s", self.attempt.id, key, error)
            except ObjectStoreRefused as error:
                raise Permanent(Failure.STORAGE_REFUSED, f"the store does not take the results: {error}") from error
            except (ObjectError, OSError) as error:
                raise Transient(Failure.STORAGE, f"cannot store a result file: {error}") from error
            if self.attempt.lost_within(UPLOAD_PAUSE_S * 2 ** (UPLOAD_TRIES - left)):
                raise LeaseLost(str(self.attempt.id))
        return None

    def _usage(self, cost: StreamCost) -> Usage:
        return Usage(cost.busy_seconds, cost.peak_memory_bytes, cost.weights_sha256, self.attempt.cost_so_far())
