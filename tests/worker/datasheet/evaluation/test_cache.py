"""What an evaluation keeps of a drawing is of the code that read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.datasheet.evaluation import cache


@pytest.mark.parametrize("folder", cache.READER)
def test_the_folders_a_result_depends_on_hold_code(folder: str) -> None:
    """One that was moved would be left out of the hash without a word."""
    root = Path(cache.__file__).parents[3]
    assert any((root / folder).rglob("*.py"))
