"""The model child's life: confine itself, load the models, run each job's handler in a thread of its own."""

from __future__ import annotations

import logging
import os
import resource
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from db.crash import crash_point
from db.documents.kinds.base import Document
from db.documents.kinds.registry import KINDS
from worker.child.confine import confine, die_with
from worker.child.context import PipeContext
from worker.child.models import Models
from worker.child.pipes import MessageWriter, commands
from worker.child.verdict import HandlerFailure, attempt
from worker.handlers import load_handler
from worker.protocol import (
    Done,
    End,
    EndRecording,
    Failed,
    Finish,
    Halted,
    ModelReport,
    Ping,
    Pong,
    Ready,
    Setup,
    Split,
    Start,
    Started,
    Stop,
    StreamCost,
)

log = logging.getLogger(__name__)

LOOK_S = 2.0  # how often a split model is asked about its nodes


class SplitRequest(Protocol):
    """What a handler may return instead of a result: parameters to be run as jobs of their own."""

    @property
    def segments(self) -> Sequence[dict[str, Any]]:
        """Parameters of each part, in the order of the parts."""


class JobRunner:
    """Runs streams as the supervisor says."""

    def __init__(self, setup: Setup, answers: MessageWriter, events: MessageWriter) -> None:
        self._setup = setup
        self._answers = answers
        self._events = events
        self._models = Models(setup.models, setup.default_model, setup.reload_s)
        self._streams: dict[int, PipeContext] = {}

    def handle(self, command: Setup | Start | Stop | Finish | EndRecording | Ping) -> None:
        """Do what a command says; never blocks."""
        match command:
            case Start():
                self._begin(command)
            case Stop(stream=stream) if stream in self._streams:
                self._streams[stream].stop.set()
            case Finish(stream=stream) if stream in self._streams:
                self._streams[stream].finishing = True
            case EndRecording(stream=stream) if stream in self._streams:
                self._streams[stream].recording_ended = command.why
            case Ping(number=number):
                self._answers.send(Pong(number=number))

    def announce(self) -> None:
        """Load the models, then say that jobs may come; say it again whenever there is another thing to say of them:
        those that failed have been tried again, or one that is split over several machines has lost or found a part."""
        said: tuple[ModelReport, ...] | None = None
        while True:
            reports = self._models.reports(load=self._setup.preload)
            if reports != said:
                self._answers.send(Ready(models=reports))
                said = reports
            retry_s = self._models.retry_in_s()
            if self._models.changing:
                time.sleep(min(retry_s, LOOK_S) if retry_s else LOOK_S)
            elif all(report.problem is None for report in reports):
                return
            else:
                time.sleep(retry_s)

    def _begin(self, start: Start) -> None:
        job = PipeContext(start, self._events.send, lambda: self._models.engine(start.model))
        self._streams[start.stream] = job
        threading.Thread(target=self._play, args=(start, job), name=f"job-{start.job_id}", daemon=True).start()

    def _play(self, start: Start, job: PipeContext) -> None:
        began = time.monotonic()
        self._events.send(Started(stream=start.stream))
        crash_point("child.started")
        outcome = attempt(lambda: self._handle(start, job))
        crash_point("child.done")
        cost = spent(time.monotonic() - began, self._models.weights_sha256(start.model))
        self._events.send(end_of(start.stream, outcome, cost))
        del self._streams[start.stream]

    def _handle(self, start: Start, job: PipeContext) -> Document | SplitRequest:
        params = KINDS[start.kind].params.model_validate(start.params)
        handler: Callable[..., Document | SplitRequest] = load_handler(self._setup.handlers[start.kind])
        return handler(params, job)


def end_of(stream: int, outcome: Document | SplitRequest | HandlerFailure, cost: StreamCost) -> End:
    """The message that ends a stream: a result, a request for parts, or a failure."""
    if isinstance(outcome, Document):
        return Done(stream=stream, result=outcome.model_dump(mode="json"), spent=cost)
    if not isinstance(outcome, HandlerFailure):
        return Split(stream=stream, segments=tuple(outcome.segments), spent=cost)
    if outcome.code is None:
        return Halted(stream=stream, spent=cost)
    message, details, not_begun = outcome.message[:4000], outcome.details, outcome.not_begun
    return Failed(stream=stream, code=outcome.code, message=message, details=details, not_begun=not_begun, spent=cost)


def spent(busy_seconds: float, weights_sha256: str | None) -> StreamCost:
    """What a stream cost; memory is the whole child's high-water mark, on the GPU if there is one."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        peak = int(torch.cuda.max_memory_allocated())
    else:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return StreamCost(busy_seconds=round(busy_seconds, 3), peak_memory_bytes=peak, weights_sha256=weights_sha256)


def run(control_fd: int, data_fd: int, parent_pid: int) -> int:
    """Serve the supervisor behind two inherited file descriptors until it closes them or dies."""
    die_with(parent_pid)
    incoming = commands(control_fd)
    setup = next(incoming, None)
    if not isinstance(setup, Setup):
        return 2
    confine(setup.limits)
    stage = JobRunner(setup, MessageWriter(control_fd), MessageWriter(data_fd))
    threading.Thread(target=stage.announce, name="announce", daemon=True).start()
    for command in incoming:
        stage.handle(command)
    # The supervisor is gone: no handler's word can reach anybody, and waiting for them would hold the GPU.
    sys.stderr.flush()
    os._exit(0)
