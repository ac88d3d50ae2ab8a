"""The desktop application, offscreen, against the real service."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bm3vl import Client
from bm3vl import login as logins
from tests.e2e.service import ROOT, Service

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
try:
    from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton

    from bm3vl.app.batch_tab import STATE
    from bm3vl.app.main import MainWindow
except ImportError as error:  # a laptop without Qt's system libraries (libEGL)
    if os.environ.get("CI") == "true":
        raise
    pytest.skip(f"no Qt: {error}", allow_module_level=True)

WAIT_S = 60.0


@pytest.fixture(scope="session")
def application() -> QApplication:
    return QApplication.instance() or QApplication([])


@pytest.fixture
def window(application: QApplication, running: Service) -> Iterator[MainWindow]:
    opened = MainWindow(logins.SavedLogin(running.url, running.key))
    opened.show()
    yield opened
    opened.close()
    application.processEvents()


@pytest.fixture(scope="session")
def datasheets(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Nine readable datasheets and one that is none."""
    folder = tmp_path_factory.mktemp("datasheets")
    made = []
    for seed in range(9):
        made.append(folder / f"part{seed}.pdf")
        command = [sys.executable, "-m", "worker.datasheet.synthetic", "--seed", str(seed), "--out", str(made[-1])]
        subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    bad = folder / "bad.pdf"
    bad.write_text("this is no PDF")
    return [*made[:4], bad, *made[4:]]


def until(condition: Callable[[], bool], what: str) -> None:
    """Let the window live until something is so."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"still waiting: {what}"
        QApplication.processEvents()
        time.sleep(0.01)


def test_it_says_whether_the_server_and_the_key_are_good(window: MainWindow) -> None:
    until(lambda: "connected" in window.server.status.text(), "connected")
    window.server.key.setText("bm3_wrong")
    window.server.look()
    until(lambda: window.server.status.text() == "key refused", "key refused")
    window.server.address.setText("http://127.0.0.1:9")
    window.server.look()
    until(lambda: window.server.status.text() == "server not reachable", "not reachable")


def test_captions_of_a_video_appear_live_and_are_saved(window: MainWindow, video: Path, tmp_path: Path) -> None:
    window.video.submit(video)
    until(lambda: window.video.captions.blockCount() > 2, "first captions")
    assert not window.video.save_button.isEnabled()
    until(window.video.save_button.isEnabled, "the end")
    window.video.save(tmp_path / "out.vtt")
    assert (tmp_path / "out.vtt").read_text().count("-->") == window.video.captions.blockCount()


def test_one_datasheet_is_extracted_shown_copied_and_saved(
    window: MainWindow, datasheets: list[Path], tmp_path: Path
) -> None:
    window.single.open([datasheets[0]])
    until(lambda: not window.single.preview.pixmap().isNull(), "the preview")
    window.single.extract()
    assert not window.single.extract_button.isEnabled()
    until(window.single.extract_button.isEnabled, "the result")
    assert window.single.extracted is not None, window.single.status.text()
    assert window.single.pads.rowCount() == len(window.single.extracted.pads) > 0
    assert window.single.body.text(0, 0) == "length"
    window.single.pads.copy()
    assert QApplication.clipboard().text().count("\n") == window.single.pads.rowCount()
    window.single.save(tmp_path / "part.kicad_mod")
    assert (tmp_path / "part.kicad_mod").read_text().startswith("(footprint")


def test_a_batch_goes_on_past_a_bad_file_and_is_saved_whole(
    window: MainWindow, datasheets: list[Path], tmp_path: Path
) -> None:
    window.batch.add(datasheets)
    window.batch.start()
    until(lambda: window.batch.ended == len(datasheets), "the batch")
    states = [window.batch.table.text(row, STATE) for row in range(len(datasheets))]
    assert [row for row, state in enumerate(states) if state != "done"] == [4]
    assert "invalid_media" in states[4]
    window.batch.save_all(tmp_path)
    assert len([*tmp_path.glob("*.json")]) == len(datasheets) - 1


def test_a_batch_survives_a_restart_of_the_api(
    window: MainWindow, datasheets: list[Path], running: Service, client: Client
) -> None:
    good = [file for file in datasheets if file.stem != "bad"]
    before = len([*client.jobs()])
    window.batch.add(good)
    window.batch.start()
    window.batch.start()  # pressed twice: nothing is sent twice
    until(lambda: window.batch.ended > 0, "the first result")
    running.crash("api")
    until(lambda: window.batch.ended == len(good), "the batch")
    assert [window.batch.table.text(row, STATE) for row in range(len(good))] == ["done"] * len(good)
    assert len([*client.jobs()]) == before + len(good)


def test_address_and_key_are_kept_and_the_key_is_never_shown(
    window: MainWindow,
    application: QApplication,
    running: Service,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BM3_CONFIG", str(tmp_path / "login.json"))
    window.server.findChild(QPushButton).click()
    assert (tmp_path / "login.json").stat().st_mode & 0o077 == 0
    again = MainWindow(logins.load(None, None))
    try:
        until(lambda: "connected" in again.server.status.text(), "connected with what was kept")
        shown = [one.text() for one in again.findChildren(QLabel)]
        shown += [one.displayText() for one in again.findChildren(QLineEdit)]
        assert not any(running.key in text for text in shown)
    finally:
        again.close()
    written = capfd.readouterr()
    assert running.key not in written.out + written.err


def test_the_window_lives_while_a_task_runs(window: MainWindow, video: Path) -> None:
    window.video.submit(video)
    longest = 0.0
    until(lambda: window.video.job_id is not None, "the job")
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        began = time.monotonic()
        QApplication.processEvents()
        longest = max(longest, time.monotonic() - began)
        time.sleep(0.005)
    assert longest < 0.5


def test_a_wrong_key_is_said_where_the_work_was_asked_for(window: MainWindow, datasheets: list[Path]) -> None:
    window.server.key.setText("bm3_wrong")
    window.single.open([datasheets[0]])
    window.single.extract()
    until(window.single.extract_button.isEnabled, "the refusal")
    assert "401" in window.single.status.text()


def test_it_survives_a_restart_of_the_api(window: MainWindow, video: Path, running: Service, client: Client) -> None:
    window.video.submit(video)
    until(lambda: window.video.captions.blockCount() > 1, "first captions")
    running.crash("api")
    until(window.video.save_button.isEnabled, "the end after the restart")
    assert window.video.vtt.decode().count("-->") == (client.job(window.video.job_id or "").result or {})["cues"]
