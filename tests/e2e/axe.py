"""axe-core, fetched from npm once into a folder that git ignores, and what it finds wrong with a page."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.needs import need

ROOT = Path(__file__).parent.parent.parent
VERSION = "4.11.0"
FOLDER = ROOT / "build" / "axe"
SERIOUS = {"serious", "critical"}


def axe_source() -> str:
    """The script's text; the test that needs it skips with a reason where there is no npm."""
    script = FOLDER / "package" / "axe.min.js"
    if not script.exists():
        need(shutil.which("npm"), "npm, to fetch axe-core")
        FOLDER.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", f"axe-core@{VERSION}", "--silent"]
        packed = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=120, check=False)
        need(packed.returncode == 0, f"axe-core from npm: {packed.stderr[-200:]}")
        with tarfile.open(FOLDER / packed.stdout.strip().splitlines()[-1]) as archive:
            packed_script = archive.extractfile("package/axe.min.js")  # nothing but this file's bytes
            assert packed_script is not None
            script.parent.mkdir(exist_ok=True)
            script.write_bytes(packed_script.read())
    return script.read_text()


def violations(page: Page, source: str) -> list[str]:
    """The serious ones, one line each."""
    page.evaluate(source)
    found: list[dict[str, Any]] = page.evaluate("axe.run(document).then((result) => result.violations)")
    return [
        f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:160]} {one['nodes'][0].get('failureSummary', '')[:200]}"
        for one in found
        if one["impact"] in SERIOUS
    ]
