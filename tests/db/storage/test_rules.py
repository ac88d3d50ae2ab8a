"""What keys, folders, parts and ranges may be, to the border."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from db.storage.local import LocalObjects
from db.storage.objects import BadKey, BadRange, StoreUpload, UploadMismatch, UploadMissing
from db.storage.rules import MAX_PARTS, check_folder, check_key, clip_range, completed_before, part_size_bytes

MIB = 1 << 20


@pytest.mark.parametrize("key", ["a", "a/b", "jobs/01-a_b=@/1/captions.vtt", "A.b", "-", "x" * 512])
def test_keys(key: str) -> None:
    assert check_key(key) == key
    assert check_folder(f"{key[:511]}/") == f"{key[:511]}/"


@pytest.mark.parametrize(
    "key", ["", "/", "a/", "/a", "a//b", ".", "..", "a/..", ".a", "a/.b", "a b", "ä", "a\n", "x" * 513]
)
def test_what_is_no_key(key: str) -> None:
    with pytest.raises(BadKey, match="not an object key"):
        check_key(key)


@pytest.mark.parametrize(
    ("prefix", "why"), [("jobs/1", "ends with a slash"), ("", "ends with"), ("/", "not an object key")]
)
def test_what_is_no_folder(prefix: str, why: str) -> None:
    with pytest.raises(BadKey, match=why):
        check_folder(prefix)


@pytest.mark.parametrize(
    ("size", "part"),
    [
        (1, 8 * MIB),
        (8 * MIB * MAX_PARTS, 8 * MIB),
        (8 * MIB * MAX_PARTS + 1, 9 * MIB),
        (9 * MIB * MAX_PARTS, 9 * MIB),
        (9 * MIB * MAX_PARTS + 1, 10 * MIB),
    ],
)
def test_no_upload_has_more_than_ten_thousand_parts(size: int, part: int) -> None:
    assert part_size_bytes(size) == part
    assert StoreUpload("u", "k", size, part).parts <= MAX_PARTS


@pytest.mark.parametrize("size", [0, -1])
def test_an_upload_of_nothing_is_none(size: int) -> None:
    with pytest.raises(UploadMismatch):
        part_size_bytes(size)


@pytest.mark.parametrize(("number", "size"), [(1, 8), (2, 8), (3, 4)])
def test_the_last_part_may_be_short(number: int, size: int) -> None:
    upload = StoreUpload("u", "k", 20, 8)
    assert (upload.parts, upload.part_bytes(number)) == (3, size)
    assert (StoreUpload("u", "k", 24, 8).parts, StoreUpload("u", "k", 24, 8).part_bytes(3)) == (3, 8)


@pytest.mark.parametrize(
    ("size", "start", "end", "found"),
    [
        (10, 0, None, (0, 10)),
        (10, 9, None, (9, 10)),
        (10, 2, 5, (2, 5)),
        (10, 2, 99, (2, 10)),
        (0, 0, None, (0, 0)),
        (10, 10, None, None),
        (10, 5, 5, None),
        (10, 5, 4, None),
        (10, -1, 5, None),
        (0, 0, 0, None),
        (0, 0, 5, None),
        (0, 1, None, None),
        (10, 0, 0, None),
    ],
)
def test_ranges(size: int, start: int, end: int | None, found: tuple[int, int] | None) -> None:
    if found is None:
        with pytest.raises(BadRange):
            clip_range(size, start, end)
    else:
        assert clip_range(size, start, end) == found


def test_an_upload_that_is_gone_was_completed_if_its_object_is_there(tmp_path: Path) -> None:
    store = LocalObjects(tmp_path)
    upload = StoreUpload("u", "assets/1", 3, 8 * MIB)
    with pytest.raises(UploadMissing, match="u"):
        completed_before(store, upload)
    store.put("assets/1", b"abc", "x/y")
    found = completed_before(store, upload)
    assert (found.key, found.size_bytes) == ("assets/1", 3)
    assert abs((datetime.now(UTC) - found.modified_at).total_seconds()) < 3600
    store.put("assets/1", b"abcd", "x/y")
    with pytest.raises(UploadMissing, match="u"):
        completed_before(store, upload)
