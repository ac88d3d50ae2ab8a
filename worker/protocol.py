"""The words between supervisor and model child: framed JSON, bounded in size, validated on both sides.

Control (a socket pair) carries Setup, Start, Stop, Ping one way and Ready, Pong the other. Data (a pipe) carries what
the handlers say. They are apart so that a stop always gets through, however far behind the supervisor is with the data.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from db.documents.kinds.base import MediaInput
from db.documents.kinds.video import Cue, Gap
from db.failures import Failure

MAX_FRAME_BYTES = 64 << 20
STORED_CUES = "cues.jsonl"  # in a job's folder: the cues of earlier attempts, then those of this one
_HEAD = struct.Struct(">I")


class ProtocolError(RuntimeError):
    """What came is no message of ours: the other side is broken or not the one we think."""


class Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ResourceLimits(Message):
    """What the child may use; None leaves a limit alone."""

    memory_bytes: int | None = None
    file_bytes: int = 8 << 30
    open_files: int = 1024


class Setup(Message):
    """The first message: models by spec, the one for jobs that name none, and handlers by kind."""

    type: Literal["setup"] = "setup"
    models: tuple[str, ...]
    default_model: str = ""
    handlers: dict[str, str]
    limits: ResourceLimits = ResourceLimits()
    preload: bool = True
    reload_s: float = 30.0


class SegmentOutcome(Message):
    """How a segment of a split job ended and what it left."""

    index: int
    result: dict[str, Any] | None
    failure: Failure | None
    cues: tuple[Cue, ...]


class Start(Message):
    """Run a job as stream `stream`; its inputs lie at `inputs[key of the input]`, below `folder`."""

    type: Literal["start"] = "start"
    stream: int
    job_id: str
    kind: str
    model: str | None = None
    params: dict[str, Any]
    checkpoint: dict[str, Any] | None = None
    folder: str
    inputs: dict[str, str] = {}
    snapshots: dict[str, str] = {}
    may_split: bool = False
    segments: tuple[SegmentOutcome, ...] = ()
    live: str | None = None
    finishing: bool = False


class Stop(Message):
    """End a stream at its next step."""

    type: Literal["stop"] = "stop"
    stream: int


class Finish(Message):
    """End a stream of live input in good order, with its result."""

    type: Literal["finish"] = "finish"
    stream: int


class EndRecording(Message):
    """Nothing more is recorded of a stream, for this reason."""

    type: Literal["end_recording"] = "end_recording"
    stream: int
    why: str


class Ping(Message):
    type: Literal["ping"] = "ping"
    number: int


class Pong(Message):
    type: Literal["pong"] = "pong"
    number: int


class ModelReport(Message):
    """A model of the child: who it is, or why it could not be loaded."""

    name: str
    info: dict[str, Any] = {}
    problem: str | None = None


class Ready(Message):
    """The child takes jobs. Said again when a model that could not be loaded has been tried again."""

    type: Literal["ready"] = "ready"
    models: tuple[ModelReport, ...]


class Started(Message):
    type: Literal["started"] = "started"
    stream: int


class Beat(Message):
    type: Literal["beat"] = "beat"
    stream: int
    done_ms: int
    total_ms: int | None
    note: str


class Text(Message):
    """Live text; `at` characters of this attempt came before it."""

    type: Literal["text"] = "text"
    stream: int
    text: str
    at: int


class Cues(Message):
    """Cues and the checkpoint that covers them."""

    type: Literal["cues"] = "cues"
    stream: int
    cues: tuple[Cue, ...]
    checkpoint: dict[str, Any]
    done_ms: int


class GapFound(Message):
    type: Literal["gap"] = "gap"
    stream: int
    gap: Gap


class Attach(Message):
    """A result file, already copied to `path` below the job's folder."""

    type: Literal["attach"] = "attach"
    stream: int
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_=@-][A-Za-z0-9._=@-]{0,150}$")]
    path: str
    media_type: str


class Keep(Message):
    """A state snapshot, already at `path` below the job's folder: to be stored before a checkpoint names it."""

    type: Literal["keep"] = "keep"
    stream: int
    name: Annotated[str, Field(pattern=r"^state-[0-9a-f]{32}$")]
    path: str


class Record(Message):
    """A part of a recording, already at `path` below the job's folder: to be stored now."""

    type: Literal["record"] = "record"
    stream: int
    name: Annotated[str, Field(pattern=r"^recording-\d{1,16}\.mkv$")]
    path: str


class StreamCost(Message):
    """What a stream cost."""

    busy_seconds: float = 0.0
    peak_memory_bytes: int | None = None
    weights_sha256: str | None = None


class Done(Message):
    """The handler has returned."""

    type: Literal["done"] = "done"
    stream: int
    result: dict[str, Any]
    spent: StreamCost = StreamCost()


class Split(Message):
    """The handler wants these parameters run as jobs of their own, and to be called again when all have ended."""

    type: Literal["split"] = "split"
    stream: int
    segments: tuple[dict[str, Any], ...]
    spent: StreamCost = StreamCost()


class Failed(Message):
    """The handler has raised. `not_begun`: something it needs was away before the job began on it."""

    type: Literal["failed"] = "failed"
    stream: int
    code: Failure
    message: str
    details: dict[str, Any] = {}
    not_begun: bool = False
    spent: StreamCost = StreamCost()


class Halted(Message):
    """The handler has stopped because it was told to."""

    type: Literal["halted"] = "halted"
    stream: int
    spent: StreamCost = StreamCost()


Command = Annotated[Setup | Start | Stop | Finish | EndRecording | Ping, Field(discriminator="type")]
Answer = Annotated[Ready | Pong, Field(discriminator="type")]
Event = Annotated[
    Started | Beat | Text | Cues | GapFound | Attach | Keep | Record | Done | Split | Failed | Halted,
    Field(discriminator="type"),
]
End = Done | Split | Failed | Halted

COMMANDS: TypeAdapter[Setup | Start | Stop | Finish | EndRecording | Ping] = TypeAdapter(Command)
ANSWERS: TypeAdapter[Ready | Pong] = TypeAdapter(Answer)
EVENTS: TypeAdapter[
    Started | Beat | Text | Cues | GapFound | Attach | Keep | Record | Done | Split | Failed | Halted
] = TypeAdapter(Event)


def input_key(media: MediaInput) -> str:
    """The name under which a job's input is handed to the child."""
    return hashlib.sha256(media.model_dump_json().encode()).hexdigest()


def frame(message: Message) -> bytes:
    """A message as it goes over the wire: four bytes of length, then JSON. ProtocolError when it is too large."""
    body = message.model_dump_json().encode()
    if len(body) > MAX_FRAME_BYTES:
        raise ProtocolError(f"a message of {len(body)} bytes")
    return _HEAD.pack(len(body)) + body


def frames(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """The bodies of the frames that `read(n)` (at most n bytes, empty at the end) yields.

    A stream that ends inside a frame just ends: the writer was killed. Raises ProtocolError for a frame that is too large.
    """
    while head := _exactly(read, _HEAD.size):
        (size,) = _HEAD.unpack(head)
        if size > MAX_FRAME_BYTES:
            raise ProtocolError(f"a frame of {size} bytes")
        body = _exactly(read, size)
        if not body:
            return
        yield body


def _exactly(read: Callable[[int], bytes], size: int) -> bytes:
    """`size` bytes, or none when the stream ends before."""
    parts: list[bytes] = []
    while size and (part := read(min(size, 1 << 20))):
        parts.append(part)
        size -= len(part)
    return b"" if size else b"".join(parts)
