"""The scenes generator as an endless source of examples: still pictures, then clips, then streams with memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import Annotated, Any, Literal

import numpy as np
import torch
from pydantic import AliasChoices, BeforeValidator, ConfigDict, Field

from db.documents.kinds.video import DEFAULT_PROMPT
from worker.bm3.data.augment import degraded, pooled, recoloured, with_wrong_tokens
from worker.bm3.data.examples import Example, Pictures
from worker.bm3.data.layout import Layout, TokenPart, TrainingSpan, group_stamps_s, join, picture_tokens
from worker.bm3.data.patches import PatchShape, Pixels, cut
from worker.bm3.data.tokenizer import DENSE_PROMPT
from worker.bm3.model.positions import TEXT, VIDEO
from worker.bm3.scenes.scenes import HELD_OUT_SEED, PRESETS, Scene, snapshot

MAX_START_S = 3 * 3600
DENSE_EVENT_RATE = 0.95  # of the clips that a recipe wants dense with events
LATE_SHARE = 0.7  # of the clips whose clock does not start at 0
"""Clock times up to here are shown in training, whatever the scene's own time."""


def formerly(name: str, earlier: str) -> Any:
    """A field that recipes written before called otherwise."""
    return Field(validation_alias=AliasChoices(name, earlier))


def _present_kind(kind: object) -> object:
    return "text_only" if kind == "told" else kind  # as recipes written before call it


@dataclass(frozen=True)
class SceneRecipe:
    """What a stage of the curriculum looks like."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # a dataclass does not have the rule of the table around it

    kind: Annotated[Literal["still", "clip", "text_only"], BeforeValidator(_present_kind)] = "clip"
    """`text_only`: replies without frames, for what memory must say."""
    preset: str = "nano"
    size_px: int = 256
    fps: float = 2.0
    chunk_ms: int = 2000
    chunks: int = 4
    memory_chunks: int = 0  # at most so many chunks before the clip are remembered by their replies
    window_chunks: int = 8
    max_objects: int = 4
    best_of: Annotated[int, formerly("best_of", "picks")] = 1
    """Of so many random stills the one with the most to tell is taken."""
    dense_event_share: Annotated[float, formerly("dense_event_share", "busy")] = 0.0
    """Share of clips with an event in nearly every chunk."""
    pooled: float = 0.0  # share of examples drawn at twice the size and averaged down, as larger frames will be
    token_noise: Annotated[float, formerly("token_noise", "garbled")] = 0.0
    """Share of reply tokens shown wrong, so that words are read off the picture, not guessed."""
    recoloured: float = 0.0  # share of colour words shown as another colour
    unnamed_colour_share: Annotated[float, formerly("unnamed_colour_share", "odd")] = 0.0
    """Share of new objects in a colour without a name."""
    patterned: float = 0.0  # share of those in two colours
    texts: float = 0.4  # share of stills with a text
    degraded: float = 0.3  # share of chunks through JPEG and a colour shift, as a codec would do


class SceneSource:
    """Example `index` is a function of (seed, index) and the recipe alone, so a run can resume anywhere."""

    def __init__(
        self, recipe: SceneRecipe, layout: Layout, shape: PatchShape, seed: int, held_out: bool = False
    ) -> None:
        self._recipe = recipe
        self._layout = layout
        self._shape = shape
        self._seed = seed
        self._held_out = held_out
        combos: Literal["mixed", "train"] = "mixed" if held_out else "train"
        preset = PRESETS[recipe.preset]
        self._options = replace(
            preset,
            combos=combos,
            max_objects=recipe.max_objects,
            odd_rate=0.0 if held_out else recipe.unnamed_colour_share,
            patterned_rate=recipe.patterned,
            snapshot_text_rate=recipe.texts,
        )

    def example(self, index: int) -> Example:
        """Made up from the seed and `index` alone, so that every process makes the same."""
        rng = np.random.default_rng((self._seed, int(self._held_out), index))
        makers = {"still": self._still, "clip": self._clip, "text_only": self._text_only}
        return makers[self._recipe.kind](rng)

    def _still(self, rng: np.random.Generator) -> Example:
        """Several unrelated pictures in one sequence, each described in full."""
        spans = [self._layout.prompt(DENSE_PROMPT)]
        patches = []
        scale = self._scale(rng)
        for chunk in range(self._recipe.chunks):
            frame, text = self._snapshot(rng, scale)
            frames = degraded(np.stack([frame] * self._shape.frames_per_group), rng, self._recipe.degraded)
            patches.append(self._add(spans, chunk, frames, [self._clock_ms(rng)] * len(frames), text))
            spans[-1] = replace(spans[-1], part=TokenPart.PASSING)
        # A window of one chunk: each picture is described for itself.
        return self._example(spans, patches, 1, rng)

    def _snapshot(self, rng: np.random.Generator, scale: int) -> tuple[Pixels, str]:
        size_px = self._recipe.size_px * scale
        seen = [snapshot(self._scene_seed(rng), self._options, size_px) for _ in range(self._recipe.best_of)]
        frame, text = max(seen, key=lambda one: len(one[1]))
        return pooled(frame[None], scale)[0], text

    def _text_only(self, rng: np.random.Generator) -> Example:
        """What was said in the first chunks of a stream, as it stands in memory when all frames are gone."""
        captions = self._scene(rng).captions(self._recipe.chunk_ms, self._recipe.fps)
        spans = [self._layout.text_only(text) for text in islice(captions, self._recipe.chunks) if text]
        tokens = join([self._layout.prompt(DEFAULT_PROMPT), *spans])
        return Example(tokens, torch.full((len(tokens.ids),), TEXT))

    def _scene(self, rng: np.random.Generator) -> Scene:
        options = self._options
        if rng.random() < self._recipe.dense_event_share:
            options = replace(options, event_rate=DENSE_EVENT_RATE, still_rate=0.0)
        return Scene(self._scene_seed(rng), options)

    def _clip(self, rng: np.random.Generator) -> Example:
        recipe = self._recipe
        scene = self._scene(rng)
        before = int(rng.integers(0, recipe.memory_chunks + 1)) if recipe.memory_chunks else 0
        first = before + int(rng.integers(0, 2))
        captions = list(islice(scene.captions(recipe.chunk_ms, recipe.fps), first + recipe.chunks))
        spans = [self._layout.prompt(DEFAULT_PROMPT)]
        spans += [self._layout.remembered(text) for text in captions[first - before : first] if text]
        shift_ms = self._clock_ms(rng) if rng.random() < LATE_SHARE else 0
        patches = []
        scale = self._scale(rng)
        for chunk in range(first, first + recipe.chunks):
            start_ms = chunk * recipe.chunk_ms
            frames = scene.frames(start_ms, start_ms + recipe.chunk_ms, recipe.fps, recipe.size_px * scale)
            times_ms = [start_ms + shift_ms + round(i * 1000 / recipe.fps) for i in range(len(frames))]
            frames = degraded(pooled(frames, scale), rng, recipe.degraded)
            patches.append(self._add(spans, chunk, frames, times_ms, captions[chunk]))
        return self._example(spans, patches, recipe.window_chunks, rng)

    def _add(self, spans: list[TrainingSpan], chunk: int, frames: Pixels, times_ms: list[int], text: str) -> Pixels:
        patches, grid = cut(frames, self._shape)
        stamps_s = group_stamps_s(times_ms, self._shape.frames_per_group)
        spans.append(self._layout.frames(chunk, stamps_s, picture_tokens(grid, self._shape.merge)))
        spans.append(self._layout.reply(chunk, text))
        return patches

    def _example(
        self, spans: list[TrainingSpan], patches: list[Pixels], window_chunks: int, rng: np.random.Generator
    ) -> Example:
        tokens = join(spans)
        if not self._held_out:
            tokens = with_wrong_tokens(tokens, rng, self._recipe.token_noise)
            tokens = recoloured(tokens, rng, self._recipe.recoloured, self._layout.colour_ids)
        side = self._recipe.size_px // self._shape.patch_px
        packed = torch.from_numpy(np.concatenate(patches))
        groups = len(packed) // side**2
        videos = Pictures(packed, torch.tensor([[1, side, side]] * groups))
        types = torch.from_numpy(np.where(tokens.ids == self._layout.video_id, VIDEO, TEXT))
        needed = window_chunks if window_chunks < self._recipe.chunks else None
        return Example(tokens, types, videos=videos, window_chunks=needed)

    def _scale(self, rng: np.random.Generator) -> int:
        return 2 if rng.random() < self._recipe.pooled else 1

    def _scene_seed(self, rng: np.random.Generator) -> int:
        return int(rng.integers(0, HELD_OUT_SEED)) + (HELD_OUT_SEED if self._held_out else 0)

    def _clock_ms(self, rng: np.random.Generator) -> int:
        """A whole number of chunks, small ones as likely as large ones."""
        top = MAX_START_S * 1000 / self._recipe.chunk_ms
        return int(np.exp(rng.uniform(0, np.log(top)))) * self._recipe.chunk_ms
