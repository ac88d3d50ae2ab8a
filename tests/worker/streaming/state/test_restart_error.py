"""How far a restart is off, by how many windows back its snapshot is: text alone, eight layers of which two are attention."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForImageTextToText

from tests.worker.engines.models import HYBRIDS
from worker.engines.loading import normalisation
from worker.engines.tiny import CONFIGS, TinySize, sharpen
from worker.families import FAMILIES
from worker.families.geometry import Geometry
from worker.streaming.attention import NAME
from worker.streaming.forward import Forward, VisionFeatures
from worker.streaming.positions import close_gaps, moved
from worker.streaming.runtime.protocol import PromptSegment
from worker.streaming.spans import SpanRole, TokenSpan
from worker.streaming.state.replay import RESTART_WINDOWS

pytestmark = pytest.mark.slow

SINK, WINDOW, STEP, TOKENS, VOCABULARY = 6, 40, 20, 600, 320
PROBE = 9
MODELS = 3
EXPERTS = {"qwen3_5_moe": {"num_experts": 8}}


def model(family: str, seed: int = 0) -> Any:
    torch.manual_seed(seed)
    parts = CONFIGS[family](TinySize(), VOCABULARY)
    kinds = [*["linear_attention"] * 3, "full_attention"] * 2
    text = {**parts["text_config"], "num_hidden_layers": len(kinds), "layer_types": kinds, **EXPERTS.get(family, {})}
    config = AutoConfig.for_model(family, **{**parts, "text_config": text}, tie_word_embeddings=False)
    auto: Any = AutoModelForImageTextToText
    attention = {"text_config": NAME, "vision_config": "sdpa"}
    made = auto.from_config(config, dtype=torch.float32, attn_implementation=attention).eval()
    sharpen(made, 4.0)
    return made


class Bounded:
    """A stream of plain text: a sink, a window, and everything between forgotten."""

    def __init__(self, forward: Forward) -> None:
        self.forward, self.cache = forward, forward.new_cache(SINK + WINDOW + STEP, SINK + WINDOW + STEP)
        self.spans: list[TokenSpan] = []
        self.end = 0

    def feed(self, ids: list[int]) -> torch.Tensor:
        """Logits after the last of the tokens."""
        span = TokenSpan(self.end, SpanRole.REPLY, 0, len(ids), self.end)
        self.spans.append(span)
        self.end += len(ids)
        return self.forward.prefill(self.cache, [PromptSegment(span, tuple(ids))], VisionFeatures())

    def evict(self) -> None:
        before, sink, recent = self.spans, self.spans[:1], self.spans[1:]
        kept = [*sink, *recent[-(WINDOW // STEP) :]]
        self.cache.drop([span.key for span in before if span not in kept])
        self.spans = close_gaps(kept, self.end)
        self.cache.move(moved(kept, self.spans), self.forward.angles)


def errors_of(family: str, seed: int, folder: Path) -> dict[int, float]:
    """Relative errors of the logits of the words after a restart, by windows back; 0: one window, with a state of zeros."""
    forward = Forward(model(family, seed), normalisation(Geometry(8, 2, 2, *stats(family)), torch.device("cpu")))
    draw = torch.Generator().manual_seed(seed)
    ids = torch.randint(0, 290, (SINK + TOKENS + PROBE,), generator=draw).tolist()
    history, probe = ids[: SINK + TOKENS], ids[SINK + TOKENS :]
    whole = Bounded(forward)
    whole.feed(history[:SINK])
    for at in range(0, TOKENS, STEP):
        whole.cache.state.save(folder / str(at))  # type: ignore[union-attr]
        whole.feed(history[SINK + at : SINK + at + STEP])
        whole.evict()
    wanted = torch.stack([whole.feed([token]) for token in probe])
    errors = {}
    for windows in (0, 1, RESTART_WINDOWS):
        back = max(windows, 1) * WINDOW
        again = Bounded(forward)
        again.feed(history[:SINK])
        if windows:
            again.cache.state.load(folder / str(TOKENS - back))  # type: ignore[union-attr]
        for at in range(TOKENS - back, TOKENS, STEP):
            again.feed(history[SINK + at : SINK + at + STEP])
            again.evict()
        got = torch.stack([again.feed([token]) for token in probe])
        errors[windows] = float((got - wanted).norm() / wanted.norm())
    return errors


@pytest.mark.parametrize("family", HYBRIDS)
def test_a_restart_is_near_enough_and_a_state_of_zeros_is_not(family: str, tmp_path: Path) -> None:
    """The median of three random models."""
    drawn = [errors_of(family, seed, tmp_path) for seed in range(MODELS)]
    errors = {windows: statistics.median(one[windows] for one in drawn) for windows in drawn[0]}
    assert errors[RESTART_WINDOWS] <= 0.03, drawn
    assert errors[RESTART_WINDOWS] < errors[1] < errors[0], drawn
    assert errors[0] > 0.1, drawn


def stats(family: str) -> tuple[Any, Any]:
    return FAMILIES[family].mean, FAMILIES[family].std
