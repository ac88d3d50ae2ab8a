"""Every shell command of the documents runs as it is written: in a fresh clone, with a bare PATH, one after the other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.checkout import bare, checkout, hear_ctrl_c
from tests.servers import free_port
from tests.shell_blocks import StaleMark, commands, script
from worker.bm3.scenes.scenes import Scene
from worker.bm3.scenes.write import Format, write_video
from worker.engines.tiny import write_tiny

ROOT = Path(__file__).parent.parent
DOCUMENTS = [
    path
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
    if path.exists()
]
NOT_HERE = {"docker": "a test machine has no Docker daemon", "kubectl": "a test machine has no cluster"}
"""Programs that no document can bring: their commands are looked at in `tests/docker`."""
UNTIL_INTERRUPTED = {"make up": "BM3-VL is ready"}
LIMIT_S = 840


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def wanted(document: Path) -> list[str]:
    """The commands that are to run here."""
    return [
        one.text for one in commands(document.read_text()) if not one.reason and one.text.split()[0] not in NOT_HERE
    ]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A fresh clone with what a reader brings: a datasheet, a photo, and the video that `make demo` has left."""
    tree = checkout(tmp_path)
    (tree / "var/demo").mkdir(parents=True)
    for _ in write_video(Scene(1_000_003), tree / "var/demo/scenes.mp4", Format(10_000)):
        pass
    Image.new("RGB", (64, 48), "red").save(tree / "photo.png")
    command = [sys.executable, "-m", "worker.datasheet.synthetic", "--seed", "7", "--out", str(tree / "part.pdf")]
    subprocess.run(command, cwd=ROOT, check=True, timeout=120)
    write_tiny("qwen3_vl", tree / "models/Qwen3-VL-8B-Instruct")  # where docs/gpu.md downloads the real one to
    return tree


@pytest.mark.slow
@pytest.mark.timeout(LIMIT_S + 60)
@pytest.mark.parametrize("document", [path for path in DOCUMENTS if wanted(path)], ids=name)
def test_its_commands_run_as_written(document: Path, clone: Path, tmp_path: Path) -> None:
    port = free_port()
    settings = {
        "BM3_API_PORT": str(port),  # the defaults may be taken here
        "BM3_SERVER": f"http://127.0.0.1:{port}",
        "BM3_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
    }
    ran = subprocess.run(
        ["bash", "-c", script(wanted(document), until_interrupted=UNTIL_INTERRUPTED)],
        cwd=clone,
        env=bare(tmp_path, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_S,
        preexec_fn=hear_ctrl_c,
    )
    assert ran.returncode == 0, ran.stdout[-4000:]


def test_the_readme_s_use_is_run_and_a_reason_is_more_than_a_word() -> None:
    run = wanted(ROOT / "README.md")
    assert any(text.startswith("make up") for text in run)
    assert sum("bm3vl submit" in text for text in run) >= 2
    reasons = [one.reason for document in DOCUMENTS for one in commands(document.read_text()) if one.reason]
    assert [reason for reason in reasons if len(reason.split()) < 2] == []


def test_marks_skip_what_they_name_and_no_more() -> None:
    block = "```bash\na --x \\\n  --y  # text\nb one\n# alone\n```\n"
    document = f'<!-- skip "b": takes an hour -->\n{block}<!-- skip: no -->\n```sh\nc\n```\n'
    found = [(one.text, one.reason) for one in commands(document)]
    assert found == [("a --x --y  # text", ""), ("b one", "takes an hour"), ("c", "no")]
    assert [one.text for one in commands("- item\n\n  ```bash\n  d\n  ```\n")] == ["d"]
    with pytest.raises(StaleMark, match="'x'"):
        commands('<!-- skip "x": gone -->\n```bash\na\n```\n')


def test_a_failing_command_ends_the_script_and_background_ones_get_ctrl_c(tmp_path: Path) -> None:
    def run(*lines: str) -> subprocess.CompletedProcess[str]:
        text = script([*lines], until_interrupted={"./serve": "ready"})
        command = ["bash", "-c", text]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, preexec_fn=hear_ctrl_c)

    (tmp_path / "serve").write_text(
        "#!/bin/bash\ntrap 'echo stopped > end; exit 0' INT\necho ready\nwhile :; do sleep 0.1; done\n"
    )
    (tmp_path / "serve").chmod(0o755)
    failed = run("export A='it''s'", "false # why", "touch never")
    assert failed.returncode == 1
    assert "@@ false # why\n@@ ended with 1" in failed.stdout
    assert not (tmp_path / "never").exists()
    assert run("A=1", "./serve  # stays", 'test "$A" = 1').returncode == 0
    assert (tmp_path / "end").read_text() == "stopped\n"
