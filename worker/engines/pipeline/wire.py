"""What goes from node to node: a head of eight numbers, then a body, as one row of bytes; no pickle, nothing that is executed.

head   int64 (8): magic, what, streams, tokens, size, dtype, numbers, bytes of text
body   hidden states (streams, tokens, size) of the dtype, then int64 numbers, then text (JSON, UTF-8)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import torch
from numpy.typing import NDArray

MAGIC = 0x424D335049504532  # "BM3PIPE2": the last digit is the version of this format
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
    BEAT = 6


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
        """Bytes of the body."""
        return self.hidden_bytes + 8 * self.numbers + self.text

    @property
    def packet_bytes(self) -> int:
        """Bytes of the whole packet."""
        return HEAD_BYTES + self.body_bytes


def pack(packet: Packet) -> torch.Tensor:
    """A packet as uint8 (bytes,), on the CPU."""
    hidden = packet.hidden
    streams, tokens, size = (0, 0, 0) if hidden is None else hidden.shape
    dtype = 0 if hidden is None else DTYPES.index(hidden.dtype)
    head = (MAGIC, packet.what, streams, tokens, size, dtype, len(packet.numbers), len(packet.text))
    parts = [np.array(head, dtype="<i8").view(np.uint8)]
    if hidden is not None:
        parts.append(hidden.detach().cpu().contiguous().view(torch.uint8).reshape(-1).numpy())
    parts.append(packet.numbers.astype("<i8").view(np.uint8))
    parts.append(np.frombuffer(packet.text, dtype=np.uint8))
    return torch.from_numpy(np.concatenate(parts))


def read_head(data: torch.Tensor) -> PacketHead:
    """Check the head at the beginning of uint8 (bytes,). Raises BadPacket for anything that `pack` does not write, or a
    body above the limit."""
    if len(data) < HEAD_BYTES:
        raise BadPacket(f"a head of {len(data)} bytes")
    magic, what, streams, tokens, size, dtype, numbers, text = data[:HEAD_BYTES].numpy().view("<i8").tolist()
    if magic != MAGIC or what not in set(What) or not 0 <= dtype < len(DTYPES):
        raise BadPacket("not a packet of this version")
    counts = (streams, tokens, size, numbers, text)
    if min(counts) < 0 or max(counts) > MOST_BODY_BYTES:
        raise BadPacket(f"a packet of sizes {counts}")
    found = PacketHead(What(what), (streams, tokens, size), DTYPES[dtype], numbers, text)
    if found.body_bytes > MOST_BODY_BYTES:
        raise BadPacket(f"a packet of {found.body_bytes} bytes")
    return found


def unpack(head: PacketHead, data: torch.Tensor) -> Packet:
    """The packet of a checked head, of its bytes (bytes,) or more; its hidden states are a view of them."""
    after_hidden = HEAD_BYTES + head.hidden_bytes
    after_numbers = after_hidden + 8 * head.numbers
    hidden = None
    if head.hidden_bytes:
        hidden = data[HEAD_BYTES:after_hidden].view(head.dtype).reshape(head.shape)
    numbers = np.frombuffer(data[after_hidden:after_numbers].numpy().tobytes(), dtype="<i8").astype(np.int64)
    return Packet(head.what, numbers, hidden, data[after_numbers : head.packet_bytes].numpy().tobytes())
