"""What `python -m worker.bm3.publish` writes: a training run's checkpoint as the folder that ships."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForImageTextToText, AutoTokenizer

from worker.bm3.data.processor import processor_of
from worker.bm3.evaluation.watch import NANO_WINDOW
from worker.bm3.model import model as _registered  # noqa: F401  (importing registers the Auto classes)
from worker.bm3.model.patch_resize import enlarge
from worker.bm3.scenes.world import ODD
from worker.bm3.training.checkpoints import replace_folder
from worker.bm3.training.model_card import card

RECORDS = ("metrics.csv", "metrics.png")
READABLE = 0o644


def publish(run: Path, out: Path, dtype: torch.dtype, times: int = 1, evaluations: Sequence[Path] = ()) -> None:
    """Write the folder whole, model card included; `evaluations` are documents that `worker.bm3.evaluate --out` wrote.

    `times` 2 makes a model that takes frames of twice the side, see `enlarge`.
    """

    def write(fresh: Path) -> None:
        _write_model(run / "checkpoint", fresh, dtype, times)
        _write_records(run, fresh)
        (fresh / "MODEL_CARD.md").write_text(card(run, fresh, times, evaluations), encoding="utf-8")
        for file in fresh.iterdir():
            file.chmod(READABLE)  # safetensors writes for its owner alone, a service runs as somebody else

    replace_folder(out, write)


def _write_model(checkpoint: Path, out: Path, dtype: torch.dtype, times: int) -> None:
    model: Any = AutoModelForImageTextToText.from_pretrained(checkpoint, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    enlarge(model, times)
    model.config.default_window = NANO_WINDOW.model_dump()
    model.config.demonstration = True  # what these recipes train on are rendered scenes
    model.generation_config.suppress_tokens = _first_tokens(tokenizer, ODD)
    model.to(dtype).save_pretrained(out)
    processor_of(tokenizer, model.config.vision_config).save_pretrained(out)


def _first_tokens(tokenizer: Any, word: str) -> list[int]:
    """What the word begins with at the start of a reply, and inside one: training needs it, nobody is to hear it."""
    return [tokenizer.encode(form, add_special_tokens=False)[0] for form in (word, f" {word}")]


def _write_records(run: Path, out: Path) -> None:
    for record in RECORDS:
        if (run / record).exists():
            shutil.copyfile(run / record, out / record)
