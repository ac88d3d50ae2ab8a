"""Full memory of this process alone goes into huge pages, and stays what it was."""

from __future__ import annotations

import mmap
from pathlib import Path

import pytest

from worker.engines.onnx.huge_pages import Mapping, gather, huge_page_bytes, mappings

MIB = 1 << 20
SMAPS = """\
55d0c0000000-55d0c0400000 rw-p 00000000 00:00 0                          [heap]
Size:               4096 kB
Rss:                4096 kB
AnonHugePages:         0 kB
7fa1e1ef1000-7fa1e22f1000 r--p 00001000 08:01 4711                       /usr/lib/libc.so.6
Size:               4096 kB
Rss:                4096 kB
7fa1f0000000-7fa1f4000000 rw-p 00000000 00:00 0
Size:              65536 kB
Rss:                 132 kB
"""


def test_what_linux_tells_of_memory_is_understood() -> None:
    heap, library, reserved = mappings(SMAPS)
    assert heap == Mapping(0x55D0C0000000, 0x55D0C0400000, True, 4 * MIB)
    assert (library.plain, reserved.plain, reserved.resident) == (False, True, 132 << 10)


@pytest.mark.parametrize(
    ("mapping", "begins"),
    [
        (Mapping(0, 6 * MIB, True, 6 * MIB), [0, 2, 4]),
        (Mapping(1 * MIB, 7 * MIB, True, 6 * MIB), [2, 4]),
        (Mapping(1 * MIB, 3 * MIB, True, 2 * MIB), []),
        (Mapping(0, 6 * MIB, False, 6 * MIB), []),
        (Mapping(0, 6 * MIB, True, 3 * MIB), []),
    ],
)
def test_only_whole_pages_of_full_memory_are_asked_for(mapping: Mapping, begins: list[int]) -> None:
    assert [start / MIB for start in mapping.huge(2 * MIB)] == begins


def test_memory_holds_the_same_afterwards() -> None:
    content = bytes(range(256)) * (8 * MIB // 256)
    with mmap.mmap(-1, len(content), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory[:] = content
        gathered = gather()
        assert memory[:] == content
    page = huge_page_bytes()
    assert gathered == 0 if page is None else gathered % page == 0


@pytest.mark.parametrize(
    ("enabled", "page"), [("[always] madvise never\n", 2 * MIB), ("always madvise [never]\n", None), (None, None)]
)
def test_where_huge_pages_are_off_there_are_none(enabled: str | None, page: int | None, tmp_path: Path) -> None:
    if enabled is not None:
        (tmp_path / "enabled").write_text(enabled)
        (tmp_path / "hpage_pmd_size").write_text("2097152\n")
    assert huge_page_bytes(tmp_path) == page
