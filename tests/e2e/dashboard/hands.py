"""What a person does in front of a page that Playwright has no word for."""

from __future__ import annotations

import base64
import time
from pathlib import Path

from playwright.sync_api import Page

WAIT_MS = 60_000  # a busy machine is no failure
DROP = """([selector, name, type, data]) => {
  const bytes = Uint8Array.from(atob(data), (mark) => mark.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type }));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true });
    document.querySelector(selector).dispatchEvent(event);
  }
}"""
MOST_TABS = 80


def drop(page: Page, file: Path, media_type: str = "video/mp4") -> None:
    """Drag a file from the desktop and let it go over the page's zone."""
    page.evaluate(DROP, [".drop", file.name, media_type, base64.b64encode(file.read_bytes()).decode()])


def until(page: Page, expression: str) -> None:
    """Wait for an expression to be true; Playwright's own way needs eval, which our policy forbids."""
    deadline = time.monotonic() + WAIT_MS / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, expression
        page.wait_for_timeout(50)


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there, and see that it shows."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    raise AssertionError(f"{selector} is not reached in {MOST_TABS} tabs")
