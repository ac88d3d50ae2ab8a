"""One model child process: started, spoken to, listened to, killed."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from worker.protocol import ANSWERS, EVENTS, Message, ModelReport, Ping, ProtocolError, Ready, Setup, frame, frames

T = TypeVar("T")
log = logging.getLogger(__name__)

# What the child may see of our environment: paths and runtimes, never addresses or keys.
KEPT = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "USER"})
KEPT_PREFIXES = ("CUDA_", "NVIDIA_", "OMP_", "MKL_", "TORCH", "PYTORCH_", "HF_", "TRANSFORMERS_", "TRITON_", "PYTHON")
KEPT_SETTINGS = frozenset({"BM3_CRASH_AT", "BM3_WORKER_KICAD_LIBRARY"})
SECRET = ("TOKEN", "SECRET", "PASSWORD", "KEY")
SEND_TIMEOUT_S = 5.0
SENT = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP})  # others a process brings on itself


def environment(ours: Mapping[str, str], scratch: str) -> dict[str, str]:
    """The child's environment: no database, store or broker address, no key, and its own folder for temporary files."""
    kept = {
        name: value
        for name, value in ours.items()
        if (name in KEPT or name in KEPT_SETTINGS or name.startswith(KEPT_PREFIXES))
        and not any(word in name for word in SECRET)
    }
    return {**kept, "TMPDIR": scratch, "PYTHONUNBUFFERED": "1"}


class ChildGone(RuntimeError):
    """The child cannot be spoken to any more."""


class Child:
    """A running model child. `hear` gets its events on a thread of their own; `gone` is set when that thread ends.

    Start it from a thread that lives as long as the process: the kernel kills the child when that thread ends.
    """

    def __init__(self, setup: Setup, scratch: str, hear: Callable[[Any], None]) -> None:
        self.ready = threading.Event()
        self.gone = threading.Event()
        self.models: tuple[ModelReport, ...] = ()
        self.killed_for: int | None = None  # the stream we killed it for; the others are innocent
        self.killed_by_us = False
        self.answered_at = self.started_at = time.monotonic()
        self._hear = hear
        self._sending = threading.Lock()
        self._pings = 0
        self._control, theirs = socket.socketpair()
        read_fd, write_fd = os.pipe()
        self.process = self._spawn(theirs.fileno(), write_fd, scratch)
        theirs.close()
        os.close(write_fd)
        self._control.settimeout(SEND_TIMEOUT_S)
        for target, name in ((self._answers, "child-answers"), (lambda: self._events(read_fd), "child-events")):
            threading.Thread(target=target, name=name, daemon=True).start()
        with suppress(ChildGone):
            self.send(setup)

    def send(self, message: Message) -> None:
        """Say something. Raises ChildGone; a child that does not even read is as good as gone, and killed."""
        try:
            with self._sending:
                self._control.sendall(frame(message))
        except OSError as error:
            self.killed_by_us = True
            self.signal(signal.SIGKILL)
            raise ChildGone(str(error)) from error

    @property
    def killed_from_outside(self) -> bool:
        """Whether it ended by a signal that somebody sends, and not we: the kernel that is out of memory, an operator."""
        status = self.process.returncode
        return not self.killed_by_us and status is not None and -status in SENT

    def ping(self) -> None:
        """Ask the child for a sign of life; nothing happens where it is gone."""
        self._pings += 1
        with suppress(ChildGone):
            self.send(Ping(number=self._pings))

    def signal(self, signum: signal.Signals) -> None:
        """Send it a signal; SIGKILL works even on a child that is stopped."""
        if self.process.poll() is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(signum)

    def kill(self) -> None:
        """End it now and wait until the kernel has."""
        self.signal(signal.SIGKILL)
        self.process.wait()

    def _spawn(self, control_fd: int, data_fd: int, scratch: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "worker", "child", str(control_fd), str(data_fd), str(os.getpid())]
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(control_fd, data_fd),
            env=environment(os.environ, scratch),
            start_new_session=True,  # a Ctrl-C in our terminal is ours to handle: the child is drained, not interrupted
        )

    def _answers(self) -> None:
        for message in self._messages(self._receive, ANSWERS):
            self.answered_at = time.monotonic()
            if isinstance(message, Ready):
                self.models = message.models
                self.ready.set()

    def _receive(self, size: int) -> bytes:
        while not self.gone.is_set():
            try:
                return self._control.recv(size)
            except TimeoutError:  # the timeout is meant for sending; silence is normal here
                continue
            except OSError:
                break
        return b""

    def _events(self, fd: int) -> None:
        for message in self._messages(lambda size: os.read(fd, size), EVENTS):
            self._hear(message)
        os.close(fd)
        self.kill()
        self.gone.set()
        self._control.close()

    def _messages(self, read: Callable[[int], bytes], kind: TypeAdapter[T]) -> Iterator[T]:
        try:
            for body in frames(read):
                yield kind.validate_json(body)
        except (ProtocolError, ValidationError):
            log.exception("the model child sent an invalid message and is killed")
            self.signal(signal.SIGKILL)
