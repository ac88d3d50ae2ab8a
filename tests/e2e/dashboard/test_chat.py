"""Talking with a model in a browser: real processes behind it, and a scripted engine that repeats what it was shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, FilePayload, Page, Route, expect

from bm3vl import Client
from tests.e2e.axe import axe_source, violations
from tests.e2e.browser import Complaints, log_in
from tests.e2e.dashboard.hands import tab_to, until
from tests.e2e.dashboard.test_looks import SCHEMES
from tests.e2e.service import Service, service
from tests.worker.video.footage import numbered, write_video

pytestmark = pytest.mark.browser
LAST = ".turn:last-child .words"
LONG = "one two three four five six seven eight nine ten " * 8


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    models = "quick=fake?delay_ms=400 slow=fake?delay_ms=60000"
    with service(tmp_path_factory.mktemp("chat"), BM3_WORKER_MODELS=models) as started:
        with started.client() as client:  # the first picture waits for what reads pictures to be imported
            image = {"type": "image", "image": Image.new("RGB", (8, 8))}
            client.chat([{"role": "user", "content": [image]}], timeout_s=120)
        yield started


@pytest.fixture
def client(running: Service) -> Iterator[Client]:
    with running.client() as connected:
        yield connected


@pytest.fixture
def page(running: Service, context: BrowserContext) -> Iterator[Page]:
    """The administrator's, on the chat page."""
    password = (running.folder / "admin-password").read_text().strip()
    opened = log_in(context, running.url, "admin", password)
    opened.get_by_role("link", name="Chat", exact=True).click()
    opened.wait_for_url("**/chat")  # loaded: its script has run, and hears Enter
    complaints = Complaints()
    complaints.listen(opened)
    yield opened
    assert complaints.said == []


@pytest.fixture
def red(tmp_path: Path) -> Path:
    path = tmp_path / "red.png"
    Image.fromarray(np.full((64, 64, 3), (255, 0, 0), np.uint8)).save(path)
    return path


def test_a_conversation_about_a_picture_goes_on_over_several_turns(page: Page, client: Client, red: Path) -> None:
    expect(page.get_by_label("Message")).to_be_focused()
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    page.locator("input[type=file]").set_input_files(red)
    page.get_by_label("Message").fill("Which colour?")
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
    page.keyboard.press("Enter")
    expect(page.locator(LAST)).to_have_text("You said: an image of mean colour 255,0,0 | Which colour?")
    expect(page.get_by_role("img", name="red.png")).to_be_visible()
    expect(page.locator(".turn:last-child .facts")).to_contain_text("the first after")
    page.keyboard.type("Sure?")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("<b>Look again</b>")
    page.keyboard.press("Enter")
    first = "an image of mean colour 255,0,0 | Which colour?"
    expect(page.locator(LAST)).to_have_text(f"You said: {first} | You said: {first} | Sure? <b>Look again</b>")
    address = page.locator(".turn:last-child").get_by_role("link", name="the job").get_attribute("href")
    assert address is not None
    job = client.job(address.removeprefix("/jobs/"))
    assert (job.kind, job.state) == ("chat.complete", "succeeded")
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.get_by_label("Message")).to_be_focused()


def test_a_video_and_a_file_that_is_here_already_are_asked_about_together(
    page: Page, client: Client, red: Path, tmp_path: Path
) -> None:
    client.upload(red)
    clip = tmp_path / "clip.mp4"
    write_video(clip, numbered(12, 96, 64), rate=4)
    page.reload()
    page.get_by_label("Add a file that is here already").select_option(label="red.png")
    page.locator("input[type=file]").set_input_files(clip)
    expect(page.locator(".held .file")).to_have_count(2)
    page.get_by_label("Message").fill("Compare.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(LAST)).to_contain_text("You said: an image of mean colour 255,0,0 | a video of 6 frames")
    until(page, "document.querySelector('.turn video').videoWidth === 96")


def test_words_come_one_by_one_and_stop_cancels_the_job(page: Page, client: Client) -> None:
    page.get_by_label("Model").select_option("slow")
    page.get_by_label("Message").fill(LONG)
    page.keyboard.press("Enter")
    expect(page.locator(LAST)).to_contain_text("You said: one")
    assert "ten" not in page.locator(LAST).inner_text()
    expect(page.locator(LAST)).to_contain_text("four")
    expect(page.get_by_role("button", name="Send")).to_be_hidden()
    tab_to(page, "[data-stop]")
    page.keyboard.press("Enter")
    expect(page.locator(".turn:last-child .facts")).to_contain_text("stopped")
    expect(page.get_by_label("Message")).to_be_focused()
    early = page.locator(LAST).inner_text()
    address = page.locator(".turn:last-child").get_by_role("link", name="the job").get_attribute("href") or ""
    job_id = address.removeprefix("/jobs/")
    assert [event.type for event in client.watch(job_id, timeout_s=30)][-1] == "end"
    assert client.job(job_id).state == "canceled"
    page.get_by_label("Model").select_option("quick")
    page.get_by_label("Message").fill("Go on.")
    page.keyboard.press("Enter")
    expect(page.locator(LAST)).to_have_text(f"You said: {LONG.strip()} | {early} | Go on.")


def test_a_file_chosen_before_the_script_has_come_is_taken(page: Page, red: Path) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/chat.js*", hold)
    page.reload(wait_until="commit")
    page.locator("input[type=file]").set_input_files(red)
    until(page, "document.querySelector('input[type=file]').files.length === 1")
    expect(page.locator(".held .file")).to_have_count(0)
    for route in held:
        route.continue_()
    expect(page.locator(".held .file")).to_contain_text("red.png")


def test_what_cannot_be_shown_or_answered_is_said_and_can_be_sent_again(page: Page, tmp_path: Path) -> None:
    page.locator("input[type=file]").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"words"})
    expect(page.locator(".held .file")).to_contain_text("not taken")
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    page.get_by_role("button", name="Remove a.txt").click()
    broken: FilePayload = {"name": "broken.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" + bytes(64)}
    page.locator("input[type=file]").set_input_files(broken)
    page.get_by_label("Message").fill("What is it?")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("image")
    expect(page.get_by_label("Message")).to_have_value("What is it?")
    page.keyboard.press("Enter")
    expect(page.locator(LAST)).to_have_text("You said: What is it?")


def test_a_conversation_has_no_serious_fault_of_accessibility_nor_overflows_a_small_screen(
    page: Page, red: Path
) -> None:
    source = axe_source()
    page.locator("input[type=file]").set_input_files(red)
    page.get_by_label("Message").fill("x" * 300)
    page.get_by_role("button", name="Send").click()
    expect(page.locator(LAST)).to_contain_text("You said:")
    page.locator("input[type=file]").set_input_files(red)
    expect(page.locator(".held .file")).to_have_count(1)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        assert violations(page, source) == []
    page.set_viewport_size({"width": 380, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
