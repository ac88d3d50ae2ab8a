"""Slots, crash plans, settings, the child's environment, metrics, and that a supervisor never loads torch."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from db.crash import CrashPlan
from tests.waiting import GUARD_S
from worker.__main__ import ROLES, main
from worker.settings import WorkerSettings
from worker.supervisor.child import environment
from worker.supervisor.live import canceled_job
from worker.supervisor.result_metrics import observe
from worker.supervisor.shared_time import SharedTime
from worker.supervisor.supervisor import JobSlots


def test_no_more_jobs_than_slots() -> None:
    slots = JobSlots(2)
    with slots.one(0) as first, slots.one(0) as second, slots.one(0.05) as third:
        assert (first, second, third) == (True, True, False)
        assert slots.free == 0
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


def read(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_an_answer_tells_its_tokens_its_speed_and_its_first_token() -> None:
    before = [
        read("bm3_tokens_generated_total", kind="chat.complete"),
        read("bm3_first_token_seconds_sum", kind="chat.complete"),
    ]
    observe("chat.complete", {"completion_tokens": 12, "timings": {"tokens_per_second": 40.0, "first_token_s": 0.5}})
    assert read("bm3_tokens_generated_total", kind="chat.complete") == before[0] + 12
    assert read("bm3_first_token_seconds_sum", kind="chat.complete") == before[1] + 0.5


def test_a_video_tells_its_length_and_the_speed_of_its_replies() -> None:
    kind = "video.caption"
    before = [read(name, kind=kind) for name in ("bm3_tokens_per_second_sum", "bm3_tokens_per_second_count")]
    video = read("bm3_video_seconds_total")
    observe(kind, {"tokens_out": 30, "duration_ms": 6000, "spent": {"reply_s": 2.0}})
    observe(kind, {"tokens_out": 0, "duration_ms": 1000, "spent": {"reply_s": 0.0}})
    assert read("bm3_tokens_per_second_sum", kind=kind) == before[0] + 15
    assert read("bm3_tokens_per_second_count", kind=kind) == before[1] + 1
    assert read("bm3_video_seconds_total") == video + 7


def test_a_datasheet_has_no_tokens() -> None:
    observe("datasheet.extract", {"body": {}})
    assert read("bm3_tokens_generated_total", kind="datasheet.extract") == 0


def test_jobs_that_run_at_once_share_the_time() -> None:
    clock = SharedTime()
    first = clock.begin(0.0)
    second = clock.begin(10.0)
    assert clock.so_far(12.0, first) == pytest.approx(11)
    assert clock.end(14.0, first) == pytest.approx(12)  # 10 alone, 4 with another
    assert clock.end(20.0, second) == pytest.approx(8)
    third = clock.begin(100.0)
    assert clock.end(101.0, third) == pytest.approx(1)  # nobody pays for the pause


def test_a_clock_that_is_asked_out_of_turn_gives_no_time_back() -> None:
    clock = SharedTime()
    first = clock.begin(10.0)
    assert clock.so_far(9.0, first) == 0
    assert clock.so_far(12.0, first) == pytest.approx(2)
    second = clock.begin(11.0)  # another thread read its clock before and came later
    assert clock.end(12.0, second) == 0
    assert clock.end(13.0, first) == pytest.approx(3)


def test_an_answer_whose_first_token_was_not_timed_has_a_speed_alone() -> None:
    kind = "chat.complete"
    before = [read(name, kind=kind) for name in ("bm3_tokens_per_second_sum", "bm3_first_token_seconds_count")]
    observe(kind, {"completion_tokens": 1, "timings": {"tokens_per_second": 7.5, "first_token_s": None}})
    assert read("bm3_tokens_per_second_sum", kind=kind) == before[0] + 7.5
    assert read("bm3_first_token_seconds_count", kind=kind) == before[1]


def test_a_stream_whose_time_is_not_known_has_tokens_and_no_speed() -> None:
    kind = "video.caption"
    names = ("bm3_tokens_generated_total", "bm3_tokens_per_second_count", "bm3_video_seconds_total")
    before = [read(names[0], kind=kind), read(names[1], kind=kind), read(names[2])]
    observe(kind, {"tokens_out": 3})
    assert read(names[0], kind=kind) == before[0] + 3
    assert [read(names[1], kind=kind), read(names[2])] == before[1:]
