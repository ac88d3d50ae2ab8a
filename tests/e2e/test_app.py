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
    from bm3vl.app.datasheet import evidence
    from bm3vl.app.main import MainWindow
    from bm3vl.app.preview import AROUND_PT, DPI, Preview, render
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
    land = window.single.extracted.result["land_pattern"]
    boxes = evidence(window.single.extracted.result, land["page"])
    assert boxes
    until(lambda: blue_at(window.single.preview, boxes[0]), "the evidence on the page of the land pattern")
    window.single.pads.copy()
    assert QApplication.clipboard().text().count("\n") == window.single.pads.rowCount()
    window.single.save(tmp_path / "part.kicad_mod")
    assert (tmp_path / "part.kicad_mod").read_text().startswith("(footprint")


def blue_at(preview: Preview, box: tuple[float, float, float, float]) -> bool:
    """Whether the frame around a number is drawn on the picture shown."""
    image = preview.image
    if image is None:
        return False
    x, y = (round((at - AROUND_PT) * DPI / 72) for at in box[:2])
    near = [image.pixelColor(x + dx, y + dy) for dx in range(-2, 3) for dy in range(-2, 3)]
    return any(colour.blue() > colour.red() + 60 for colour in near)


def test_two_images_of_a_part_and_a_package_of_its_own_go_in_one_batch(
    window: MainWindow, datasheets: list[Path], client: Client, tmp_path: Path
) -> None:
    images = [tmp_path / "part-outline.bmp", tmp_path / "part-land.tif"]
    for page, image in enumerate(images, 1):
        assert render(datasheets[0], 1).scaledToWidth(1600).save(str(image)), page
    before = len([*client.jobs()])
    window.batch.add([datasheets[0], *images])
    rows = [window.batch.table.text(row, 0) for row in range(window.batch.table.rowCount())]
    assert rows == ["part0.pdf", "part-outline.bmp + part-land.tif"]
    window.batch.packages[0].setText("SOIC-8")
    window.batch.start()
    until(lambda: len([*client.jobs()]) == before + 2, "both jobs")  # reading pictures takes its time
    asked = [job.params for job in client.jobs(most=2)]
    assert {one.get("package") for one in asked} == {"SOIC-8", None}
    (pair,) = (one for one in asked if not one.get("document"))
    assert pair["mechanical_image"]
    assert pair["land_image"]


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
