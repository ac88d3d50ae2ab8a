"""Our graph behind the engine's own forward passes: `python -m tests.bench.cpu.by_onnx FOLDER KV THREADS`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from tests.bench.cpu.models import graph_name
from tests.bench.cpu.serve import Decoding, serve
from tests.bench.cpu.shapes import STEPS, TOKENS
from worker.engines.onnx.forward import Embeddings, OnnxForward
from worker.engines.onnx.huge_pages import gather
from worker.engines.onnx.manifest import DECODER, WEIGHTS_SUFFIX, read_manifest
from worker.engines.onnx.runtime import attention_over, open_graph
from worker.engines.spec import ModelSpec
from worker.streaming.runtime.protocol import PromptSegment
from worker.streaming.spans import SpanRole, TokenSpan


class OnnxDecoder:
    """See `tests.bench.cpu.serve.Decoder`."""

    def __init__(self, folder: Path, kv: str, threads: int) -> None:
        manifest = read_manifest(folder, "bench").model_copy(update={"kv": kv})
        with attention_over(kv):
            graph = open_graph(folder / graph_name(kv), ModelSpec("bench", "onnx"), "cpu", threads)
        gather()
        table = np.random.default_rng(0).standard_normal((TOKENS, manifest.text.hidden), dtype=np.float32)
        self.forward = OnnxForward(manifest, None, graph, Embeddings(table, "float32"))
        self.weights = (folder / (DECODER + WEIGHTS_SUFFIX)).stat().st_size
        self.token = self.forward.shape.nbytes(1, 0)

    def prefill(self, tokens: int) -> None:
        """A new stream."""
        self.cache, self.used = self.forward.new_cache(tokens + 2 * STEPS, 0), tokens
        ids = tuple(index % TOKENS for index in range(tokens))
        self.forward.prefill(self.cache, [PromptSegment(TokenSpan(0, SpanRole.FRAMES, 0, tokens), ids)], None)

    def step(self) -> None:
        """One token more of it."""
        self.forward.decode([self.cache], [TokenSpan(1, SpanRole.FRAMES, 0, 1, self.used)], [self.used % TOKENS])
        self.used += 1


if __name__ == "__main__":
    serve(lambda: Decoding(OnnxDecoder(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
