"""The child's ends of the two channels: reading commands, and writing answers and events whole from any thread."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

from worker.protocol import COMMANDS, EndRecording, Finish, Message, Ping, Setup, Start, Stop, frame, frames


class MessageWriter:
    """Writes frames to a file descriptor; blocks while the reader is behind, which holds the handlers back."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        """Write one message. Raises BrokenPipeError when the supervisor is gone."""
        data = memoryview(frame(message))
        with self._lock:
            while data:
                data = data[os.write(self._fd, data) :]


def commands(fd: int) -> Iterator[Setup | Start | Stop | Finish | EndRecording | Ping]:
    """The supervisor's commands until it closes the socket."""
    for body in frames(lambda size: os.read(fd, size)):
        yield COMMANDS.validate_json(body)
