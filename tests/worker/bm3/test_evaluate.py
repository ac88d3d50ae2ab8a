"""The evaluation finds a perfect watcher perfect, and runs the real engine under every variant."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db.documents.kinds.video import DEFAULT_PROMPT
from db.failures import Failure
from worker.bm3 import evaluate as command
from worker.bm3.evaluation.report import plot, table
from worker.bm3.evaluation.run import Task, evaluate
from worker.bm3.evaluation.watch import VARIANTS
from worker.bm3.scenes.scenes import HELD_OUT_SEED, Scene
from worker.bm3.scenes.world import PRESETS
from worker.engine.protocol import Answer, ChatRequest, Chunk, ModelInfo, OnText, Reply, WatchOptions
from worker.engines.tiny import write_tiny
from worker.errors import Permanent
from worker.streaming.context_window import Ablation

TASK = Task(HELD_OUT_SEED, 120_000, replace(PRESETS["nano"], combos="mixed"), size=(64, 64))


class Knowing:
    """An engine that knows the scene: it says the truth, and without memory it does not say "again"."""

    info = ModelInfo("knowing", "none", "twin", "", 1000)
    factor_px = 1

    def __init__(self, scene: Scene, room_chunks: int = 1000, longest_window_ms: int = 600_000) -> None:
        self.scene = scene
        self.room_chunks = room_chunks
        self.longest_window_ms = longest_window_ms

    def frame_size(self, width_px: int, height_px: int, max_frame_pixels: int) -> tuple[int, int]:
        return width_px, height_px

    def open(
        self, options: WatchOptions, checkpoint: dict[str, Any] | None = None, ablation: Ablation = Ablation.NONE
    ) -> KnowingSession:
        if options.window.vision_ms > self.longest_window_ms:
            raise Permanent(Failure.CONTEXT_TOO_SMALL, "too long a window")
        return KnowingSession(self, options, ablation)

    def chat(self, request: ChatRequest, on_text: OnText | None = None) -> Answer:
        return Answer("", 0, 0, "stop")

    def close(self) -> None:
        """Nothing is held."""


class KnowingSession:
    def __init__(self, engine: Knowing, options: WatchOptions, ablation: Ablation) -> None:
        self.engine, self.options, self.ablation = engine, options, ablation

    def feed(self, chunk: Chunk, on_text: OnText | None = None) -> Reply:
        assert [frame.pts_ms for frame in chunk.frames] == list(range(chunk.start_ms, chunk.end_ms, 500))
        if self.ablation is Ablation.FULL and chunk.index >= self.engine.room_chunks:
            raise Permanent(Failure.CONTEXT_TOO_SMALL, "no room")
        text = self.engine.scene.caption(chunk.index)
        remembers = self.options.window.text_window_tokens > 0
        return Reply(text if remembers else text.replace(" again", "").replace(" a third time", ""))

    def rewatch(self, chunk: Chunk) -> None:
        """Nothing to do."""

    def checkpoint(self) -> dict[str, Any]:
        return {}

    def close(self) -> None:
        """Nothing is held."""


@pytest.mark.parametrize("codec", [True, False])
def test_who_says_the_truth_gets_full_marks_and_who_forgets_loses_memory(codec: bool) -> None:
    task = replace(TASK, codec=codec, duration_ms=240_000)
    rows = evaluate(Knowing(task.scene), [task], {name: VARIANTS[name] for name in ("16 s", "chunks alone")})
    assert rows["16 s"]["f1"] == rows["chunks alone"]["f1"] == 1
    assert rows["16 s"]["wrong_still"] == 0
    assert rows["16 s"]["memory"] == 1
    assert rows["chunks alone"]["memory"] == 0.5
    assert rows["chunks alone"]["again"] == 0
    assert rows["16 s"]["minutes"] == 4


def test_full_attention_is_scored_as_far_as_it_fits() -> None:
    rows = evaluate(Knowing(TASK.scene, room_chunks=30), [replace(TASK, codec=False)], VARIANTS)
    assert rows["full attention"]["minutes"] == 1
    assert rows["full attention"]["f1"] == 1
    assert set(rows) == set(VARIANTS)


def test_a_variant_that_does_not_fit_the_model_is_left_out() -> None:
    engine = Knowing(TASK.scene, longest_window_ms=16_000)
    rows = evaluate(engine, [replace(TASK, codec=False)], {name: VARIANTS[name] for name in ("16 s", "64 s")})
    assert list(rows) == ["16 s"]


def test_long_videos_are_also_scored_by_ten_minutes(tmp_path: Path) -> None:
    task = replace(TASK, codec=False, duration_ms=1_500_000)
    rows = evaluate(Knowing(task.scene), [task], {"16 s": VARIANTS["16 s"]})
    assert rows["16 s"]["f1_by_ten_minutes"] == [1.0, 1.0, 1.0]
    plot(rows, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert "16 s" in table(rows)


def test_the_command_runs_the_real_engine_under_every_variant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny("bm3_vl", tmp_path / "model")
    capsys.readouterr()
    out = tmp_path / "figures.json"
    command.main(
        ["--checkpoint", str(tmp_path / "model"), "--minutes", "0.2", "--size", "64", "--json", "--out", str(out)]
    )
    document = json.loads(capsys.readouterr().out)
    assert document == json.loads(out.read_text())
    assert set(document["variants"]) == set(VARIANTS)
    assert document["model"]["family"] == "bm3_vl"
    for row in document["variants"].values():
        assert 0 <= row["f1"] <= 1
        assert row["minutes"] == 0.2
        assert row["x_real_time"] > 0


def test_several_videos_are_scored_as_one() -> None:
    tasks = [replace(TASK, codec=False, duration_ms=600_000, seed=HELD_OUT_SEED + number) for number in range(2)]
    rows = evaluate(Knowing(tasks[0].scene), tasks, {"16 s": VARIANTS["16 s"]})
    first, second = rows["16 s"]["f1_by_ten_minutes"]
    assert first == 1
    assert second < 0.3, "the twin tells the first scene whatever it is shown"
    assert rows["16 s"]["seeds"] == [HELD_OUT_SEED, HELD_OUT_SEED + 1]
    assert second < rows["16 s"]["f1"] < first


def test_every_variant_asks_with_the_products_prompt() -> None:
    assert TASK.watching.prompt == DEFAULT_PROMPT


def test_the_command_line_knows_every_variant() -> None:
    assert tuple(VARIANTS) == command.VARIANTS
