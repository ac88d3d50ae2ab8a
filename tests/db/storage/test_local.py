"""What only the local folder has to get right: crashes, full disks, links, two writers, a folder that vanishes."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.storage.local import LocalObjects
from db.storage.objects import BadKey, ObjectStoreUnavailable, OffsetConflict, StoreUpload, UploadMismatch

PLAIN = "application/octet-stream"
REPOSITORY = Path(__file__).parents[3]


@given(cuts=st.lists(st.integers(1, 64), max_size=20), wrong=st.integers(-70, 70))
def test_appends_in_any_cut_give_the_whole_and_a_wrong_offset_says_the_right_one(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], wrong: int
) -> None:
    store, data = LocalObjects(tmp_path_factory.mktemp("store")), os.urandom(sum(cuts) + 1)
    upload = store.start_upload("a", len(data), PLAIN)
    offset = 0
    for cut in cuts:
        if wrong:
            with pytest.raises(OffsetConflict) as conflict:
                store.append(upload, offset + wrong, b"x")
            assert conflict.value.offset_bytes == offset
        offset = store.append(upload, offset, data[offset : offset + cut])
    store.append(upload, offset, data[offset:])
    store.complete_upload(upload)
    assert store.read("a") == data


def test_more_than_declared_is_refused_and_nothing_of_it_kept(tmp_path: Path) -> None:
    store = LocalObjects(tmp_path)
    upload = store.start_upload("a", 5, PLAIN)
    store.append(upload, 0, b"1234")
    with pytest.raises(UploadMismatch):
        store.append(upload, 4, b"56")
    assert store.upload_progress(upload).bytes_done == 4


def test_two_clients_sending_the_same_upload_never_mix_bytes(tmp_path: Path) -> None:
    store, block, blocks = LocalObjects(tmp_path), 1000, 50
    upload = store.start_upload("a", block * blocks, PLAIN)

    def send(letter: bytes) -> None:
        offset = 0
        while offset < upload.size_bytes:
            try:
                offset = store.append(upload, offset, letter * block)
            except OffsetConflict as conflict:
                offset = conflict.offset_bytes

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, [b"a", b"b", b"c", b"d"]))
    store.complete_upload(upload)
    data = store.read("a")
    assert all(len(set(data[at : at + block])) == 1 for at in range(0, len(data), block))


def test_many_may_complete_one_upload(tmp_path: Path) -> None:
    store = LocalObjects(tmp_path)
    for number in range(20):
        upload = store.start_upload(f"a/{number}", 4, PLAIN)
        store.append(upload, 0, b"data")
        with ThreadPoolExecutor(4) as pool:
            infos = list(pool.map(lambda upload: store.complete_upload(upload), [upload] * 4))
        assert {(info.key, info.size_bytes) for info in infos} == {(f"a/{number}", 4)}


def test_a_writer_killed_in_the_middle_leaves_the_old_object(tmp_path: Path) -> None:
    LocalObjects(tmp_path).put("result.json", b"old", PLAIN)
    script = (
        "import os, pathlib, signal, sys\n"
        "from db.storage.local import LocalObjects\n"
        "source = pathlib.Path(sys.argv[2])\n"
        "os.mkfifo(source)\n"
        "print('ready', flush=True)\n"
        "LocalObjects(pathlib.Path(sys.argv[1])).put_file('result.json', source, 'x/y')\n"
    )
    fifo = tmp_path / "fifo"
    writer = subprocess.Popen([sys.executable, "-c", script, tmp_path, fifo], cwd=REPOSITORY, stdout=subprocess.PIPE)
    assert writer.stdout is not None
    writer.stdout.readline()
    with fifo.open("wb") as pipe:
        pipe.write(b"new" * 100_000)
        pipe.flush()
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    writer.stdout.close()
    store = LocalObjects(tmp_path)
    assert store.read("result.json") == b"old"
    assert [info.key for info in store.list_prefix("")] == ["result.json"]
    assert len(list((tmp_path / "temporary").iterdir())) == 1
    assert store.abort_abandoned(older_than_s=-5) == 0, "temporary files are no uploads"
    assert not list((tmp_path / "temporary").iterdir())


def test_a_full_disk_is_a_storage_failure_and_leaves_nothing(tmp_path: Path) -> None:
    store = LocalObjects(tmp_path)
    store.put("kept", b"old", PLAIN)
    upload = store.start_upload("upload", 100_000, PLAIN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        for ask in (
            lambda: store.put("kept", b"x" * 100_000, PLAIN),
            lambda: store.put_if_absent("new", b"x" * 100_000, PLAIN),
            lambda: store.append(upload, 0, b"x" * 100_000),
        ):
            with pytest.raises(ObjectStoreUnavailable):
                ask()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert store.read("kept") == b"old"
    assert [info.key for info in store.list_prefix("")] == ["kept"]
    done = store.upload_progress(upload).bytes_done
    store.append(upload, done, b"x" * (100_000 - done))
    assert store.complete_upload(upload).size_bytes == 100_000


def test_a_link_planted_inside_leads_nowhere(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    store = LocalObjects(tmp_path / "store")
    (tmp_path / "store/objects/link").symlink_to(outside)
    for ask in (lambda: store.open_range("link/secret"), lambda: store.put("link/secret", b"", PLAIN)):
        with pytest.raises(BadKey):
            ask()
    assert (outside / "secret").read_text() == "secret"


def test_an_object_is_no_folder_and_a_folder_no_object(tmp_path: Path) -> None:
    store = LocalObjects(tmp_path)
    store.put("a/b", b"x", PLAIN)
    for key in ("a", "a/b/c"):
        with pytest.raises(BadKey):
            store.put(key, b"y", PLAIN)
    assert store.read("a/b") == b"x"


def test_an_upload_id_cannot_name_another_file(tmp_path: Path) -> None:
    store = LocalObjects(tmp_path)
    store.put("a", b"x", PLAIN)
    with pytest.raises(BadKey):
        store.append(StoreUpload("../objects/a", "b", 9, 9), 1, b"y")


@pytest.mark.slow
def test_puts_succeed_while_their_folder_is_deleted_again_and_again(tmp_path: Path) -> None:
    store, stop = LocalObjects(tmp_path), threading.Event()

    def delete() -> None:
        while not stop.is_set():
            store.delete_prefix("jobs/1/")

    deleter = threading.Thread(target=delete)
    deleter.start()
    try:
        for number in range(200):
            store.put(f"jobs/1/{number}", b"x", PLAIN)
    finally:
        stop.set()
        deleter.join()
    store.put("jobs/1/last", b"x", PLAIN)
    assert store.exists("jobs/1/last")
