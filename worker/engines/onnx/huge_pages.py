"""A model's weights in huge pages: a decoder step walks through all of them, and the processor looks up each page it meets.

ONNX Runtime takes its memory in the ordinary way, in pages of 4 KiB, so Linux (6.1 and later) is asked afterwards to gather what
is there: MADV_COLLAPSE of madvise(2). Elsewhere, and where huge pages are switched off, nothing happens.
"""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SETTINGS = Path("/sys/kernel/mm/transparent_hugepage")
SMAPS = Path("/proc/self/smaps")
MADV_COLLAPSE = 25
WORTH_BYTES = 64 << 20  # of weights; fewer are found in the processor's cache
FULL = 0.9  # of a mapping's bytes are there: of one that is emptier, memory would be taken that nobody uses
_HEAD = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ (\d+)(?:\s|$)")


@dataclass(frozen=True)
class Mapping:
    """A part of the address space, from `start` up to `end`; `resident` bytes of it are in memory."""

    start: int
    end: int
    plain: bool
    """Whether it is writable memory of this process alone, of no file."""
    resident: int

    def huge(self, page: int) -> range:
        """Where the huge pages within it begin; of none where it is not worth it."""
        if not self.plain or self.resident < FULL * (self.end - self.start):
            return range(0)
        return range(-(-self.start // page) * page, self.end // page * page, page)


def mappings(smaps: str) -> Iterator[Mapping]:
    """What /proc/PID/smaps tells."""
    head: re.Match[str] | None = None
    for line in smaps.splitlines():
        if found := _HEAD.match(line):
            head = found
        elif head and line.startswith("Rss:"):
            start, end, rights, inode = head.groups()
            plain = rights == "rw-p" and inode == "0"
            yield Mapping(int(start, 16), int(end, 16), plain, int(line.split()[1]) << 10)


def huge_page_bytes(settings: Path = SETTINGS) -> int | None:
    """The size of a huge page; None where there are none, or an administrator has switched them off."""
    try:
        if "[never]" in (settings / "enabled").read_text("ascii"):
            return None
        return int((settings / "hpage_pmd_size").read_text("ascii"))
    except OSError:
        return None


def gather() -> int:
    """Ask for huge pages wherever this process's memory is full; how many bytes lie in some now."""
    page = huge_page_bytes()
    if page is None:
        return 0
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    found = list(mappings(SMAPS.read_text("ascii", errors="replace")))
    answers = [advise(start, page, MADV_COLLAPSE) for mapping in found for start in mapping.huge(page)]
    return page * answers.count(0)


def gather_soon(weights: int) -> None:
    """The same on a thread of its own, for it copies all weights: the first tokens need not wait for it. `weights` in bytes."""
    if weights >= WORTH_BYTES:
        threading.Thread(target=gather, name="huge-pages", daemon=True).start()
