"""What the command says of itself, and the ways to name a job."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest

from bm3vl.cli.choices import DatasheetReader, DeliveryOutcome, Start
from bm3vl.cli.main import EXIT, EXIT_CODES
from bm3vl.documents.kinds.datasheet import Reader
from db.schema.tables_webhooks import DeliveryState
from tests.client.conftest import LiveServer

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[2]
BM3VL = Path(sys.executable).with_name("bm3vl")


def bm3vl(*arguments: str, live_server: LiveServer | None = None, **settings: str) -> subprocess.CompletedProcess[str]:
    place = {"BM3_SERVER": live_server.server.url, "BM3_API_KEY": live_server.key} if live_server else {}
    environment = {**os.environ, "BM3_CONFIG": "/nowhere/login.json", **place, **settings}
    return subprocess.run([str(BM3VL), *arguments], env=environment, capture_output=True, text=True, timeout=60)


def test_it_says_its_version() -> None:
    project = tomllib.loads((ROOT / "client/pyproject.toml").read_text())["project"]
    assert bm3vl("--version").stdout == f"bm3vl {project['version']}\n"


def test_its_help_has_the_exit_codes_and_the_values_of_options() -> None:
    assert (
        EXIT_CODES.split()
        == re.sub(r"\s+", " ", bm3vl("--help").stdout.split("keys")[-1]).split()[-len(EXIT_CODES.split()) :]
    )
    assert {int(code) for code in re.findall(r"(\d+) ", EXIT_CODES)} == {*EXIT.values(), 0, 2, 130}
    assert "vector|vlm|both" in bm3vl("submit", "datasheet", "--help").stdout
    assert "checkpoint|zero" in bm3vl("retry", "--help").stdout
    assert "awaiting_input|queued" in bm3vl("list", "--help").stdout


def test_the_values_are_those_of_the_documents() -> None:
    assert get_args(DatasheetReader) == get_args(Reader)
    assert {*get_args(DeliveryOutcome)} == {*DeliveryState}
    assert get_args(Start) == ("checkpoint", "zero")


def test_a_shell_completes_its_commands() -> None:
    completed = bm3vl(_BM3VL_COMPLETE="complete_bash", COMP_WORDS="bm3vl sub", COMP_CWORD="1")
    assert completed.stdout.split() == ["submit"]


def test_a_wrong_value_is_wrong_usage(live_server: LiveServer) -> None:
    refused = bm3vl("list", "--state", "asleep", live_server=live_server)
    assert refused.returncode == 2
    assert "awaiting_input" in refused.stderr


@pytest.fixture(scope="module")
def jobs(live_server: LiveServer) -> list[str]:
    return [live_server.submitted(labels={"n": str(n)}) for n in range(2)]


def test_a_job_is_named_by_a_part_of_its_id_that_only_it_has(live_server: LiveServer, jobs: list[str]) -> None:
    told = bm3vl("get", jobs[0][-10:].upper(), "--json", live_server=live_server)
    assert f'"id": "{jobs[0]}"' in told.stdout
    assert bm3vl("cancel", jobs[0][-12:], live_server=live_server).stdout == f"{jobs[0]} canceled\n"


def test_a_part_that_several_have_names_none_of_them(live_server: LiveServer, jobs: list[str]) -> None:
    common = jobs[0][:6]  # ids begin with the time
    assert jobs[1].startswith(common)
    refused = bm3vl("delete", jobs[1], common, live_server=live_server)
    assert refused.returncode == 2
    assert all(job in refused.stderr.replace("\n", "") for job in jobs)
    assert bm3vl("get", jobs[1], live_server=live_server).returncode == 0, (
        "all ids are looked at before anything is done"
    )


@pytest.mark.parametrize(("part", "code"), [("ffffffffff", 4), ("abc", 2), ("nothing", 2)])
def test_a_part_that_none_has_is_said(live_server: LiveServer, jobs: list[str], part: str, code: int) -> None:
    told = bm3vl("get", part, live_server=live_server)
    assert told.returncode == code
    assert part in told.stderr


def test_jobs_are_found_by_words_of_their_captions(live_server: LiveServer) -> None:
    job_id = live_server.submitted(priority=100)
    claimed, epoch = live_server.worker.start()
    live_server.worker.speak(claimed, epoch, "a heron lands")
    listed: Any = bm3vl("list", "--text", "heron", live_server=live_server)
    assert job_id in listed.stdout
    assert listed.stdout.count("\n") == 2
