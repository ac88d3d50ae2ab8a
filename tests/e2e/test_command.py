"""`bm3vl` against a running service, as a person or a script in a terminal uses it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import webvtt
from PIL import Image

from bm3vl import ChatResult, Client, result_of
from db.documents.kinds.datasheet_verdict import EXIT_CODES
from tests.e2e.service import ROOT, Service


@pytest.fixture
def bm3vl(running: Service, tmp_path: Path):
    """Run the command in an empty folder; its exit code, output and errors."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "BM3_SERVER": running.url, "BM3_API_KEY": running.key, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", "from bm3vl.cli.main import main; main()", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)

    return run


@pytest.fixture
def drawing(tmp_path: Path) -> Path:
    path = tmp_path / "part.pdf"
    command = [sys.executable, "-m", "worker.datasheet.synthetic", "--seed", "7", "--out", str(path)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    return path


def test_a_video_is_followed_and_its_captions_are_written(bm3vl, video: Path, tmp_path: Path, client: Client) -> None:
    options = ["--watch", "--vtt", "a.vtt", "--srt", "a.srt", "--json", "a.json"]
    ran = bm3vl(
        "submit", "video", str(video), "--end", "8", "--seed", "3", "--param", "window.vision_ms=4000", *options
    )
    assert ran.returncode == 0, ran.stderr
    job_id, *lines = ran.stdout.splitlines()
    cues = webvtt.read(str(tmp_path / "a.vtt"))
    assert [line.split("  ", 1)[1] for line in lines] == [cue.text for cue in cues]
    assert len(webvtt.from_srt(str(tmp_path / "a.srt"))) == len(cues) == 4
    assert len(json.loads((tmp_path / "a.json").read_text())["cues"]) == 4
    params = client.job(job_id).params
    assert (params["end_ms"], params["sampling"]["seed"], params["window"]["vision_ms"]) == (8000, 3, 4000)
    assert "4 captions in 0:00:08 of video" in bm3vl("get", job_id).stdout


def test_a_datasheet_s_findings_are_told_and_its_files_written(bm3vl, drawing: Path, tmp_path: Path) -> None:
    files = ["--kicad", "part.kicad_mod", "--json", "part.json", "--overlay", "part.svg"]
    ran = bm3vl("submit", "datasheet", drawing.name, "--watch", *files)
    found = json.loads((tmp_path / "part.json").read_text())
    assert ran.returncode == EXIT_CODES[found["verdict"]["state"]], ran.stderr
    assert f"pads    {len(found['land_pattern']['pads'])} (" in ran.stderr
    assert "mm (length x width x height)" in ran.stderr
    assert (tmp_path / "part.kicad_mod").read_text().startswith("(footprint")
    assert "<svg" in (tmp_path / "part.svg").read_text()


def test_an_unknown_parameter_is_refused_by_name(bm3vl, drawing: Path) -> None:
    ran = bm3vl("submit", "datasheet", drawing.name, "--param", "pakage=RGT")
    assert ran.returncode == 7
    assert "pakage" in ran.stderr


@pytest.mark.parametrize("stream", [[], ["--stream"]], ids=["whole", "streamed"])
def test_a_chat_with_a_picture_and_a_video_is_answered(
    bm3vl, video: Path, tmp_path: Path, client: Client, stream: list[str]
) -> None:
    Image.new("RGB", (32, 32), (255, 0, 0)).save(tmp_path / "red.png")
    shown = ["--image", "red.png", "--video", str(video)]
    options = ["--system", "Be brief.", "--temperature", "0.5", "--param", f"sampling.seed={len(stream)}"]
    ran = bm3vl("chat", "What colour?", *shown, *options, *stream)
    assert ran.returncode == 0, ran.stderr
    job = next(client.jobs(kind="chat.complete", most=1))
    assert ran.stdout == f"{result_of(job, ChatResult).text}\n"
    system, user = job.params["messages"]
    assert (system["role"], system["content"]) == ("system", "Be brief.")
    assert [part["type"] for part in user["content"]] == ["image", "video", "text"]
    assert (job.params["sampling"]["temperature"], job.params["sampling"]["seed"]) == (0.5, len(stream))
