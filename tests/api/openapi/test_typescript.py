"""A TypeScript client generated from our OpenAPI document compiles, and knows results, failures and webhooks by type."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.api.running_app import RunningApp

SOURCES = Path(__file__).with_name("typescript")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="node and npm are not installed")
def test_a_generated_client_compiles(here: RunningApp, tmp_path: Path) -> None:
    for source in SOURCES.iterdir():
        shutil.copy(source, tmp_path)
    (tmp_path / "openapi.json").write_text(json.dumps(here.client.get("/openapi.json").json()))
    run(tmp_path, "npm", "install", "--no-audit", "--no-fund", "--loglevel=error")
    run(
        tmp_path,
        "npx",
        "--no-install",
        "openapi-typescript",
        "openapi.json",
        "-o",
        "api.ts",
        "--default-non-nullable=false",
    )
    options = (
        "--strict",
        "--noEmit",
        "--skipLibCheck",
        "--module",
        "esnext",
        "--moduleResolution",
        "bundler",
        "--target",
        "es2022",
    )
    run(tmp_path, "npx", "--no-install", "tsc", *options, "use.ts")
    assert "VideoCaptionResult: {" in (tmp_path / "api.ts").read_text()


def run(folder: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
