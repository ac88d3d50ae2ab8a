"""Slots, crash plans, settings, the child's environment, and that a supervisor never loads torch."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from db.crash import CrashPlan
from tests.waiting import GUARD_S
from worker.__main__ import ROLES, main
from worker.settings import WorkerSettings
from worker.supervisor.child import environment
from worker.supervisor.live import canceled_job
from worker.supervisor.supervisor import JobSlots


def test_no_more_jobs_than_slots() -> None:
    slots = JobSlots(2)
    with slots.one(0) as first, slots.one(0) as second, slots.one(0.05) as third:
        assert (first, second, third) == (True, True, False)
    assert slots.free == 2


def test_a_slot_that_comes_free_is_taken_by_who_waits() -> None:
    slots, got = JobSlots(1), []

    def wait() -> None:
        with slots.one(GUARD_S) as free:
            got.append(free)

    waiting = threading.Thread(target=wait)
    with slots.one(0):
        waiting.start()
        time.sleep(0.05)
        assert got == []
    waiting.join(GUARD_S)
    assert got == [True]


def test_closed_slots_turn_everybody_away_at_once() -> None:
    slots, got = JobSlots(1), []

    def wait() -> None:
        with slots.one(60) as free:
            got.append(free)

    with slots.one(0):
        waiting = threading.Thread(target=wait)
        waiting.start()
        slots.close()
        waiting.join(GUARD_S)
    assert got == [False]
    assert slots.free == 0


@pytest.mark.parametrize(("text", "due_at"), [("worker.sent", [1]), ("worker.sent:3", [3]), ("worker.sent:2", [2])])
def test_a_crash_plan_is_due_once(text: str, due_at: list[int]) -> None:
    plan = CrashPlan.parse(text)
    assert [passage for passage in range(1, 6) if plan.is_due(passage)] == due_at


def test_a_marker_keeps_a_crash_from_happening_twice(tmp_path: Path) -> None:
    plan = CrashPlan.parse(f"worker.sent:2@{tmp_path / 'died'}")
    assert [plan.is_due(passage) for passage in (1, 2, 3)] == [False, True, False]


def test_models_are_separated_by_blanks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BM3_WORKER_MODELS", "a=fake?delay_ms=1  b=pytorch:/models/b?device=cuda&dtype=bfloat16")
    assert WorkerSettings().models == ["a=fake?delay_ms=1", "b=pytorch:/models/b?device=cuda&dtype=bfloat16"]
    monkeypatch.setenv("BM3_WORKER_MODELS", '["a=fake", "b=pytorch:/with blank"]')
    assert WorkerSettings().models == ["a=fake", "b=pytorch:/with blank"]


def test_the_child_sees_no_address_and_no_secret() -> None:
    ours = {
        "PATH": "/bin",
        "CUDA_VISIBLE_DEVICES": "0",
        "HF_TOKEN": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "BM3_DATABASE_URL": "x",
        "BM3_REDIS_URL": "x",
        "BM3_CRASH_AT": "",
    }
    seen = environment(ours, "/scratch")
    assert set(seen) == {"PATH", "CUDA_VISIBLE_DEVICES", "BM3_CRASH_AT", "TMPDIR", "PYTHONUNBUFFERED"}


def test_only_cancels_are_taken_from_the_channel() -> None:
    job_id = "01a1fe10-489f-75c7-b119-cb34bcad4c52"
    assert str(canceled_job(f'{{"cancel": "{job_id}"}}'.encode())) == job_id
    for other in (b'{"job": "x"}', b"[]", b"nonsense", b'{"cancel": 7}', b'{"cancel": "x"}'):
        assert canceled_job(other) is None


def test_help_names_every_role(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert all(role in said for role in ROLES)


@pytest.mark.parametrize("module", ["worker.supervisor.process", "worker.dispatcher.loop", "worker.light"])
def test_only_the_child_may_load_torch(module: str) -> None:
    check = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
