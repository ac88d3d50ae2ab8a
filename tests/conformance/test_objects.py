"""What every object store does alike: the same suite runs over a folder and over a real S3 server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.failures import RETRYABLE
from db.settings import Settings
from db.storage.local import LocalObjects
from db.storage.objects import (
    BadKey,
    BadRange,
    ObjectMissing,
    ObjectStore,
    ObjectStoreUnavailable,
    PresignedUploads,
)
from db.storage.open import open_store
from db.storage.rules import check_key
from db.storage.s3 import S3Objects
from db.storage.s3_client import S3Config
from tests.conformance.stores import PLAIN, s3_objects
from tests.servers import S3Place, free_port


def test_what_is_put_is_read_back_and_replaced(store: ObjectStore) -> None:
    store.put("jobs/1/result.json", b"{}", "application/json")
    store.put("jobs/1/result.json", b'{"cues": 3}', "application/json")
    assert store.read("jobs/1/result.json") == b'{"cues": 3}'
    info = store.head("jobs/1/result.json")
    assert (info.key, info.size_bytes) == ("jobs/1/result.json", 11)
    assert info.modified_at.tzinfo is not None
    assert store.exists("jobs/1/result.json")
    store.check()


def test_an_empty_object_is_an_object(store: ObjectStore) -> None:
    store.put("empty.vtt", b"", "text/vtt")
    assert store.read("empty.vtt") == b""
    assert store.head("empty.vtt").size_bytes == 0


def test_a_missing_object_says_so_at_once(store: ObjectStore) -> None:
    assert not store.exists("jobs/2/none")
    for ask in (store.head, store.read, store.open_range):
        with pytest.raises(ObjectMissing):
            ask("jobs/2/none")


def test_a_folder_is_not_an_object(store: ObjectStore) -> None:
    store.put("jobs/1/x", b"x", PLAIN)
    store.delete("jobs/1")
    store.delete("jobs/1/x/y")
    for key in ("jobs/1", "jobs/1/x/y"):
        assert not store.exists(key)
        with pytest.raises(ObjectMissing):
            store.open_range(key)
    assert store.read("jobs/1/x") == b"x"


def test_files_go_in_and_come_out(store: ObjectStore, tmp_path: Path) -> None:
    source, copy = tmp_path / "in.mp4", tmp_path / "out.mp4"
    source.write_bytes(bytes(range(256)) * 40_000)  # above boto3's own multipart threshold
    store.put_file("assets/a/original", source, "video/mp4")
    store.download("assets/a/original", copy)
    assert copy.read_bytes() == source.read_bytes()
    with pytest.raises(ObjectMissing):
        store.download("assets/b/original", tmp_path / "never.mp4")
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["in.mp4", "out.mp4"]


def test_stopping_a_read_early_is_fine(store: ObjectStore) -> None:
    store.put("big", b"x" * (3 << 20), PLAIN)
    with store.open_range("big") as body:
        assert next(iter(body)).startswith(b"x")
        assert body.size_bytes == 3 << 20


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, None, b"0123456789"), (3, None, b"3456789"), (3, 5, b"34"), (0, 1, b"0"), (9, 10, b"9"), (5, 99, b"56789")],
)
def test_ranges(store: ObjectStore, start: int, end: int | None, expected: bytes) -> None:
    store.put("digits", b"0123456789", PLAIN)
    with store.open_range("digits", start, end) as body:
        assert body.size_bytes == len(expected)
        assert b"".join(body) == expected


@pytest.mark.parametrize(("start", "end"), [(10, None), (11, 12), (-1, None), (4, 4), (5, 3)])
def test_ranges_outside_are_refused(store: ObjectStore, start: int, end: int | None) -> None:
    store.put("digits", b"0123456789", PLAIN)
    with pytest.raises(BadRange):
        store.open_range("digits", start, end)


def test_of_racing_conditional_puts_one_wins(store: ObjectStore) -> None:
    gate = threading.Barrier(6)

    def race(number: int) -> bool:
        gate.wait()
        return store.put_if_absent("once", str(number).encode(), PLAIN)

    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(race, range(6)))
    if isinstance(store, LocalObjects):  # moto does not lock its check, S3 and a file system do
        assert won.count(True) == 1
        assert store.read("once") == str(won.index(True)).encode()
    before = store.read("once")
    assert not store.put_if_absent("once", b"late", PLAIN)
    assert store.read("once") == before


def test_delete_is_idempotent_and_takes_only_what_it_names(store: ObjectStore) -> None:
    for key in ("jobs/1/a", "jobs/1/2/b", "jobs/10/c", "jobs/1-2/d"):
        store.put(key, b"x", PLAIN)
    store.delete("jobs/10/c")
    store.delete("jobs/10/c")
    assert store.delete_prefix("jobs/1/") == 2
    assert store.delete_prefix("jobs/1/") == 0
    assert [info.key for info in store.list_prefix("")] == ["jobs/1-2/d"]


@pytest.mark.parametrize("prefix", ["", "jobs/1", "/", "../", "jobs//"])
def test_delete_prefix_wants_a_folder(store: ObjectStore, prefix: str) -> None:
    with pytest.raises(BadKey):
        store.delete_prefix(prefix)


@pytest.mark.parametrize(
    "key",
    ["", "/", "/etc/passwd", "a/../b", "..", ".", "a//b", "a/", "a/.b", "a\\b", "a\0b", "ä", "a b", "a\n", "x" * 513],
)
def test_keys_that_lead_elsewhere_are_refused(store: ObjectStore, key: str) -> None:
    asks: list[Callable[[], object]] = [
        lambda: store.put(key, b"x", PLAIN),
        lambda: store.put_if_absent(key, b"x", PLAIN),
        lambda: store.head(key),
        lambda: store.open_range(key),
        lambda: store.delete(key),
        lambda: store.start_upload(key, 1, PLAIN),
    ]
    for ask in asks:
        with pytest.raises(BadKey):
            ask()
    assert list(store.list_prefix("")) == []


KEYS = st.sampled_from(["a", "b", "f/a", "f/b", "f-a", "f/g/a", "g/a"])


STEPS = st.lists(st.tuples(st.sampled_from(["put", "absent", "delete", "prefix"]), KEYS, st.binary(max_size=20)))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_a_store_is_a_dictionary(store: ObjectStore, steps: list[tuple[str, str, bytes]]) -> None:
    for info in list(store.list_prefix("")):
        store.delete(info.key)
    model: dict[str, bytes] = {}
    for step, key, data in steps:
        _apply(step, key, data, store, model)
    assert [(info.key, info.size_bytes) for info in store.list_prefix("")] == [
        (key, len(model[key])) for key in sorted(model)
    ]
    assert {key: store.read(key) for key in model} == model


def _apply(step: str, key: str, data: bytes, store: ObjectStore, model: dict[str, bytes]) -> None:
    if step == "put":
        store.put(key, data, PLAIN)
        model[key] = data
    elif step == "absent":
        assert store.put_if_absent(key, data, PLAIN) == (key not in model)
        model.setdefault(key, data)
    elif step == "delete":
        store.delete(key)
        model.pop(key, None)
    else:
        gone = [known for known in model if known.startswith("f/")]
        assert store.delete_prefix("f/") == len(gone)
        for known in gone:
            del model[known]


@given(st.text(max_size=40))
def test_a_good_key_never_leaves_the_folder(text: str) -> None:
    try:
        key = check_key(text)
    except BadKey:
        return
    assert Path("/root/of/store").joinpath(key).resolve().is_relative_to("/root/of/store")
    assert key.isascii()
    assert key.isprintable()


def test_an_unreachable_store_is_a_storage_failure(tmp_path: Path) -> None:
    s3 = S3Objects(
        S3Config("b", endpoint_url=f"http://127.0.0.1:{free_port()}", access_key_id="a", secret_access_key="b")
    )
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ObjectStoreUnavailable) as refused:
        s3.head("k")
    assert refused.value.code in RETRYABLE
    with pytest.raises(ObjectStoreUnavailable):
        LocalObjects(tmp_path / "file" / "store")


def test_the_settings_choose_the_store(tmp_path: Path) -> None:
    local = open_store(Settings(data_dir=tmp_path, object_store="local"))
    assert isinstance(local, LocalObjects)
    assert local.root == tmp_path / "store"
    s3 = open_store(Settings(object_store="s3", s3_bucket="films", s3_endpoint_url="http://127.0.0.1:1"))
    assert isinstance(s3, S3Objects)
    assert s3.bucket == "films"


def test_the_settings_name_the_folder_and_the_endpoint_that_clients_reach(
    s3: S3Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.secret_access_key)
    public = "https://files.example.org"
    where = {"s3_bucket": s3.bucket, "s3_endpoint_url": s3.endpoint_url, "s3_public_endpoint_url": public}
    store = open_store(Settings(object_store="s3", s3_prefix="bm3/films/", **where))
    store.put("a", b"x", PLAIN)
    assert [info.key for info in s3_objects(s3, "bm3/films/").list_prefix("")] == ["a"]
    assert isinstance(store, PresignedUploads)
    url = store.part_urls(store.start_upload("b", 5, PLAIN), [1])[1]
    assert url.startswith(f"{public}/{s3.bucket}/bm3/films/b?")
