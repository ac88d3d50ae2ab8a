"""The job as the service runs it: files attached, progress told, stoppable, and clear answers for what is no drawing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdfium2 import PdfDocument

from db.documents.footprint import overlay
from db.documents.footprint.files import PAGES
from db.documents.kinds.base import MediaInput
from db.documents.kinds.datasheet import DatasheetResult
from db.documents.kinds.datasheet_params import DatasheetParams
from db.failures import Failure
from tests.worker.datasheet.sketch import Sketch, dual
from worker.context import LocalContext
from worker.datasheet.handler import extract_datasheet
from worker.datasheet.result import kicad_read
from worker.datasheet.synthetic import generate
from worker.engines import load_engine
from worker.errors import Permanent, Stopped
from worker.settings import worker_settings
from worker.supervisor.child import environment

SEED = 7  # the part of the demo


def asked(**more: object) -> DatasheetParams:
    return DatasheetParams(document=MediaInput(asset_id="document"), **more)


def run(
    path: Path, files: Path, stop: Callable[[], None] = lambda: None, **more: object
) -> tuple[DatasheetResult, LocalContext]:
    files.mkdir(exist_ok=True)
    context = LocalContext(load_engine("fake"), path, files=files, stop=stop)
    return extract_datasheet(asked(**more), context), context


def test_the_demo_part_comes_out_whole(tmp_path: Path) -> None:
    truth = generate.make(SEED, tmp_path / "part.pdf")
    result, context = run(tmp_path / "part.pdf", tmp_path / "files")
    assert result.land_pattern is not None
    assert len(result.land_pattern.pads) == truth["land_pattern"]["pad_count"]
    assert result.body.length.nom == truth["body"]["length"]["nom"]
    assert (result.files.kicad_mod, result.files.overlay_svg) == ("footprint.kicad_mod", "overlay.svg")
    _, pads = kicad_read.read((tmp_path / "files" / "footprint.kicad_mod").read_text())
    assert [(p.number, p.x, p.y, p.w, p.h) for p in pads] == [
        (p.number, p.x, p.y, p.w, p.h) for p in result.land_pattern.pads
    ]
    stored = json.loads((tmp_path / "files" / "footprint.json").read_text())
    assert DatasheetResult.model_validate(stored) == result
    ET.fromstring((tmp_path / "files" / "overlay.svg").read_text())  # noqa: S314
    assert result.checks
    assert result.courtyard is not None
    assert f"{len(pads)} pads found" in context.progress[-1][2]


def test_what_was_read_is_counted_as_people_count(tmp_path: Path) -> None:
    (tmp_path / "part.pdf").write_bytes(dual(8, 1.27, 5.4, 1.5, 0.6).pdf())
    _, context = run(tmp_path / "part.pdf", tmp_path / "files")
    notes = [note for _, _, note in context.progress]
    assert any(note.endswith(" 1 drawing read") for note in notes), notes
    assert not [note for note in notes if re.search(r"\b1 [a-z]+s\b", note)]


def test_the_pages_of_a_document_are_kept_small_and_a_single_one_is_not(tmp_path: Path) -> None:
    generate.make(SEED, tmp_path / "part.pdf")
    run(tmp_path / "part.pdf", tmp_path / "files")
    assert not (tmp_path / "files" / PAGES).exists()
    book = PdfDocument(tmp_path / "part.pdf")
    for _ in range(2):
        book.new_page(595, 842)
    book.save(str(tmp_path / "three.pdf"))
    result, _ = run(tmp_path / "three.pdf", tmp_path / "more")
    small = overlay.pictures((tmp_path / "more" / PAGES).read_bytes())
    assert [one.number for one in small] == [1, 2, 3]
    assert (small[2].width_pt, small[2].height_pt) == pytest.approx((595, 842), abs=4)  # of whole pixels
    assert result.page_count == 3


def test_the_package_names_the_footprint(tmp_path: Path) -> None:
    truth = generate.make(SEED, tmp_path / "part.pdf")
    result, _ = run(tmp_path / "part.pdf", tmp_path / "files", package=truth["package_printed"])
    assert result.files.kicad_mod == f"{truth['package_printed']}.kicad_mod"


def test_a_library_folder_names_the_nearest_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate.make(SEED, tmp_path / "part.pdf")
    shelf = tmp_path / "Own.pretty"
    first, _ = run(tmp_path / "part.pdf", shelf)
    assert first.nearest is None
    seen = environment({"BM3_WORKER_KICAD_LIBRARY": str(tmp_path), "BM3_WORKER_SLOTS": "4"}, "/scratch")
    assert "BM3_WORKER_SLOTS" not in seen
    monkeypatch.setenv("BM3_WORKER_KICAD_LIBRARY", seen["BM3_WORKER_KICAD_LIBRARY"])
    worker_settings.cache_clear()
    try:
        second, _ = run(tmp_path / "part.pdf", tmp_path / "files")
    finally:
        worker_settings.cache_clear()
    assert second.nearest is not None
    assert second.nearest.name == "Own:footprint"
    assert (second.nearest.max_position_diff_mm, second.nearest.max_size_diff_mm) == (0.0, 0.0)


def test_a_canceled_job_stops_at_the_next_page(tmp_path: Path) -> None:
    generate.make(SEED, tmp_path / "part.pdf")

    def stop() -> None:
        raise Stopped("canceled")

    with pytest.raises(Stopped):
        run(tmp_path / "part.pdf", tmp_path / "files", stop)
    assert list((tmp_path / "files").iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no document at all", b"%PDF-1.7\n%broken"], ids=["empty", "text", "broken"])
def test_what_is_no_document_fails_with_a_reason(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad").write_bytes(content)
    with pytest.raises(Permanent) as failed:
        run(tmp_path / "bad", tmp_path / "files")
    assert failed.value.code is Failure.BAD_DOCUMENT


def test_a_document_without_drawings_says_so(tmp_path: Path) -> None:
    pdf = PdfDocument.new()
    pdf.new_page(595, 842)
    pdf.save(str(tmp_path / "blank.pdf"))
    with pytest.raises(Permanent) as failed:
        run(tmp_path / "blank.pdf", tmp_path / "files")
    assert failed.value.code is Failure.BAD_DOCUMENT


def extracted(folder: Path, sketch: Sketch, *more: str) -> tuple[int, str, list[str]]:
    """Exit code, standard error and the footprints of the command."""
    (folder / "part.pdf").write_bytes(sketch.pdf())
    command = [
        sys.executable,
        "-m",
        "worker.datasheet",
        "extract",
        str(folder / "part.pdf"),
        "--json",
        str(folder / "out.json"),
    ]
    ran = subprocess.run(
        [*command, "--files-to", str(folder), *more], capture_output=True, text=True, check=False, timeout=60
    )
    return ran.returncode, ran.stderr, [file.name for file in folder.glob("*.kicad_mod")]


def test_the_command_ends_with_the_verdict(tmp_path: Path) -> None:
    code, told, made = extracted(tmp_path, dual(8, 1.27, 5.4, 1.5, 0.6), "--package", "SOIC-8")
    assert (code, made) == (3, ["SOIC-8.kicad_mod"])
    assert "verdict check " in told


def test_a_pattern_that_lacks_pads_is_written_when_asked_for(tmp_path: Path) -> None:
    code, told, made = extracted(tmp_path, dual(8, 1.27, 5.4, 1.5, 0.6), "--package", "SOIC-10")
    assert (code, made) == (4, [])
    assert "verdict no footprint: incomplete: the part has 10 pins" in told
    code, told, made = extracted(tmp_path, dual(8, 1.27, 5.4, 1.5, 0.6), "--package", "SOIC-10", "--allow-incomplete")
    assert (code, made) == (3, ["SOIC-10_INCOMPLETE.kicad_mod"])
