"""The engine runs where torch, torchvision and transformers are not installed."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PIL import Image

from tests.worker.engines.exports import export_folder
from tests.worker.engines.models import frame
from tests.worker.video.footage import numbered, write_video

PROGRAM = """
import json, sys
for name in ("torch", "torchvision", "transformers"):
    sys.modules[name] = None  # importing it raises ImportError
import numpy as np
from worker.engine.protocol import ChatRequest, Chunk, Frame, WatchOptions
from worker.engines import load_engine
engine = load_engine("onnx:" + sys.argv[1] + "?threads=1")
picture = np.random.default_rng(0).integers(0, 256, (32, 48, 3), dtype=np.uint8)
parts = [{"type": "image", "image": picture}, {"type": "text", "text": "How many?"}]
schema = {"type": "object", "properties": {"count": {"enum": [1, 2]}}, "required": ["count"], "additionalProperties": False}
answer = engine.chat(ChatRequest([{"role": "user", "content": parts}], 40, schema=schema))
session = engine.open(WatchOptions("What happens?", max_frame_pixels=48 * 32, max_tokens_per_chunk=5))
reply = session.feed(Chunk(0, 0, 2000, (Frame(0, picture), Frame(500, picture))))
session.close()
engine.close()
print(json.dumps({"answer": json.loads(answer.text), "tokens": reply.tokens, "loaded": sorted(sys.modules)}))
"""


def test_it_answers_and_watches_without_them() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(export_folder("qwen3_vl"))], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["answer"]["count"] in (1, 2)
    assert told["tokens"] >= 0
    assert not [name for name in told["loaded"] if name.startswith(("torch.", "transformers."))]


def needed(
    name: str, extras: frozenset[str], found: set[tuple[str, frozenset[str]]]
) -> set[tuple[str, frozenset[str]]]:
    """What a package needs, all the way down, by the metadata of what is installed."""
    if (name, extras) not in found:
        found.add((name, extras))
        for one in map(Requirement, requires(name) or ()):
            markers = [{"extra": extra} for extra in (*extras, "")]
            if one.marker is None or any(one.marker.evaluate(marker) for marker in markers):
                needed(canonicalize_name(one.name), frozenset(one.extras), found)
    return found


def test_the_extra_cpu_needs_no_torch() -> None:
    names = {name for name, _ in needed("bm3-vl", frozenset({"cpu"}), set())}
    assert {"onnxruntime", "tokenizers", "llguidance"} <= names
    assert not {"torch", "torchvision", "transformers"} & names
    assert {"torch", "transformers"} <= {name for name, _ in needed("bm3-vl", frozenset({"worker"}), set())}


CHAT = """
import sys
for name in ("torch", "torchvision", "transformers"):
    sys.modules[name] = None
from worker.ask import main
sys.exit(main([*sys.argv[2:], "--text", "What?", "--max-tokens", "3", "--model", f"onnx:{sys.argv[1]}?threads=1"]))
"""


def test_a_picture_is_answered_and_a_video_is_refused_in_a_sentence(tmp_path: Path) -> None:
    picture, clip = tmp_path / "picture.png", tmp_path / "clip.mp4"
    Image.fromarray(frame(1).pixels).save(picture)
    write_video(clip, numbered(4))
    command = [sys.executable, "-c", CHAT, str(export_folder("qwen3_vl"))]
    answered = subprocess.run([*command, str(picture)], capture_output=True, text=True, timeout=120)
    assert answered.returncode == 0, answered.stderr
    refused = subprocess.run([*command, str(clip)], capture_output=True, text=True, timeout=120)
    assert refused.returncode == 1
    assert "bm3-vl[worker]" in refused.stderr
