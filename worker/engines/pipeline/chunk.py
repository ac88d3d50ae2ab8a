"""What one node of a split model holds, as `chunk.json` beside its weights says, and the plan of the whole, `nodes.json`."""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from worker.engines.weights import digest_of

CHUNK_FILE, NODES_FILE = "chunk.json", "nodes.json"
MOST_NODES = 64
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,200}$")]
T = TypeVar("T", bound=BaseModel)


class ChunkProblem(Exception):
    """A chunk folder or plan that cannot be used, and why."""


class NodeRole(StrEnum):
    """What a node does besides its layers."""

    STARTER = "starter"  # sees pictures, embeds tokens, lives beside the jobs
    SECONDARY = "secondary"
    FINISHER = "finisher"  # chooses tokens

    @classmethod
    def of(cls, rank: int, nodes: int) -> NodeRole:
        """The role of a rank among so many nodes."""
        return cls.STARTER if rank == 0 else cls.FINISHER if rank == nodes - 1 else cls.SECONDARY


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ChunkFile(_Closed):
    bytes: int = Field(ge=0)
    sha256: Sha256


class NodeShare(_Closed):
    """A node's part of the model: layers `first` to `last` (not included), parameters, and bytes of its weights."""

    rank: int = Field(ge=0, lt=MOST_NODES)
    role: NodeRole
    first: int = Field(ge=0)
    last: int
    parameters: int
    bytes: int

    @property
    def layers(self) -> range:
        """The indices of its layers."""
        return range(self.first, self.last)


class ModelChunk(_Closed):
    """The content of `chunk.json`. `model_sha256` is the hash of the whole model's weights, as an unsplit engine tells it."""

    format: Literal[1] = 1
    family: str
    model_sha256: Sha256
    nodes: int = Field(ge=2, le=MOST_NODES)
    share: NodeShare
    files: dict[FileName, ChunkFile]

    @model_validator(mode="after")
    def _in_itself_right(self) -> ModelChunk:
        if self.share.rank >= self.nodes or self.share.role is not NodeRole.of(self.share.rank, self.nodes):
            raise ValueError(f"rank {self.share.rank} of {self.nodes} nodes is not the {self.share.role}")
        if self.share.last <= self.share.first:
            raise ValueError("it holds no layer")
        return self

    def text(self) -> str:
        """The content of `chunk.json`."""
        return json.dumps(self.model_dump(mode="json"), indent=1, sort_keys=True) + "\n"

    @cached_property
    def sha256(self) -> str:
        """Identity of the chunk: its layers, and the contents of all its files."""
        return hashlib.sha256(self.text().encode()).hexdigest()


class PlannedNode(_Closed):
    """A node of the plan and the identity of the chunk that it must have."""

    share: NodeShare
    sha256: Sha256


class NodesPlan(_Closed):
    """The content of `nodes.json`: where the starter is, where it listens, and who may join. Paths are relative to the file.

    A node that is not heard for `silent_s` is lost.
    """

    format: Literal[1] = 1
    chunk: str = "node0"
    listen: str = "127.0.0.1:7433"
    secret_file: str = "secret"  # noqa: S105 - a file name
    silent_s: float = Field(8.0, ge=1, le=120)
    nodes: tuple[PlannedNode, ...] = Field(min_length=2, max_length=MOST_NODES)


def read_plan(path: Path) -> NodesPlan:
    """Read `nodes.json`. Raises ChunkProblem."""
    return _read(NodesPlan, path)


def read_chunk(folder: Path) -> ModelChunk:
    """Read a chunk folder's `chunk.json`. Raises ChunkProblem."""
    return _read(ModelChunk, folder / CHUNK_FILE)


def _read(kind: type[T], path: Path) -> T:
    try:
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ChunkProblem(f"{path} cannot be read ({error.strerror}): make it with python -m worker.split") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ChunkProblem(f"{path} is not of this format: {place + ': ' if place else ''}{first['msg']}") from error


def verify(folder: Path, chunk: ModelChunk) -> None:
    """Hash a chunk's files. Raises ChunkProblem for the first that is missing, or is not what was split."""
    for name, said in chunk.files.items():
        path = folder / name
        size = path.stat().st_size if path.is_file() else None
        if size is None:
            raise ChunkProblem(f"{path} is missing: copy the whole folder again")
        if size != said.bytes or digest_of(path) != said.sha256:
            raise ChunkProblem(f"{path} is not the file that was split: copy the folder again")
    if extra := sorted(file.name for file in folder.glob("*.safetensors") if file.name not in chunk.files):
        raise ChunkProblem(f"{folder} holds weights that {CHUNK_FILE} does not know: {', '.join(extra)}")
