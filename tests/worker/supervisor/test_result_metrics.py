"""What Prometheus is told of finished jobs and of a worker's time."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from worker.supervisor.result_metrics import observe
from worker.supervisor.shared_time import SharedTime


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
