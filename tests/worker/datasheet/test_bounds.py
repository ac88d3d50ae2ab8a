"""What strangers send: every document ends in a clear answer, within the time and memory allowed for one."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from db.failures import Failure
from tests.worker.datasheet import bombs
from worker.datasheet import sandbox
from worker.datasheet.request import ReadingProgress, ReadingRequest, SandboxLimits
from worker.datasheet.synthetic import generate
from worker.errors import Permanent, Stopped, Transient

TIGHT = SandboxLimits(cpu_s=2, memory_bytes=3 << 29)
ROOMY = SandboxLimits(cpu_s=60, memory_bytes=3 << 29)  # for what is to be refused by its content, on slow machines too
ENDLESS = bombs.nested(levels=12, copies=10)


def refused(path: Path, limits: SandboxLimits = TIGHT, request: ReadingRequest | None = None) -> Permanent:
    with pytest.raises(Permanent) as failed:
        sandbox.read([path], request or ReadingRequest(), lambda _: None, limits)
    assert not multiprocessing.active_children()
    return failed.value


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("bomb", "limits", "reason"),
    [
        pytest.param(lambda: ENDLESS, TIGHT, "2 s of processor time|1536 MiB", id="forms within forms"),
        pytest.param(
            lambda: bombs.pdf(b"q " * 30_000_000),
            TIGHT,
            "2 s of processor time|1536 MiB",
            id="sixty megabytes of sixty kilobytes",
        ),
        pytest.param(
            lambda: bombs.pdf(b"0 0 m 9 9 l S " * 100_000), ROOMY, "60000 objects", id="a hundred thousand paths"
        ),
        pytest.param(
            lambda: bombs.pdf(b"0 0 m" + b" 9 9 l 5 5 l" * 300_000 + b" S"), ROOMY, "strokes", id="one endless path"
        ),
        pytest.param(
            lambda: bombs.pdf(b"0 0 m 9 9 l S", box="0 0 14400 14400"), ROOMY, "14400", id="five metres of paper"
        ),
    ],
)
def test_a_pdf_bomb_is_refused(tmp_path: Path, bomb: Callable[[], bytes], limits: SandboxLimits, reason: str) -> None:
    failure = refused(write(tmp_path / "bomb.pdf", bomb()), limits)
    assert failure.code is Failure.TOO_LARGE
    assert re.search(reason, str(failure))


def test_a_folder_for_temporary_files_may_have_a_long_path(tmp_path: Path) -> None:
    folder = tmp_path / ("scratch" * 20)
    folder.mkdir()
    path = write(tmp_path / "part.pdf", bombs.pdf(b"0 0 m 9 9 l S"))
    command = [sys.executable, "-m", "worker.datasheet", "extract", str(path)]
    done = subprocess.run(
        command, env={**os.environ, "TMPDIR": str(folder)}, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    assert not [*folder.glob("pymp-*")]


def test_a_sheet_too_large_to_be_paper_is_read_as_the_library_cuts_it(tmp_path: Path) -> None:
    document = bombs.pdf(b"0 0 m 9 9 l S", box="0 0 1e9 1e9")
    assert refused(write(tmp_path / "huge.pdf", document)).code is Failure.BAD_DOCUMENT


def test_a_document_of_two_gigabytes_is_not_even_opened(tmp_path: Path) -> None:
    path = write(tmp_path / "long.pdf", b"%PDF-1.7\n")
    os.truncate(path, 2 << 30)
    assert refused(path).code is Failure.TOO_LARGE


def test_a_locked_document_says_that_it_is_encrypted(tmp_path: Path) -> None:
    assert "encrypted" in str(refused(write(tmp_path / "locked.pdf", bombs.locked())))


@pytest.mark.parametrize(
    ("width", "height", "code"),
    [(30_000, 30_000, Failure.TOO_LARGE), (5_000, 5_000, Failure.BAD_DOCUMENT), (1, 1, Failure.BAD_DOCUMENT)],
)
def test_a_picture_that_says_more_than_it_holds_is_refused(
    tmp_path: Path, width: int, height: int, code: Failure
) -> None:
    assert refused(write(tmp_path / "picture.png", bombs.png(width, height))).code is code


def test_a_photo_is_no_drawing(tmp_path: Path) -> None:
    """Blotches of all sizes in fur colours, with whiskers: as far from ink on paper as a cat."""
    random = np.random.default_rng(1)
    photo = sum(
        cv2.resize(random.uniform(0, 90, (600 // size, 800 // size, 3)), (800, 600), interpolation=cv2.INTER_CUBIC)
        / octave
        for octave, size in enumerate((100, 20, 4), 1)
    )
    pixels = np.clip(np.add(photo, (60, 40, 10)), 0, 255).astype(np.uint8)
    for y in range(200, 320, 20):
        cv2.line(pixels, (300, y), (500, 520 - y), (235, 235, 235), 1, cv2.LINE_AA)
    Image.fromarray(pixels).save(tmp_path / "cat.jpg")
    assert "no drawing" in str(refused(tmp_path / "cat.jpg"))


def test_a_package_that_no_drawing_names_is_refused_with_those_it_has(tmp_path: Path) -> None:
    truth = generate.make(7, tmp_path / "part.pdf")
    read = sandbox.read([tmp_path / "part.pdf"], ReadingRequest("WRONG-99"), lambda _: None)
    assert truth["package_printed"] != "WRONG-99"
    assert "package" in {r.field for r in read.result.needs_review}


def test_a_page_that_takes_forever_can_be_left(tmp_path: Path) -> None:
    path, start = write(tmp_path / "bomb.pdf", ENDLESS), time.monotonic()

    def leave(_: ReadingProgress) -> None:
        if time.monotonic() - start > 0.2:
            raise Stopped("canceled")

    with pytest.raises(Stopped):
        sandbox.read([path], ReadingRequest(), leave)
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_a_reading_that_somebody_from_outside_ends_is_no_fault_of_the_document(
    tmp_path: Path, signum: signal.Signals
) -> None:
    path = write(tmp_path / "part.pdf", ENDLESS)

    def end(_: ReadingProgress) -> None:
        for reader in multiprocessing.active_children():
            os.kill(reader.pid or 0, signum)

    with pytest.raises(Transient) as ended:
        sandbox.read([path], ReadingRequest(), end)
    assert ended.value.code is Failure.WORKER_LOST
    assert signum.name in str(ended.value)


@pytest.mark.parametrize("what", ["a picture", "a model", "a run of a model"])
def test_a_refused_allocation_is_known_whoever_tells_of_it(what: str) -> None:
    command = [sys.executable, "-m", "tests.worker.datasheet.refused_allocation", what]
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    assert told.split() in (["cv2", "error", "True"], ["onnxruntime", "Fail", "True"]), told


def end_as_the_loader_does(*_: object) -> None:
    os._exit(127)


def test_a_process_that_the_loader_ends_has_taken_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_serve", end_as_the_loader_does)
    ended = refused(write(tmp_path / "part.pdf", ENDLESS))
    assert (ended.code, "1536 MiB" in str(ended)) == (Failure.TOO_LARGE, True)


def test_the_reading_process_ends_with_the_one_that_asked(tmp_path: Path) -> None:
    path = write(tmp_path / "bomb.pdf", ENDLESS)
    command = [sys.executable, "-m", "tests.worker.datasheet.reading_process", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as asking:
        assert asking.stdout is not None
        reader = int(asking.stdout.readline())
        os.kill(reader, 0)
        asking.send_signal(signal.SIGKILL)
    end = time.monotonic() + 60
    while Path(f"/proc/{reader}").exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert not Path(f"/proc/{reader}").exists()
