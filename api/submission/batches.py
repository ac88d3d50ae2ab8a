"""Several jobs in one request: all or none, or each by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy.orm import Session

from api.auth import Caller
from api.deps import Services
from api.documents.requests import BatchRequest
from api.errors import Problem, as_problem, validation_problem
from api.submission.submission import Prepared, check_quotas, prepare, submit
from db.documents.answers.jobs import FieldRefusal, RefusedJob
from db.jobs.quotas import QuotaExceeded
from db.schema.tables import Job


class BatchRun:
    """The jobs of one request on their way; what is refused of them is kept where each stands by itself."""

    def __init__(self, request: BatchRequest) -> None:
        self._request = request
        self._is_lenient = request.on_error == "skip"
        self._ready: list[tuple[int, Prepared]] = []
        self._refused = [_refusal(place, validation_problem(errors)) for place, errors in request.refused.items()]

    @property
    def refused(self) -> list[RefusedJob]:
        """What was refused, in the order of the request."""
        return sorted(self._refused, key=lambda one: one.index)

    def prepare(self, services: Services, caller: Caller, at: datetime) -> None:
        """Store the inline inputs. Raises problems where the jobs stand together."""
        for place, one in zip(self._request.places, self._request.jobs, strict=True):
            with self._unless_refused(place):
                self._ready.append((place, prepare(services, caller, at, one, f"/jobs/{place}")))

    def submit(self, session: Session, caller: Caller, at: datetime) -> list[Job]:
        """Make the rows. Raises problems and QuotaExceeded where the jobs stand together."""
        if not self._is_lenient:
            check_quotas(session, caller, at, len(self._ready))
        made = []
        for place, ready in self._ready:
            with self._unless_refused(place):
                if self._is_lenient:
                    check_quotas(session, caller, at, 1)
                made.append(submit(session, caller, at, ready))
        return made

    @contextmanager
    def _unless_refused(self, place: int) -> Iterator[None]:
        try:
            yield
        except (Problem, QuotaExceeded) as error:
            if not self._is_lenient:
                raise
            self._refused.append(_refusal(place, as_problem(error)))


def _refusal(place: int, problem: Problem) -> RefusedJob:
    errors = [FieldRefusal(pointer=one.pointer, detail=one.detail) for one in problem.errors]
    return RefusedJob(index=place, status=problem.status, code=problem.code, detail=problem.detail, errors=errors)
