"""Settings as an operator writes them; a wrong one ends a process with a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from db.settings import Settings, read

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "text", ["10.0.0.0/8,fd00::/8", " 10.0.0.0/8 , fd00::/8 ", "10.0.0.0/8 fd00::/8", '["10.0.0.0/8", "fd00::/8"]']
)
def test_networks_are_separated_by_commas_blanks_or_written_as_json(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("BM3_ALLOW_NETWORKS", text)
    monkeypatch.setenv("BM3_S3_INPUT_BUCKETS", "raw,cooked")
    assert Settings().allow_networks == ["10.0.0.0/8", "fd00::/8"]
    assert Settings().s3_input_buckets == ["raw", "cooked"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        (["api"], "BM3_ALLOW_NETWORKS", "10.0.0.1/8"),
        (["worker", "dispatcher"], "BM3_ALLOW_NETWORKS", "my network"),
        (["db", "doctor"], "BM3_ALLOW_NETWORKS", "[10.0.0.0/8]"),
        (["api"], "BM3_API_PORT", "http"),
        (["worker", "light"], "BM3_WORKER_SLOTS", "0"),
        (["worker", "light"], "BM3_WORKER_CONSUMER_STALL_S", "soon"),
    ],
)
def test_a_wrong_setting_is_named_without_a_traceback(tmp_path: Path, module: list[str], name: str, value: str) -> None:
    environment = {**os.environ, "BM3_DATA_DIR": str(tmp_path), name: value}
    command = [sys.executable, "-m", *module]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert f"error: {name}: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_secret_may_be_a_file_and_a_variable_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bm3_database_url").write_text("postgresql://bm3:secret@there/bm3\n")
    monkeypatch.setenv("BM3_SECRETS_DIR", str(tmp_path))
    assert read(Settings).database() == "postgresql://bm3:secret@there/bm3"
    monkeypatch.setenv("BM3_DATABASE_URL", "postgresql://other/bm3")
    assert read(Settings).database() == "postgresql://other/bm3"
    monkeypatch.setenv("BM3_SECRETS_DIR", "/no/such/folder")
    with pytest.raises(SystemExit, match="BM3_SECRETS_DIR: there is no folder"):
        read(Settings)
