"""Keeps one model child alive: starts it, starts it again when it dies, and kills it when it must be killed."""

from __future__ import annotations

import logging
import signal
import threading
import time
from pathlib import Path

from db.failures import Failure
from db.jobs.claims import Served
from worker import metrics
from worker.errors import Transient
from worker.protocol import EndRecording, Finish, Message, ModelReport, Setup, Start, Stop, Text
from worker.settings import WorkerSettings
from worker.supervisor.attempt import Attempt, AttemptRegistry, Gone, Heard
from worker.supervisor.child import Child, ChildGone
from worker.supervisor.live import LiveTextPublisher

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 30.0
WAIT_STEP_S = 0.2
PING_S = 5.0
log = logging.getLogger(__name__)


class ChildManager:
    """The child, its streams' events to their attempts, and the news of its death to all of them."""

    def __init__(
        self, setup: Setup, scratch: Path, registry: AttemptRegistry, live: LiveTextPublisher, worker: WorkerSettings
    ) -> None:
        self.child: Child | None = None
        self._setup, self._scratch, self._registry, self._live = setup, scratch, registry, live
        self._load_s, self._silent_s = worker.load_s, worker.silent_s
        self._ready = threading.Event()
        self.models: tuple[ModelReport, ...] = ()
        """What the last child that was ready said last of the models, the default first; empty before the first."""
        self._pause_s = 0.0
        self._next_start = self._pinged_at = 0.0

    @property
    def served(self) -> Served:
        """The models that can be used, as far as is known; none before a child was ready."""
        names = [report.name for report in self.models if report.problem is None]
        return Served(names, default=bool(names) and names[0] == self.models[0].name)

    def ensure_running(self, now: float) -> None:
        """Start the child if there is none; tell its attempts if it has died. Always called from the same thread."""
        child = self.child
        if child is not None and child.gone.is_set():
            self._on_exit(child, now)
        if self.child is None and now >= self._next_start:
            metrics.CHILD_STARTS.inc()
            self.child = Child(self._setup, str(self._scratch), self._hear)
        if self.child is not None and self.child.ready.is_set():
            if self.child.models != self.models:
                self._take_reports(self.child.models)
            self._ready.set()
            self._check_pulse(self.child, now)
        elif self.child is not None and now - self.child.started_at > self._load_s:
            self.kill("loading")

    def begin(self, attempt: Attempt, start: Start) -> bool:
        """Hand a job to the child, waiting for one that is ready. False: the attempt is stopped.

        Raises Transient(ENGINE_UNREACHABLE) when there is none for too long.
        """
        deadline = time.monotonic() + self._load_s
        while not attempt.stopping.is_set():
            if self._ready.wait(WAIT_STEP_S) and self._send(attempt, start):
                return True
            if time.monotonic() > deadline:
                raise Transient(Failure.ENGINE_UNREACHABLE, f"no model was ready within {self._load_s:g} s")
        return False

    def stop(self, attempt: Attempt) -> None:
        """Tell the child to end a stream."""
        self._tell(attempt, Finish(stream=attempt.stream) if attempt.ends_well else Stop(stream=attempt.stream))

    def finish(self, attempt: Attempt) -> None:
        """Tell the child to end a stream of live input in good order; again is fine."""
        attempt.finishing = True
        self._tell(attempt, Finish(stream=attempt.stream))

    def end_recording(self, attempt: Attempt, why: str) -> None:
        """Tell the child to record nothing more of a stream."""
        self._tell(attempt, EndRecording(stream=attempt.stream, why=why))

    def _tell(self, attempt: Attempt, message: Message) -> None:
        child = attempt.child
        if child is not None and not child.gone.is_set():
            try:
                child.send(message)
            except ChildGone:
                log.warning("the model child is gone")

    def kill(self, stop_reason: str, stream: int | None = None, signum: signal.Signals = signal.SIGKILL) -> None:
        """End the child because of a stream, or for itself; attempts of other streams hear that they are innocent."""
        child = self.child
        if child is None or child.gone.is_set():
            return
        log.warning("the model child gets %s: %s", signum.name, stop_reason)
        metrics.CHILD_KILLS.labels(reason=stop_reason).inc()
        if stream is not None:
            child.killed_for = stream
        child.killed_by_us = True
        child.signal(signum)

    def _take_reports(self, models: tuple[ModelReport, ...]) -> None:
        told = {before.name: before.problem for before in self.models if before.problem is not None}
        self.models = models
        metrics.MODELS_USABLE.set(len(self.served.names))
        for one in models:
            if one.problem is not None and one.problem != told.get(one.name):
                words = "no job is taken for model %s, which cannot be used and is tried again: %s"
                log.error(words, one.name, one.problem)
            elif one.problem is None and one.name in told:
                log.info("model %s can be used now", one.name)

    def _check_pulse(self, child: Child, now: float) -> None:
        if now - child.answered_at > self._silent_s:
            self.kill("silent")
        elif now - self._pinged_at > PING_S:
            self._pinged_at, self._pause_s = now, 0.0
            child.ping()

    def _send(self, attempt: Attempt, start: Start) -> bool:
        child = self.child
        if child is None or child.gone.is_set() or not child.ready.is_set():
            return False
        attempt.child = child
        try:
            child.send(start)
        except ChildGone:
            attempt.child = None
            return False
        return True

    def _hear(self, event: Heard | Text) -> None:
        attempt = self._registry.find(event.stream)
        if attempt is None:
            return
        if isinstance(event, Text):
            attempt.advanced()
            self._live.say(attempt.id, event.text, event.at)
        else:
            attempt.hear(event)

    def _on_exit(self, child: Child, now: float) -> None:
        self._ready.clear()
        self.child = None
        self._next_start = now + self._pause_s
        self._pause_s = min(max(self._pause_s * 2, FIRST_PAUSE_S), LONGEST_PAUSE_S)
        log.warning("the model child ended with status %s", child.process.returncode)
        died = [attempt for attempt in self._registry.all() if attempt.child is child]
        shared = len(died) > 1 and child.killed_from_outside
        for attempt in died:
            innocent = child.killed_for is not None and child.killed_for != attempt.stream
            attempt.child_exited(Gone(innocent, shared))
