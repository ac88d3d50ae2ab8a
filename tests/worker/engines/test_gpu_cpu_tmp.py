"""T7, on a CUDA device: the bf16 engine is no further from fp32 than bf16 transformers is."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from db.kinds.video import Window
from tests.worker.engines.models import OPTIONS, STOCK, chunk, recording_resident
from worker.engines.tiny import Size
from worker.streaming.forward import Picture
from worker.streaming.session import StreamSession

pytestmark = [pytest.mark.gpu, pytest.mark.filterwarnings("default")]

SIZE = Size(hidden=512, layers=4, heads=8, kv_heads=2, sharpness=1.5)
WIDE = replace(
    OPTIONS, window=Window(text_sink_tokens=2000, text_window_tokens=2000, vision_ms=120_000), max_tokens_per_chunk=24
)
CHUNKS = 8


def watched(family: str, dtype: str) -> tuple[list, torch.Tensor]:
    """(what was shown in every pass, the engine's logits after each)."""
    resident, forward = recording_resident(family, SIZE, device="cpu", dtype=dtype)
    session = StreamSession(resident, WIDE)
    for index in range(CHUNKS):
        session.feed(chunk(index))
    resident.batcher.close()
    return [pieces for pieces, _ in forward.notes], torch.stack([logits for _, logits in forward.notes]).cpu()


def one_pass(family: str, passes: list, dtype: torch.dtype) -> torch.Tensor:
    """The stock model on the same tokens at once; logits at the same places."""
    from transformers import AutoModelForImageTextToText

    from tests.worker.engines.models import checkpoint_folder
    from worker.engines.loading import load, normalisation
    from worker.engines.spec import ModelSpec

    folder = checkpoint_folder(family, SIZE)
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=dtype, attn_implementation="sdpa").eval()
    geometry = load(ModelSpec("m", "pytorch", str(folder), {"device": "cpu"})).geometry
    scale = normalisation(geometry, torch.device("cpu"))
    ids, types, grids, pixels, ends = [], [], [], [], []
    for pieces in passes:
        for piece in pieces:
            seen = isinstance(piece.content, Picture)
            ids += [model.config.video_token_id] * piece.span.tokens if seen else list(piece.content)
            types += [2 * seen] * piece.span.tokens
            if seen:
                grids.append((1, *piece.content.grid))
                pixels.append(torch.from_numpy(piece.content.patches))
        ends.append(len(ids) - 1)
    with torch.no_grad():
        return (
            model(
                input_ids=torch.tensor([ids]),
                pixel_values_videos=(torch.cat(pixels).float() * scale.scale + scale.shift).to(dtype),
                video_grid_thw=torch.tensor(grids),
                mm_token_type_ids=torch.tensor([types]),
            )
            .logits[0, ends]
            .float()
            .cpu()
        )


def divergence(logits: torch.Tensor, truth: torch.Tensor) -> float:
    """Mean KL divergence from the truth, nats a token."""
    return float(
        torch.nn.functional.kl_div(
            logits.log_softmax(-1), truth.log_softmax(-1), log_target=True, reduction="batchmean"
        )
    )


@pytest.mark.parametrize("family", STOCK)
def test_bf16_engine_is_no_worse_than_bf16_transformers(family: str) -> None:
    passes, ours = watched(family, "bfloat16")
    truth = one_pass(family, passes, torch.float32)
    theirs = one_pass(family, passes, torch.bfloat16)
    assert divergence(ours, truth) <= 1.2 * divergence(theirs, truth) + 1e-5
    agree = [(logits.argmax(-1) == truth.argmax(-1)).float().mean() for logits in (ours, theirs)]
    assert agree[0] >= agree[1] - 0.02
