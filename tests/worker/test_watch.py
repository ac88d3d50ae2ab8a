"""`python -m worker.watch`: the command as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import webvtt

from tests.worker.video.footage import cut_off, numbered, remuxed, write_video
from worker.watch import main


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    return remuxed(write_video(folder / "a.mp4", numbered(150)), folder / "b.mp4", {"movflags": "faststart"})


def test_captions_are_printed_and_files_written(clip: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "worker.watch", str(clip), "--model", "fake", "--chunk", "1", "--window", "4"]
    files = ["--vtt", str(tmp_path / "o.vtt"), "--srt", str(tmp_path / "o.srt")]
    files += ["--json", str(tmp_path / "o.json")]
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=True, timeout=60)
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    assert lines[1].startswith("00:00:01.000 --> 00:00:02.000  t=1.0 s: ")
    assert [c.start for c in webvtt.read(str(tmp_path / "o.vtt"))] == [f"00:00:0{k}.000" for k in range(5)]
    assert (tmp_path / "o.srt").read_text().startswith("1\n00:00:00,000 --> 00:00:01,000\nt=0.0 s: ")
    whole = json.loads((tmp_path / "o.json").read_text())
    assert len(whole["cues"]) == 5
    assert whole["params"]["window"]["vision_ms"] == 4000


@pytest.mark.parametrize("extra", [[], ["--parallel", "3", "--warmup", "1"], ["--start", "1.5", "--end", "4"]])
def test_modes_and_clips(clip: Path, capsys: pytest.CaptureFixture[str], extra: list[str]) -> None:
    assert main([str(clip), "--model", "fake", "--chunk", "0.5", *extra]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == (5 if "--start" in extra else 10)
    assert printed == sorted(printed)


def test_a_cut_file_prints_what_there_is_and_fails(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "o.json"
    cut = cut_off(clip, tmp_path / "cut.mp4", 0.7)
    assert main([str(cut), "--model", "fake", "--chunk", "0.5", "--json", str(target)]) == 1
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) >= 3
    assert "truncated_media" in printed.err
    whole = json.loads(target.read_text())
    assert whole["gaps"]
    assert whole["result"] is None


def test_wrong_usage_is_said_before_the_model_is_loaded(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "absent.mp4")]) == 2
    assert main([str(clip), "--chunk", "0"]) == 2
    assert main([str(clip), "--vtt", str(tmp_path / "absent" / "o.vtt")]) == 2
    assert main([str(clip), "--json", str(tmp_path)]) == 2
    assert not capsys.readouterr().out
    for unknown in (["--no-such-option"], ["--end", "inf"], ["--window", "soon"]):
        with pytest.raises(SystemExit) as caught:
            main([str(clip), *unknown])
        assert caught.value.code == 2
    assert "argument --window: invalid seconds value: 'soon'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["--window", "0.1"], "--window: Input should be greater than or equal to 500 ms"),
        (["--text-sink", "-1"], "--text-sink: Input should be greater than or equal to 0"),
        (["--start", "5", "--end", "3"], "--end must be after --start"),
        (["--parallel", "100"], "--parallel: Input should be less than or equal to 64"),
    ],
)
def test_what_is_wrong_is_named_as_it_was_typed(
    clip: Path, capsys: pytest.CaptureFixture[str], typed: list[str], told: str
) -> None:
    assert main([str(clip), *typed]) == 2
    assert capsys.readouterr().err == told + "\n"


def test_the_built_in_model_tells_what_each_chunk_took(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "o.json"
    assert main([str(clip), "--json", str(target), "--chunk", "1", "--silence-threshold", "1"]) == 0
    whole = json.loads(target.read_text())
    assert whole["model"] == "nano"
    timings, spent = whole["timings"], whole["result"]["spent"]
    assert timings["chunk"] == [0, 1, 2, 3, 4]
    assert sum(timings["tokens"]) == whole["result"]["tokens_out"] > 0
    assert timings["context_tokens"] == sorted(timings["context_tokens"])
    for name in ("decode_s", "vision_s", "prefill_s", "reply_s", "whole_s"):
        assert all(took > 0 for took in timings[name])
        assert spent[name] == pytest.approx(sum(timings[name]), abs=0.01)
    assert spent["vision_s"] + spent["prefill_s"] + spent["reply_s"] <= spent["whole_s"]
    assert "x real time" in capsys.readouterr().err


def test_chapters_and_summary_are_printed_too(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(clip), "--model", "fake", "--chapters"]) == 0
    assert "00:00:00.000 --> 00:00:05.000  # " in capsys.readouterr().out


def test_an_unknown_model_is_a_failure_said_in_words(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(clip), "--model", "nonsense"]) == 1
    assert "model_unavailable" in capsys.readouterr().err
