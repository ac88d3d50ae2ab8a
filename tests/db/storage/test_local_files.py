"""Folders of a store are made below its root only: a root that is gone (a disk not mounted) is not made anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.storage.local_files import make_folders


def test_folders_are_made_below_the_root(tmp_path: Path) -> None:
    make_folders(tmp_path / "a" / "b", tmp_path)
    make_folders(tmp_path / "a" / "b", tmp_path)
    assert (tmp_path / "a" / "b").is_dir()


def test_a_root_that_is_gone_is_not_made(tmp_path: Path) -> None:
    root = tmp_path / "disk"
    with pytest.raises(FileNotFoundError):
        make_folders(root / "a" / "b", root)
    assert not root.exists()


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    with pytest.raises(NotADirectoryError):
        make_folders(tmp_path / "a" / "b", tmp_path)
