"""Identity of weights: one sha256 over a model folder's safetensors files, remembered by size and time of change."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

BLOCK_BYTES = 1 << 22


def weights_sha256(folders: Iterable[Path], cache_file: Path | None = None) -> str:
    """Hash of the names and contents of all `*.safetensors` files of some folders (model, adapter), in order."""
    cache_file = cache_file or _default_cache_file()
    known = _read(cache_file)
    files = [file for folder in folders for file in sorted(folder.glob("*.safetensors"))]
    hashes = {_key(file): known.get(_key(file)) or digest_of(file) for file in files}
    if any(key not in known for key in hashes):
        _write(cache_file, {**known, **hashes})
    lines = [f"{file.name} {hashes[_key(file)]}" for file in files]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def file_sha256(file: Path, cache_file: Path | None = None) -> str:
    """Hash of one file, remembered in the same way. Raises OSError when it cannot be read."""
    cache_file = cache_file or _default_cache_file()
    key, known = _key(file), _read(cache_file)
    if key not in known:
        known[key] = digest_of(file)
        _write(cache_file, known)
    return known[key]


def _key(file: Path) -> str:
    stat = file.stat()
    return f"{file.resolve()}:{stat.st_size}:{stat.st_mtime_ns}"


def digest_of(file: Path) -> str:
    """The sha256 of a file as it is now. Raises OSError when it cannot be read."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _default_cache_file() -> Path:
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "bm3" / "weights_sha256.json"


def _read(cache_file: Path) -> dict[str, str]:
    """What is remembered; a missing or torn file is forgotten, it only costs hashing again."""
    try:
        return dict(json.loads(cache_file.read_text()))
    except (OSError, ValueError):
        return {}


def _write(cache_file: Path, known: dict[str, str]) -> None:
    try:
        cache_file.parent.mkdir(parents=True, exist_ok=True)
        fresh = cache_file.with_suffix(f".{os.getpid()}.tmp")
        fresh.write_text(json.dumps(known))
        fresh.replace(cache_file)
    except OSError:
        return  # a read-only home: hash again next time
