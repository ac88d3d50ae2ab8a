"""llama.cpp by its C interface: `python -m tests.bench.cpu.by_llama MODEL.gguf SHAPE THREADS` in an environment that has it.

The library is that of llama-cpp-python, compiled here, or else the one inside the wheel of xllamacpp. Their Python sides differ
and change; of the C side only calls are used whose structures are taken as they are given.
"""

from __future__ import annotations

import ctypes
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.bench.cpu.serve import Decoding, serve
from tests.bench.cpu.shapes import SHAPES, STEPS, TOKENS

ROOM = 4096 + 2 * STEPS
HALF_BYTES = 2  # llama.cpp keeps keys and values in half precision
BLOCK, BLOCK_BYTES = 32, 18
BATCH_TOKENS = 512
LIBRARIES = (("llama_cpp", "lib/libllama.so"), ("xllamacpp", "xllamacpp.abi3.so"))


class Parameters(ctypes.Structure):
    """Parameters of a model or a context, as the library fills them in; only the first number, `n_ctx`, is ever changed.

    Larger than any of them: a function is given the beginning, which is all that it reads.
    """

    _fields_ = (("first", ctypes.c_uint32), ("rest", ctypes.c_uint32 * 255))


class Batch(ctypes.Structure):
    """llama_batch."""

    _fields_ = (("n_tokens", ctypes.c_int32), ("pointers", ctypes.c_void_p * 6))


def library() -> Any:
    """The one that is installed. Raises ImportError."""
    for package, inside in LIBRARIES:
        found = find_spec(package)
        if found is not None and found.origin is not None:
            return ctypes.CDLL(str(Path(found.origin).parent / inside))
    raise ImportError("neither llama_cpp nor xllamacpp is installed")


class LlamaDecoder:
    """See `tests.bench.cpu.serve.Decoder`."""

    def __init__(self, path: Path, shape_name: str, threads: int) -> None:
        shape, self._lib = SHAPES[shape_name], library()
        for name, result in (
            ("llama_model_default_params", Parameters),
            ("llama_context_default_params", Parameters),
            ("llama_model_load_from_file", ctypes.c_void_p),
            ("llama_init_from_model", ctypes.c_void_p),
            ("llama_get_memory", ctypes.c_void_p),
            ("llama_batch_get_one", Batch),
        ):
            getattr(self._lib, name).restype = result
        self._lib.llama_backend_init()
        loaded = self._lib.llama_model_load_from_file(str(path).encode(), self._lib.llama_model_default_params())
        parameters = self._lib.llama_context_default_params()
        parameters.first = ROOM
        self._context = ctypes.c_void_p(self._lib.llama_init_from_model(ctypes.c_void_p(loaded), parameters))
        if not (loaded and self._context):
            raise SystemExit(f"llama.cpp cannot load {path}")
        self._lib.llama_set_n_threads(self._context, threads, threads)
        self.weights = shape.weights // BLOCK * BLOCK_BYTES
        self.token = shape.kv_bytes(HALF_BYTES)

    def prefill(self, tokens: int) -> None:
        """Into an empty cache."""
        self._lib.llama_memory_clear(ctypes.c_void_p(self._lib.llama_get_memory(self._context)), ctypes.c_bool(True))
        ids = [index % TOKENS for index in range(tokens)]
        for start in range(0, tokens, BATCH_TOKENS):
            self._decode(ids[start : start + BATCH_TOKENS])

    def step(self) -> None:
        """One token more."""
        self._decode([0])

    def _decode(self, ids: list[int]) -> None:
        tokens = (ctypes.c_int32 * len(ids))(*ids)
        if failed := self._lib.llama_decode(self._context, self._lib.llama_batch_get_one(tokens, len(ids))):
            raise SystemExit(f"llama_decode: {failed}")
        self._lib.llama_synchronize(self._context)


if __name__ == "__main__":
    serve(lambda: Decoding(LlamaDecoder(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
