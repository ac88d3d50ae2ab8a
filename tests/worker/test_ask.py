"""Asking from the command line: an answer as it comes, JSON by a schema, and errors that say what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.worker.engines.exports import export_folder
from tests.worker.engines.models import frame
from tests.worker.video.footage import numbered, write_video
from worker.ask import main

DIGIT = {
    "type": "object",
    "properties": {"count": {"enum": [1, 2]}},
    "required": ["count"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def model() -> str:
    return f"onnx:{export_folder('qwen3_vl')}?threads=1"


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures") / "picture.png"
    Image.fromarray(frame(1).pixels).save(path)
    return path


def test_it_answers_about_a_picture_and_a_video(
    model: str, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = tmp_path / "clip.mp4"
    write_video(clip, numbered(20))
    assert main([str(picture), str(clip), "--text", "What?", "--model", model, "--max-tokens", "6"]) == 0
    first = capsys.readouterr()
    assert first.out.strip()
    assert main([str(picture), "--text", "What?", "--model", model, "--max-tokens", "6"]) == 0
    assert capsys.readouterr().out != first.out, "the video was looked at"


@pytest.mark.parametrize("by_file", [True, False])
def test_a_schema_is_kept(
    model: str, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], by_file: bool
) -> None:
    (tmp_path / "schema.json").write_text(json.dumps(DIGIT))
    given = str(tmp_path / "schema.json") if by_file else json.dumps(DIGIT)
    assert main([str(picture), "--text", "How many?", "--model", model, "--json", given]) == 0
    assert json.loads(capsys.readouterr().out)["count"] in (1, 2)


def test_a_document_that_was_cut_off_is_no_success(
    model: str, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [str(picture), "--text", "How many?", "--model", model, "--json", json.dumps(DIGIT), "--max-tokens", "2"]
    assert main(asked) == 1
    assert "--max-tokens" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["gone.png"], 2, "no such file: gone.png"),
        (["--json", "gone.json"], 2, "not a JSON schema"),
        (["--json", "[1]"], 2, "not a JSON schema"),
        (["--model", "onnx:/gone"], 1, "not an exported model"),
        (["--model", "magic:/gone"], 1, "no engine 'magic'"),
    ],
)
def test_what_cannot_be_asked_is_told(
    arguments: list[str], code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--text", "What?"]) == code
    assert sentence in capsys.readouterr().err


def test_a_broken_picture_is_told(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n")
    assert main([str(tmp_path / "broken.png"), "--text", "What?", "--model", model]) == 1
    assert "not an image" in capsys.readouterr().err
