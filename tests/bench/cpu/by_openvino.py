"""openvino-genai in an environment of its own: `python -m tests.bench.cpu.by_openvino MODEL.gguf SHAPE THREADS`.

It reads the Q4_0 matrices of the same GGUF file and makes its own four-bit ones of them.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import openvino_genai
from openvino import Tensor

from tests.bench.cpu.serve import Line, now, serve, since
from tests.bench.cpu.shapes import SHAPES, TOKENS

BYTE = 1  # OpenVINO keeps keys and values in eight bits on a CPU
BLOCK, BLOCK_BYTES = 32, 18


class OpenVinoDecoder:
    """See `tests.bench.cpu.serve.Served`; it answers whole, for it cannot be stopped between two tokens."""

    def __init__(self, path: Path, shape_name: str, threads: int) -> None:
        shape, self._asked = SHAPES[shape_name], 0
        self._model = openvino_genai.LLMPipeline(str(path), "CPU", INFERENCE_NUM_THREADS=threads)
        self.about: Line = {
            "weights": shape.weights // BLOCK * BLOCK_BYTES,
            "token": shape.kv_bytes(BYTE),
            "whole": True,
        }

    def answer(self, asked: Line) -> Line:
        """The times between the tokens of one greedy answer; the first of them ends the prefill."""
        context, steps = asked["prefill"], asked["steps"]
        self._asked += 1  # another prompt each time, for the beginning of an old one would be remembered
        ids = (np.arange(context, dtype=np.int64)[None] + self._asked) % TOKENS
        inputs = openvino_genai.TokenizedInputs(Tensor(ids), Tensor(np.ones_like(ids)))
        config = openvino_genai.GenerationConfig(max_new_tokens=steps + 1, ignore_eos=True, do_sample=False)
        heard = Listener()
        self._model.generate(inputs, config, heard)
        prefill, *later = [since(before, after) for before, after in pairwise(heard.times)]
        return {"prefill": prefill, "steps": later}


class Listener(openvino_genai.StreamerBase):
    """Notes when each token comes."""

    def __init__(self) -> None:
        super().__init__()
        self.times = [now()]

    def write(self, tokens: int | list[int]) -> Any:
        """OpenVINO calls this with a token, or with several."""
        self.times += [now()] * (len(tokens) if isinstance(tokens, list) else 1)
        return openvino_genai.StreamingStatus.RUNNING

    def end(self) -> None:
        """Nothing is left to be said."""


if __name__ == "__main__":
    serve(lambda: OpenVinoDecoder(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
