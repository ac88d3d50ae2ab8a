"""T7: the bf16 engine is no further from fp32 than bf16 transformers is, and does not drift; on a GPU where there is one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch

from db.documents.kinds.video import Window
from tests.worker.engines.models import OPTIONS, STOCK, chunk, recording_resident, stock_model
from tests.worker.streaming.oracle import Oracle, Past
from tests.worker.streaming.test_exactness import follow, resident_video_token, session_marks
from worker.engines.tiny import TinySize
from worker.streaming.runtime.protocol import ImageInput
from worker.streaming.session import StreamSession

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Device:
    """A device, and how large a model and how long a video it can take in a test."""

    device: str
    size: TinySize
    chunks: int


CPU = Device("cpu", TinySize(hidden=96, layers=4, heads=4, kv_heads=2), chunks=6)
GPU = Device("cuda", TinySize(hidden=512, layers=12, heads=8, kv_heads=2, sharpness=1.5), chunks=20)
NO_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
DEVICES = [pytest.param(CPU, id="cpu"), pytest.param(GPU, id="gpu", marks=[pytest.mark.gpu, NO_GPU])]
WIDE = replace(OPTIONS, window=Window(text_sink_tokens=2000, text_window_tokens=2000, vision_ms=120_000))


def one_pass(model: Any, passes: list, pixels: torch.Tensor) -> torch.Tensor:
    """The stock model on everything the engine was shown, at once; its logits where the engine gave some."""
    ids, types, grids, ends = [], [], [], []
    for pieces in passes:
        for piece in pieces:
            seen = isinstance(piece.content, ImageInput)
            ids += [model.config.video_token_id] * piece.span.tokens if seen else list(piece.content)
            types += [2 * seen] * piece.span.tokens
            grids += [(1, *piece.content.grid)] if seen else []
        ends.append(len(ids) - 1)
    where = pixels.device
    with torch.no_grad():
        logits = model(
            input_ids=torch.tensor([ids], device=where),
            pixel_values_videos=pixels.to(model.dtype),
            video_grid_thw=torch.tensor(grids, device=where),
            mm_token_type_ids=torch.tensor([types], device=where),
        ).logits
    return logits[0, ends].float()


def divergence(logits: torch.Tensor, truth: torch.Tensor) -> float:
    """Mean KL divergence from the truth, nats a token."""
    rows = torch.nn.functional.kl_div(logits.log_softmax(-1), truth.log_softmax(-1), log_target=True, reduction="none")
    return float(rows.sum(-1).mean())


def agreement(logits: torch.Tensor, truth: torch.Tensor) -> float:
    """Share of places with the same most likely token."""
    return float((logits.argmax(-1) == truth.argmax(-1)).float().mean())


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("family", STOCK)
def test_bf16_engine_is_no_worse_than_bf16_transformers(family: str, device: Device) -> None:
    loaded, forward = recording_resident(family, device.size, device=device.device, dtype="bfloat16")
    session = StreamSession(loaded, WIDE)
    for index in range(device.chunks):
        session.feed(chunk(index))
    loaded.batcher.close()
    passes = [pieces for pieces, _ in forward.notes]
    ours = torch.stack([logits for _, logits in forward.notes])
    shown = [piece.content.patches for pieces in passes for piece in pieces if isinstance(piece.content, ImageInput)]
    scale = forward._normalisation
    pixels = torch.cat([torch.from_numpy(rows) for rows in shown]).to(device.device).float() * scale.scale + scale.shift
    truth, theirs = (
        one_pass(stock_model(family, device.size, "sdpa", dtype).to(device.device), passes, pixels)
        for dtype in (torch.float32, torch.bfloat16)
    )
    assert divergence(ours, truth) <= 1.3 * divergence(theirs, truth)
    assert agreement(ours, truth) >= agreement(theirs, truth) - 0.05


@pytest.mark.parametrize("family", STOCK)
def test_bf16_does_not_drift_however_often_text_moves(family: str) -> None:
    """After 60 evictions the distance to the fp32 oracle is what it was: keys are rotated from raw, never corrected."""
    loaded, forward = recording_resident(family, dtype="bfloat16")
    session, oracle = StreamSession(loaded, OPTIONS), Oracle(stock_model(family))
    history: list[Past] = []
    far: list[float] = []
    for index in range(60):
        shown = chunk(index)
        oracle.evict(history, shown.end_ms, OPTIONS.window, window_chunks=4)
        forward.notes.clear()
        reply = session.feed(shown)
        truth = [
            follow(oracle, pieces, forward._normalisation, resident_video_token(oracle)) for pieces, _ in forward.notes
        ]
        far.append(divergence(torch.stack([logits for _, logits in forward.notes]), torch.stack(truth)))
        tokens = session_marks(loaded) + len(reply.token_ids)
        history.append(Past(index, shown.end_ms, tokens, not reply.token_ids))
    loaded.batcher.close()
    early, late = sum(far[10:30]) / 20, sum(far[40:]) / 20
    assert late <= 1.5 * early, f"{late} against {early} nats a token"
