"""What an export takes before it is loaded, and how fast it can be at best."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from worker.engine.protocol import WatchOptions
from worker.engines.onnx.cache import HostShape
from worker.engines.onnx.engine import OPTIONS, geometry_of
from worker.engines.onnx.forward import KV_DTYPES
from worker.engines.onnx.manifest import DECODER, TOKENIZER, WEIGHTS_SUFFIX, ExportManifest, read_manifest
from worker.engines.onnx.runtime import usable_cores
from worker.engines.onnx.tokenizer import FileTokenizer
from worker.engines.spec import ModelSpec
from worker.families import FAMILIES
from worker.streaming.budget import Budget, token_budget
from worker.streaming.prompt_builder import PromptBuilder

READ_BYTES, READS = 256 << 20, 3
CONTEXTS = (128, 1024, 4096)


@dataclass(frozen=True)
class ExportInspection:
    """An export as it would be loaded; sizes in bytes. `decode` is what a decode step reads besides keys and values."""

    manifest: ExportManifest
    disk: int
    decode: int
    budget: Budget
    stream: int
    token: int

    def context(self, streams: int) -> int:
        """Bytes of the weights and so many streams, without activations."""
        return self.disk + streams * self.stream

    def bound(self, bytes_per_s: float, context: int) -> float:
        """Tokens a second when nothing but reading weights, keys and values takes time."""
        return bytes_per_s / (self.decode + context * self.token)

    def document(self, streams: tuple[int, ...] = (1, 8)) -> dict[str, object]:
        """As JSON; the read bandwidth is measured now, on this machine as busy as it is."""
        manifest, bandwidth = self.manifest, read_bandwidth()
        parity = manifest.parity
        return {
            "family": manifest.family,
            "parameters": manifest.parameters,
            "layers": manifest.text.layers,
            "dtype": manifest.weights,
            "kv": manifest.kv,
            "disk_bytes": self.disk,
            "weights_bytes": self.disk,
            "stream_tokens": self.budget.tokens,
            "stream_bytes": self.stream,
            "memory_bytes": {str(count): self.context(count) for count in streams},
            "parity": None if parity is None else parity.model_dump(),
            "read_bytes_per_second": round(bandwidth),
            "bound_tokens_per_second": {str(tokens): round(self.bound(bandwidth, tokens), 1) for tokens in CONTEXTS},
        }


def inspect_export(spec: ModelSpec, options: WatchOptions | None = None) -> ExportInspection:
    """Look at an export without loading it. Raises Permanent(MODEL_UNAVAILABLE) when it is none."""
    spec.refuse_unknown(OPTIONS)
    folder = Path(spec.path)
    manifest = read_manifest(folder, spec.name)
    text = manifest.text
    shape = HostShape(text.layers, text.kv_heads, text.head_dim, KV_DTYPES[manifest.kv])
    builder = PromptBuilder(FAMILIES[manifest.family], FileTokenizer(folder / TOKENIZER), geometry_of(manifest.vision))
    chosen = options or WatchOptions(prompt="", window=manifest.window)
    budget = token_budget(chosen, builder.costs(chosen), manifest.vision.frames_per_group)
    return ExportInspection(
        manifest=manifest,
        disk=sum((folder / name).stat().st_size for name in manifest.files),
        decode=(folder / (DECODER + WEIGHTS_SUFFIX)).stat().st_size,
        budget=budget,
        stream=shape.nbytes(budget.tokens, budget.text_tokens),
        token=shape.nbytes(1, 0),
    )


def read_bandwidth(threads: int | None = None) -> float:
    """Bytes a second that so many threads (default: the cores this process may use) read from memory together.

    The best of a few passes, over more than a cache holds.
    """
    block = np.ones(READ_BYTES // 8, dtype=np.int64)
    parts = np.array_split(block, threads or usable_cores())
    times = []
    with ThreadPoolExecutor(len(parts)) as pool:
        for _ in range(READS):
            start = time.perf_counter()
            list(pool.map(np.max, parts))  # numpy lets other threads run meanwhile
            times.append(time.perf_counter() - start)
    return float(READ_BYTES / min(times))
