"""Scans are read like vector pages: upright whatever their tilt, painted pads, lines across pads, and numbers beside strokes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from worker.datasheet import extract
from worker.datasheet.geometry.primitives import Box, Sheet
from worker.datasheet.page.scan import raster, text_detection, tilt
from worker.datasheet.page.scan.ocr import Gray
from worker.datasheet.request import ReadingRequest
from worker.datasheet.result import review_of_result
from worker.datasheet.result.score import score_pads
from worker.datasheet.synthetic import generate
from worker.datasheet.thresholds.result import CONFIRMED

PX_PER_PT = 4.0


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(6000, id="grey pads that extension lines join"),
        pytest.param(6006, id="leaders across rings"),
        pytest.param(6016, id="numbers in pads beside extension lines"),
    ],
)
def test_a_scan_gives_the_pads_of_its_drawing_and_is_sure_of_none(tmp_path: Path, seed: int) -> None:
    truth = generate.make_scanned(seed, tmp_path / "part.pdf", 200, "dev")
    outline, land = truth["pages"]["mechanical"][0], truth["pages"]["land_pattern"][0]
    result = extract.extract([tmp_path / "part.pdf"], ReadingRequest(truth["package_printed"], outline, land))
    assert result.land_pattern is not None
    pads = [p.model_dump() for p in result.land_pattern.pads]
    assert score_pads(truth["land_pattern"]["pads"], pads, 0.01).exact == 1.0
    values = (result.body.length, result.body.width, result.body.height, *result.land_pattern.pads)
    assert max(value.confidence for value in values) < CONFIRMED
    assert {"land_pattern.pads", "body.length"} <= {found.field for found in review_of_result.of_confidence(result)}


def page() -> Gray:
    return np.full((500, 600), 255, np.uint8)


def read(paper: Gray) -> Sheet:
    sheet = Sheet(1, paper.shape[1] / PX_PER_PT, paper.shape[0] / PX_PER_PT)
    raster.add(sheet, paper, PX_PER_PT, Box(0, 0, sheet.width, sheet.height))
    return sheet


@pytest.mark.parametrize("askew", [-1.3, 0.2, 0.9])
def test_an_askew_scan_is_turned_upright(askew: float) -> None:
    paper = page()
    for y in (60, 160, 260, 360, 440):
        cv2.line(paper, (40, y), (560, y), 0, 3)
    turn = cv2.getRotationMatrix2D((300, 250), -askew, 1.0)
    tilted = np.asarray(cv2.warpAffine(paper, turn, (600, 500), borderValue=255), np.uint8)
    assert tilt.angle_of(tilted, PX_PER_PT) == pytest.approx(askew, abs=0.05)
    assert tilt.angle_of(tilt.upright(tilted, PX_PER_PT), PX_PER_PT) == pytest.approx(0.0, abs=0.05)


def test_a_painted_pad_crossed_by_a_centre_line_is_one_painted_shape() -> None:
    paper = page()
    cv2.rectangle(paper, (200, 200), (400, 280), 190, -1)
    cv2.rectangle(paper, (200, 200), (400, 280), 0, 3)
    for x in range(100, 500, 60):
        cv2.line(paper, (x, 240), (x + 44, 240), 0, 2)
    (pad,) = read(paper).outlines
    assert pad.filled
    assert pad.box.width == pytest.approx(50, abs=1)
    assert pad.box.height == pytest.approx(20, abs=1)


def test_a_pad_that_a_line_runs_through_is_whole() -> None:
    paper = page()
    cv2.rectangle(paper, (200, 200), (400, 280), 0, 3)
    cv2.line(paper, (370, 100), (370, 420), 0, 2)
    widths = [o.box.width for o in read(paper).outlines]
    assert widths == [pytest.approx(50, abs=1)]


def test_rings_and_leaders_are_no_letters() -> None:
    ink = np.zeros((300, 300), np.uint8)
    cv2.rectangle(ink, (20, 20), (90, 60), 255, 2)
    cv2.circle(ink, (200, 60), 30, 255, 2)
    cv2.line(ink, (20, 200), (90, 260), 255, 2)
    cv2.rectangle(ink, (200, 200), (208, 224), 255, -1)
    assert text_detection.letter_boxes(ink, PX_PER_PT) == [Box(200, 200, 209, 225)]


def test_a_thin_nought_is_a_letter() -> None:
    ink = np.zeros((300, 300), np.uint8)
    cv2.ellipse(ink, (100, 100), (14, 20), 0, 0, 360, 255, 1)
    assert len(text_detection.letter_boxes(ink, PX_PER_PT)) == 1


def test_hatched_pads_are_painted_shapes() -> None:
    paper = page()
    for x in (100, 350):
        cv2.rectangle(paper, (x, 200), (x + 120, 260), 255, -1)
        for at in range(x - 60, x + 120, 14):
            low, high = max(0, x - at), min(60, x + 120 - at)
            cv2.line(paper, (at + low, 260 - low), (at + high, 260 - high), 0, 2)
        cv2.rectangle(paper, (x, 200), (x + 120, 260), 0, 2)
    pads = read(paper).outlines
    assert [o.filled for o in pads] == [True, True]
    assert [(o.box.width, o.box.height) for o in pads] == [pytest.approx((30, 15), abs=1)] * 2


def test_gaps_between_pads_that_extension_lines_close_are_no_pads() -> None:
    paper = page()
    for y in range(100, 400, 60):
        cv2.rectangle(paper, (200, y), (300, y + 36), 0, 2)
    for x in (200, 300):
        cv2.line(paper, (x, 40), (x, 380), 0, 2)
    assert sorted(round(o.box.y0) for o in read(paper).outlines) == [25, 40, 55, 70, 85]


def test_a_ring_cut_by_lines_is_found_among_its_like_and_is_no_letter() -> None:
    paper = page()
    for x in (120, 240, 360, 480):
        for y in (120, 240, 360):
            cv2.circle(paper, (x, y), 30, 0, 2)
    cv2.line(paper, (20, 120), (362, 120), 0, 2)
    cv2.line(paper, (360, 118), (360, 240), 0, 2)
    sheet = read(paper)
    assert {(round(o.box.cx), round(o.box.cy)) for o in sheet.outlines if o.box.width > 14} >= {
        (x, y) for x in (30, 60, 90, 120) for y in (30, 60, 90)
    }
    assert sheet.words == []


def test_a_point_on_a_centre_line_belongs_to_its_number() -> None:
    paper = page()
    cv2.putText(paper, "2.54", (250, 110), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 0, 2)
    point = 302
    for y in range(120, 420, 60):
        cv2.line(paper, (point, y), (point, y + 40), 0, 2)
        cv2.line(paper, (point, y + 49), (point, y + 51), 0, 2)
    assert "2.54" in [w.text for w in read(paper).words]


def test_dashes_and_points_of_a_font_of_one_width_stay_on_their_line() -> None:
    digit, dash, point = (13.0, 18.0), (11.0, 3.0), (4.0, 4.0)
    boxes = [
        Box(at + (18 - w) / 2, 118 - h - lift, at + (18 + w) / 2, 118 - lift)
        for at, (w, h), lift in ((100, digit, 0), (118, dash, 7), (136, digit, 0), (154, point, 0), (172, digit, 0))
    ]
    assert len(text_detection.text_lines(boxes, PX_PER_PT)) == 1


def test_an_area_that_dimension_lines_close_in_over_a_row_of_pads_is_no_pad() -> None:
    paper = page()
    for y in range(160, 400, 60):
        cv2.rectangle(paper, (200, y), (300, y + 36), 0, 2)
        cv2.rectangle(paper, (450, y), (550, y + 36), 0, 2)
    for x in (200, 300):
        cv2.line(paper, (x, 40), (x, 160), 0, 2)
    cv2.line(paper, (200, 80), (300, 80), 0, 2)
    assert sorted(round(o.box.height) for o in read(paper).outlines) == [9] * 8


def test_a_ring_with_a_hole_that_a_leader_crosses_is_not_hatched() -> None:
    paper = page()
    for x in (100, 250, 400):
        for y in (150, 300):
            cv2.circle(paper, (x, y), 44, 0, 2)
            cv2.circle(paper, (x, y), 26, 0, 2)
    cv2.line(paper, (120, 70), (60, 250), 0, 2)
    sheet = read(paper)
    widths = [round(o.box.width) for o in sheet.outlines if round(o.box.height) in (13, 22)]
    assert (widths.count(13), widths.count(22)) == (6, 6)
    assert not any(o.filled for o in sheet.outlines)


def test_a_page_full_of_words_keeps_its_upright_numbers() -> None:
    """A sheet with notes and a title block has more lines than are read: lone letters and long notes are left out."""
    words = [Box(x, y, x + 13, y + 18) for y in range(0, 3600, 60) for k in range(5) for x in (400 * k, 400 * k + 18)]
    words += [Box(x, y, x + 13, y + 18) for y in range(30, 3600, 60) for x in (200, 1200)]
    notes = [Box(18 * k, y, 18 * k + 13, y + 18) for y in range(3700, 4000, 60) for k in range(100)]
    number = [Box(2400, 18 * k, 2418, 18 * k + 13) for k in range(6)]
    lines = text_detection.text_lines(words + notes + number, PX_PER_PT)
    assert len(lines) == text_detection.MAX_LINES
    assert (Box(2400, 0, 2418, 103), True) in lines


def test_a_head_as_wide_as_it_is_long_is_a_head() -> None:
    paper, half = page(), 14
    cv2.rectangle(paper, (100, 200), (400, 260), 0, -1)
    cv2.line(paper, (120, 120), (380, 120), 0, 2)
    for x, way in ((100, 1), (400, -1)):
        cv2.line(paper, (x, 100), (x, 190), 0, 2)
        tip, back = x + way * 6, x + way * (6 + 2 * half)  # the head ends short of the line it points at
        cv2.fillPoly(paper, [np.array([(tip, 120), (back, 120 - half), (back, 120 + half)], np.int32)], 0)
    left, right = sorted(read(paper).arrowheads, key=lambda tip: tip.x)
    assert [(t.dx, t.dy) for t in (left, right)] == [(-1, 0), (1, 0)]
    assert (left.x, right.x) == (pytest.approx(26, abs=1), pytest.approx(99, abs=1))
