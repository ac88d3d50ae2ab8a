"""The weights of one graph in one file, written tensor by tensor; a journal beside it lets a broken-off export go on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ALIGNMENT = 4096  # ONNX Runtime maps aligned tensors into memory instead of copying them

JOURNAL_SUFFIX = ".journal"

OnTensor = Callable[[str, int], None]
"""Called with the name and the bytes of each tensor that is in the file."""


class WeightsFile:
    """Append-only. A tensor counts once its line is in the journal: what was written after it is cut off at the next start."""

    def __init__(self, path: Path, on_tensor: OnTensor) -> None:
        self.path = path
        self._on_tensor = on_tensor
        self._journal_path = path.with_name(path.name + JOURNAL_SUFFIX)
        self._done = self._read_journal()
        end = max((offset + length for offset, length in self._done.values()), default=0)
        self._file = path.open("r+b" if path.exists() else "w+b")
        self._file.truncate(end)
        self._file.seek(end)
        self._journal = self._journal_path.open("a", encoding="utf-8")

    def _read_journal(self) -> dict[str, tuple[int, int]]:
        """Whole lines of the journal whose bytes are in the file."""
        if not (self._journal_path.exists() and self.path.exists()):
            self._journal_path.unlink(missing_ok=True)
            return {}
        text, size = self._journal_path.read_text("utf-8"), self.path.stat().st_size
        done: dict[str, tuple[int, int]] = {}
        for line in text[: text.rfind("\n") + 1].splitlines():
            name, offset, length = json.loads(line)
            if offset + length <= size:
                done[name] = (offset, length)
        self._journal_path.write_text("".join(json.dumps([n, *place]) + "\n" for n, place in done.items()), "utf-8")
        return done

    def put(
        self, name: str, make: Callable[[], NDArray[Any]], shape: tuple[int, ...], kind: np.dtype[Any]
    ) -> dict[str, Any]:
        """Where a tensor lies, as ONNX writes it; `make` is called only when it is not in the file yet.

        Raises ValueError when what is made is not what was announced, OSError when it cannot be written.
        """
        if name not in self._done:
            array = np.ascontiguousarray(make())
            if array.shape != shape or array.dtype != kind:
                raise ValueError(f"{name}: {array.dtype} {array.shape} instead of {kind} {shape}")
            self._append(name, array)
        offset, length = self._done[name]
        self._on_tensor(name, length)
        return {"location": self.path.name, "offset": offset, "length": length}

    def _append(self, name: str, array: NDArray[Any]) -> None:
        self._file.write(b"\0" * (-self._file.tell() % ALIGNMENT))
        offset = self._file.tell()
        content: Any = array.data  # a buffer, whatever numpy's types call it
        self._file.write(content)
        self._file.flush()
        self._journal.write(json.dumps([name, offset, array.nbytes]) + "\n")
        self._journal.flush()
        self._done[name] = (offset, array.nbytes)

    def close(self) -> None:
        """Everything is on the disk; the journal stays until the whole export is."""
        os.fsync(self._file.fileno())
        self._file.close()
        self._journal.close()

    def __enter__(self) -> WeightsFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
