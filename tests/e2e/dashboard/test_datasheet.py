"""Datasheets: pads, rows and printed numbers together, and values that people correct."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pypdfium2 import PdfDocument

from db.documents.footprint.overlay import pad_box
from db.documents.kinds.datasheet import Review
from tests.e2e.browser import Desk
from tests.e2e.dashboard.hands import until
from tests.e2e.job_seeder import JobSeeder
from tests.e2e.sheets import finished_sheet, read_sheet, synthetic_sheet

pytestmark = pytest.mark.browser


def test_a_pad_a_row_and_a_number_are_marked_together_and_a_value_is_corrected(
    page: Page, here: Desk, seeder: JobSeeder, tmp_path: Path
) -> None:
    pdf = synthetic_sheet(tmp_path)
    job_id = finished_sheet(seeder, pdf, read_sheet(pdf))
    page.goto(f"{here.url}/jobs/{job_id}")
    sizes = "(nodes) => new Set(nodes.map((node) => getComputedStyle(node).fontSize)).size"
    assert page.locator("foot-print .fp-num").evaluate_all(sizes) == 1
    page.locator("foot-print .fp-pad").nth(3).hover()
    expect(page.locator("page-view .padshape.hot")).to_have_count(1)
    assert page.locator("page-view .ev.hot").count() > 0
    expect(page.locator("tr.hot")).to_contain_text("4")
    page.locator("tr[tabindex][data-keys='field:body.length']").hover()
    assert page.locator("page-view .ev.hot").count() == 1
    page.get_by_role("button", name="Closer").click()
    page.locator("tr[tabindex][data-keys='field:body.length']").press("Enter")
    shown = page.locator("page-view svg").evaluate("(node) => node.viewBox.baseVal.width")
    assert shown < 300  # of a page 595 points wide: close enough to read the number
    page.locator("tr[tabindex][data-keys='field:body.length'] [data-fix]").click()
    page.get_by_label("Nom").fill("15.25")
    page.locator("#fix").get_by_role("button", name="Correct", exact=True).click()
    page.wait_for_url("**said=saved**")
    expect(page.locator("tr[tabindex][data-keys='field:body.length']")).to_contain_text("by ann")
    with page.expect_download() as download:
        page.get_by_role("link", name="footprint.kicad_mod").click()
    assert "1 number corrected by hand" in download.value.path().read_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="footprint.json").click()
    assert '"nom": 15.25' in download.value.path().read_text()


def test_a_pad_is_corrected_by_a_press_on_it_and_dragged_past_otherwise(
    page: Page, here: Desk, seeder: JobSeeder, tmp_path: Path
) -> None:
    pdf = synthetic_sheet(tmp_path)
    job_id = finished_sheet(seeder, pdf, read_sheet(pdf))
    page.goto(f"{here.url}/jobs/{job_id}")
    pad = page.locator("foot-print .fp-pad").nth(3)
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 40, steps=4)
    page.mouse.up()
    expect(page.locator("#fix")).to_be_hidden()
    for shape in (page.locator("page-view .padshape").nth(3), pad):
        shape.click()
        expect(page.locator("#fix")).to_be_visible()
        expect(page.locator("#fix-title")).to_have_text("Pad 4")
        if shape is not pad:
            page.locator("#fix").get_by_role("button", name="Close").click()
    page.get_by_label("w", exact=True).fill("0.77")
    page.locator("#fix").get_by_role("button", name="Correct", exact=True).click()
    page.wait_for_url("**said=saved**")
    row = page.locator("tr[data-keys='pad:3']")
    expect(row).to_contain_text("0.77")
    expect(row).to_contain_text("by ann")


def test_another_page_is_chosen_by_its_picture_and_read_as_a_new_job(
    page: Page, here: Desk, seeder: JobSeeder, tmp_path: Path
) -> None:
    pdf = synthetic_sheet(tmp_path)
    book = PdfDocument(pdf)
    book.new_page(595, 842)
    book.save(str(tmp_path / "two.pdf"))
    job_id = finished_sheet(seeder, tmp_path / "two.pdf", read_sheet(tmp_path / "two.pdf"))
    page.goto(f"{here.url}/jobs/{job_id}")
    page.get_by_text("Another page").click()
    pictures = page.locator(".thumb img")
    expect(pictures).to_have_count(2)
    until(page, "[...document.querySelectorAll('.thumb img')].every((one) => one.naturalWidth > 100)")
    page.get_by_label("The land pattern").focus()
    page.keyboard.press("ArrowRight")  # the outline
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Page 2", exact=True)).to_be_checked()
    page.get_by_role("button", name="Read this page").click()
    page.wait_for_url("**said=retried**")
    assert str(job_id) not in page.url
    expect(page.get_by_label("Parameters").last).to_contain_text('"mechanical_page": 2')


def test_a_review_item_beside_the_drawing_shows_its_place_by_keyboard_and_on_a_small_screen(
    page: Page, here: Desk, seeder: JobSeeder, tmp_path: Path
) -> None:
    pdf = synthetic_sheet(tmp_path)
    items = [
        Review(field="land_pattern.pads[3].w", reason="too narrow"),
        Review(field="package", reason="two of them"),
    ]
    job_id = finished_sheet(seeder, pdf, read_sheet(pdf).model_copy(update={"needs_review": items}))
    page.set_viewport_size({"width": 380, "height": 800})
    page.goto(f"{here.url}/jobs/{job_id}")
    item = page.get_by_role("button", name="Pad 4 w")
    item.press("Enter")
    expect(page.locator("page-view .padshape.hot")).to_have_count(1)
    expect(page.locator("page-view .padshape.hot")).to_be_in_viewport()
    assert page.locator("page-view svg").evaluate("(node) => node.viewBox.baseVal.width") < 300
    expect(page.get_by_role("button", name="two of them")).to_have_count(0)  # it has no place
    with page.expect_download() as download:
        page.get_by_role("link", name="Download .kicad_mod").click()
    assert download.value.path().read_text().startswith("(footprint")


def test_a_pad_with_a_round_end_is_drawn_so_towards_the_middle(
    page: Page, here: Desk, seeder: JobSeeder, tmp_path: Path
) -> None:
    pdf = synthetic_sheet(tmp_path)
    read = read_sheet(pdf)
    assert read.land_pattern is not None
    pads = [pad.model_copy(update={"shape": "d_shape"}) for pad in read.land_pattern.pads]
    land = read.land_pattern.model_copy(update={"pads": pads})
    job_id = finished_sheet(seeder, pdf, read.model_copy(update={"land_pattern": land}))
    page.goto(f"{here.url}/jobs/{job_id}")
    in_fill = "(node, [x, y]) => node.isPointInFill(new DOMPoint(x, y))"
    for index in (0, len(pads) - 1):  # one of each side: the corners away from the middle are square
        pad, shape = pads[index], page.locator("foot-print .fp-pad").nth(index)
        assert pad.w is not None
        assert pad.h is not None
        outwards = 0.49 if pad.x > 0 else -0.49
        for up in (0.49, -0.49):
            assert shape.evaluate(in_fill, [outwards * pad.w, up * pad.h])
            assert not shape.evaluate(in_fill, [-outwards * pad.w, up * pad.h])
        assert shape.evaluate(in_fill, [-outwards * pad.w, 0])


@pytest.mark.parametrize(("view", "turn_deg"), [("top", 0), ("bottom", 0), ("bottom", 90)])
def test_pads_lie_on_the_page_where_the_overlay_has_them(
    page: Page, here: Desk, seeder: JobSeeder, tmp_path: Path, view: str, turn_deg: int
) -> None:
    pdf = synthetic_sheet(tmp_path)
    read = read_sheet(pdf)
    assert read.land_pattern is not None
    land = read.land_pattern.model_copy(update={"view": view, "turn_deg": turn_deg})
    job_id = finished_sheet(seeder, pdf, read.model_copy(update={"land_pattern": land}))
    page.goto(f"{here.url}/jobs/{job_id}")
    middle = """(nodes) => nodes.map((node) => {
        const box = node.getBBox(), matrix = node.transform.baseVal.consolidate().matrix;
        const at = new DOMPoint(box.x + box.width / 2, box.y + box.height / 2).matrixTransform(matrix);
        return [at.x, at.y];
    })"""
    shown = page.locator("page-view .padshape").evaluate_all(middle)
    boxes = [pad_box(pad, land) for pad in land.pads]
    wanted = [[(box[0] + box[2]) / 2, (box[1] + box[3]) / 2] for box in boxes if box is not None]
    assert shown == [pytest.approx(one, abs=0.01) for one in wanted]
