"""What both object stores keep to: which keys there are, how uploads are cut into parts, how ranges are clipped."""

from __future__ import annotations

import re

from db.storage.objects import (
    BadKey,
    BadRange,
    ObjectInfo,
    ObjectMissing,
    ObjectStore,
    StoreUpload,
    UploadMismatch,
    UploadMissing,
)

MIN_PART_BYTES = 8 << 20
MAX_PARTS = 10_000
MAX_URLS_A_CALL = 50
MAX_KEY_CHARS = 512

_SEGMENT = re.compile(r"[A-Za-z0-9_=@-][A-Za-z0-9._=@-]*", re.ASCII)


def check_key(key: str) -> str:
    """The key itself if it is one: `/`-separated segments of letters, digits and `._=@-`, none starting with a dot."""
    if len(key) > MAX_KEY_CHARS or not all(_SEGMENT.fullmatch(segment) for segment in key.split("/")):
        raise BadKey(f"not an object key: {key[:80]!r}")
    return key


def check_folder(prefix: str) -> str:
    """The prefix itself if it names a folder: a key and a slash. `jobs/1` is none, it would take `jobs/10` along."""
    if not prefix.endswith("/"):
        raise BadKey(f"a folder ends with a slash: {prefix[:80]!r}")
    check_key(prefix[:-1])
    return prefix


def part_size_bytes(size_bytes: int) -> int:
    """The part size for an upload: 8 MiB, or more where that would make over 10,000 parts (S3's limit)."""
    if size_bytes < 1:
        raise UploadMismatch("an upload has at least one byte")
    whole_mib = -(-size_bytes // (MAX_PARTS << 20)) << 20
    return max(MIN_PART_BYTES, whole_mib)


def clip_range(size_bytes: int, start: int, end: int | None) -> tuple[int, int]:
    """The range within an object of that size, or BadRange; the whole of an empty object is a range too."""
    stop = size_bytes if end is None else min(end, size_bytes)
    if start == 0 and size_bytes == 0 and end is None:
        return 0, 0
    if start < 0 or start >= stop:
        raise BadRange(f"bytes {start} to {stop} of {size_bytes}")
    return start, stop


def completed_before(store: ObjectStore, upload: StoreUpload) -> ObjectInfo:
    """The object of an upload that is gone because its completion went through and nobody heard. Else UploadMissing."""
    try:
        info = store.head(upload.key)
    except ObjectMissing:
        raise UploadMissing(upload.id) from None
    if info.size_bytes != upload.size_bytes:
        raise UploadMissing(upload.id)
    return info
