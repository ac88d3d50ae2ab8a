"""What a test needs from the machine: absent, it skips with a reason on a laptop and fails under CI=true."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def need(present: object, reason: str) -> None:
    """Go on only if `present`; a skipped test on the build machine would be a hole nobody sees."""
    if present:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"needed here: {reason}")
    pytest.skip(reason)


def need_shared(path: Path) -> Path:
    """Data that lies beside the repository and is never required: skips everywhere when absent."""
    if not path.exists():
        pytest.skip(f"no {path.name} beside the repository")
    return path
