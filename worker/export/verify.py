"""The proof at the end of an export: what it says about made-up pictures and a video, beside the checkpoint itself in torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from worker.engines.conversation import conversation
from worker.engines.onnx.engine import OnnxEngine
from worker.engines.onnx.manifest import Parity
from worker.engines.pytorch import PytorchEngine
from worker.engines.spec import ModelSpec
from worker.export.questions import follow, questions

STEPS = 64


@dataclass(frozen=True)
class Compared:
    """Logits of two runs along the same tokens."""

    expected: NDArray[np.float32]
    got: NDArray[np.float32]

    @property
    def parity(self) -> Parity:
        """The share of equal likeliest tokens, the largest difference and the mean divergence."""
        possible = np.isfinite(self.expected).all(axis=0)  # tokens that a checkpoint suppresses have no logit
        expected, got = self.expected[:, possible], self.got[:, possible]
        theirs, ours = _log_softmax(expected), _log_softmax(got)
        kl = (np.exp(theirs) * (theirs - ours)).sum(-1)
        return Parity(
            tokens_compared=len(self.expected),
            tokens_equal=int((self.expected.argmax(-1) == self.got.argmax(-1)).sum()),
            max_logit_error=float(np.abs(expected - got).max()),
            mean_kl=float(kl.mean()),
        )


def compare(checkpoint: Path, export: Path, threads: int | None = None, steps: int = STEPS) -> Parity:
    """Both models, one after the other along the tokens that the checkpoint says; needs memory for it in float32."""
    torch_engine = PytorchEngine(ModelSpec("checkpoint", "pytorch", str(checkpoint), {"device": "cpu"}))
    try:
        factor_px, asked = torch_engine.factor_px, []
        for messages in questions(factor_px, torch_engine.loaded.geometry.frames_per_group):
            talk = conversation(messages, torch_engine.loaded.geometry)
            asked.append((talk, follow(torch_engine.loaded, talk, steps)))
    finally:
        torch_engine.close()
    options = {} if threads is None else {"threads": str(threads)}
    onnx_engine = OnnxEngine(ModelSpec("export", "onnx", str(export), options))
    try:
        runs = [
            (logits, follow(onnx_engine.loaded, talk, steps, [int(row.argmax()) for row in logits]))
            for talk, logits in asked
        ]
    finally:
        onnx_engine.close()
    expected, got = (np.concatenate(rows) for rows in zip(*runs, strict=True))
    return Compared(expected, got).parity


def _log_softmax(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    shifted = rows.astype(np.float64) - rows.max(axis=-1, keepdims=True)
    logs: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return logs
