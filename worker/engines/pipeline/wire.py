"""What goes from node to node: a head of eight numbers, then one body of bytes; no pickle, nothing that is executed.

head   int64 (8): magic, what, streams, tokens, size, dtype, numbers, bytes of text
body   hidden states (streams, tokens, size) of the dtype, then int64 numbers, then text (JSON, UTF-8)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import torch
from numpy.typing import NDArray

MAGIC = 0x424D335049504531  # "BM3PIPE1": the last digit is the version of this format
HEAD_NUMBERS = 8
HEAD_BYTES = 8 * HEAD_NUMBERS
DTYPES = (torch.float32, torch.bfloat16, torch.float16)
MOST_BODY_BYTES = 1 << 30
NO_NUMBERS: NDArray[np.int64] = np.empty(0, dtype=np.int64)


class BadPacket(Exception):
    """What came is no packet of this format: the other side is of another version, or is not ours."""


class What(IntEnum):
    """What a packet is about."""

    PREFILL = 1
    DECODE = 2
    CHOSEN = 3
    FREE = 4
    FAILED = 5


@dataclass(frozen=True)
class Packet:
    """One message between nodes; `hidden` is (streams, tokens, size)."""

    what: What
    numbers: NDArray[np.int64] = field(default_factory=lambda: NO_NUMBERS)
    hidden: torch.Tensor | None = None
    text: bytes = b""


@dataclass(frozen=True)
class PacketHead:
    """The head of a packet, checked."""

    what: What
    shape: tuple[int, int, int]
    dtype: torch.dtype
    numbers: int
    text: int

    @property
    def hidden_bytes(self) -> int:
        """Bytes of the hidden states."""
        streams, tokens, size = self.shape
        return streams * tokens * size * self.dtype.itemsize

    @property
    def body_bytes(self) -> int:
        """Bytes of the whole body."""
        return self.hidden_bytes + 8 * self.numbers + self.text


def pack(packet: Packet) -> tuple[torch.Tensor, torch.Tensor]:
    """(head, body) of a packet, on the CPU: int64 (8,) and uint8 (bytes,)."""
    hidden = packet.hidden
    streams, tokens, size = (0, 0, 0) if hidden is None else hidden.shape
    dtype = 0 if hidden is None else DTYPES.index(hidden.dtype)
    head = (MAGIC, packet.what, streams, tokens, size, dtype, len(packet.numbers), len(packet.text))
    parts = [] if hidden is None else [hidden.detach().contiguous().cpu().view(torch.uint8).reshape(-1)]
    if len(packet.numbers):
        parts.append(torch.from_numpy(packet.numbers.astype("<i8")).view(torch.uint8))
    if packet.text:
        parts.append(torch.frombuffer(bytearray(packet.text), dtype=torch.uint8))
    body = torch.cat(parts) if parts else torch.empty(0, dtype=torch.uint8)
    return torch.tensor(head, dtype=torch.int64), body


def read_head(head: torch.Tensor) -> PacketHead:
    """Check a head (8,). Raises BadPacket for anything that `pack` does not write, or a body above the limit."""
    magic, what, streams, tokens, size, dtype, numbers, text = head.tolist()
    if magic != MAGIC or what not in set(What) or not 0 <= dtype < len(DTYPES):
        raise BadPacket("not a packet of this version")
    counts = (streams, tokens, size, numbers, text)
    if min(counts) < 0 or max(counts) > MOST_BODY_BYTES:
        raise BadPacket(f"a packet of sizes {counts}")
    found = PacketHead(What(what), (streams, tokens, size), DTYPES[dtype], numbers, text)
    if found.body_bytes > MOST_BODY_BYTES:
        raise BadPacket(f"a packet of {found.body_bytes} bytes")
    return found


def unpack(head: PacketHead, body: torch.Tensor) -> Packet:
    """The packet of a checked head and its body (bytes,)."""
    after = head.hidden_bytes + 8 * head.numbers
    hidden = None
    if head.hidden_bytes:
        # A copy starts where its numbers are aligned; a piece of the body need not.
        hidden = body[: head.hidden_bytes].clone().view(head.dtype).reshape(head.shape)
    numbers = np.frombuffer(body[head.hidden_bytes : after].numpy().tobytes(), dtype="<i8").astype(np.int64)
    return Packet(head.what, numbers, hidden, body[after:].numpy().tobytes())
