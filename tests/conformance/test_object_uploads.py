"""What every object store promises of uploads in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.storage.local import LocalObjects
from db.storage.objects import (
    ObjectStore,
    StoreUpload,
    UploadMismatch,
    UploadMissing,
)
from db.storage.rules import MIN_PART_BYTES, part_size_bytes
from tests.conformance.stores import PLAIN, payload, send_part


def test_an_upload_arrives_in_pieces_and_appears_when_complete(store: ObjectStore) -> None:
    first, second = payload()
    upload = store.start_upload("assets/u/original", len(first) + len(second), "video/mp4")
    assert store.upload_progress(upload).bytes_done == 0
    send_part(store, upload, 1, first)
    assert store.upload_progress(upload).bytes_done == len(first)
    with pytest.raises(UploadMismatch):
        store.complete_upload(upload)
    assert not store.exists("assets/u/original")
    send_part(store, upload, 2, second)
    assert store.complete_upload(upload).size_bytes == upload.size_bytes
    assert store.read("assets/u/original") == first + second
    assert store.complete_upload(upload).size_bytes == upload.size_bytes, "a repeated completion is fine"
    with pytest.raises(UploadMissing):
        store.upload_progress(upload)


def test_an_aborted_upload_is_gone(store: ObjectStore) -> None:
    upload = store.start_upload("assets/v/original", 5, PLAIN)
    send_part(store, upload, 1, b"12345")
    store.abort_upload(upload)
    store.abort_upload(upload)
    for ask in (store.upload_progress, store.complete_upload):
        with pytest.raises(UploadMissing):
            ask(upload)
    assert not store.exists("assets/v/original")


def test_abandoned_uploads_are_swept_and_fresh_ones_kept(store: ObjectStore) -> None:
    upload = store.start_upload("assets/w/original", 5, PLAIN)
    if isinstance(store, LocalObjects):  # moto says of every upload that it began in 2010
        assert store.abort_abandoned(older_than_s=3600) == 0
        assert store.upload_progress(upload).bytes_done == 0
    assert store.abort_abandoned(older_than_s=-5) == 1
    with pytest.raises(UploadMissing):
        store.upload_progress(upload)


def test_an_upload_has_bytes(store: ObjectStore) -> None:
    with pytest.raises(UploadMismatch):
        store.start_upload("assets/x/original", 0, PLAIN)


@given(st.integers(1, 5 << 40))
def test_part_sizes_fit_s3(size_bytes: int) -> None:
    part = part_size_bytes(size_bytes)
    upload = StoreUpload("u", "k", size_bytes, part)
    assert part >= MIN_PART_BYTES
    assert part % (1 << 20) == 0
    assert 1 <= upload.parts <= 10_000
    assert (upload.parts - 1) * part + upload.part_bytes(upload.parts) == size_bytes
    assert 1 <= upload.part_bytes(upload.parts) <= part
