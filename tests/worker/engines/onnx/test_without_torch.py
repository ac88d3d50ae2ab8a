"""The engine runs where torch, torchvision and transformers are not installed."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.worker.engines.exports import export_folder

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
