"""Files that the command writes: a real video with true times, and a truth that matches it."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

from worker.bm3.scenes.__main__ import run
from worker.bm3.scenes.scenes import HELD_OUT_SEED, Scene
from worker.bm3.scenes.write import Format, read_truth, write_truth, write_video


def test_the_command_writes_a_video_and_its_truth(tmp_path: Path) -> None:
    out, truth = tmp_path / "scene.mp4", tmp_path / "scene.json"
    run(
        ["--seed", "7", "--minutes", "0.5", "--fps", "4", "--size", "160x128", "--out", str(out), "--truth", str(truth)]
    )
    scene = Scene(7)
    with av.open(str(out)) as container:
        frames = list(container.decode(video=0))
    assert [round(frame.time * 1000) for frame in frames] == list(range(0, 30_000, 250))
    for frame in frames[::10]:
        drawn = scene.frame(round(frame.time * 1000), (160, 128)).astype(int)
        assert np.abs(frame.to_ndarray(format="rgb24").astype(int) - drawn).mean() < 6
    assert read_truth(truth) == scene.events(0, 30_000)
    document = json.loads(truth.read_text())
    assert (document["seed"], document["duration_ms"], document["size"]) == (7, 30_000, [160, 128])


def test_held_out_seeds_show_held_out_pairs_by_themselves(tmp_path: Path) -> None:
    truth = tmp_path / "scene.json"
    run(["--seed", str(HELD_OUT_SEED), "--minutes", "0.1", "--out", str(tmp_path / "s.mkv"), "--truth", str(truth)])
    assert json.loads(truth.read_text())["options"]["combos"] == "mixed"


@pytest.mark.parametrize("size", ["255x256", "8x8", "big", "1x2x3"])
def test_a_size_that_cannot_be_encoded_is_refused_at_once(size: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        run(["--size", size, "--out", str(tmp_path / "s.mp4")])


def test_odd_frame_rates_keep_true_times(tmp_path: Path) -> None:
    fmt = Format(2000, (64, 64), fps=30000 / 1001)
    times = list(write_video(Scene(1), tmp_path / "s.mp4", fmt))
    with av.open(str(tmp_path / "s.mp4")) as container:
        assert [round(frame.time * 1000) for frame in container.decode(video=0)] == times
    assert times[:4] == [0, 33, 67, 100]


def test_the_truth_of_an_hour_is_written_in_slices(tmp_path: Path) -> None:
    write_truth(Scene(2), tmp_path / "t.json", Format(3_600_000))
    events = read_truth(tmp_path / "t.json")
    assert len(events) == pytest.approx(960, rel=0.2)
    assert [event.onset_ms for event in events] == sorted(event.onset_ms for event in events)
