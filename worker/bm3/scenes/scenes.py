"""Synthetic videos with the truth of what happens in them: endless, deterministic by seed, in constant memory.

python -m worker.bm3.scenes --seed 7 --minutes 10 --out scene.mp4 --truth scene.json
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import count

import numpy as np

from worker.bm3.scenes import grammar
from worker.bm3.scenes.grammar import vocabulary
from worker.bm3.scenes.pose import SceneView, during, still, visible
from worker.bm3.scenes.render import Pixels, Renderer
from worker.bm3.scenes.script import Director, SceneBeat
from worker.bm3.scenes.snapshot import snapshot
from worker.bm3.scenes.steps import SceneStep
from worker.bm3.scenes.world import HELD_OUT_PAIRS, HELD_OUT_SEED, PRESETS, Options, SceneEvent

__all__ = ["HELD_OUT_PAIRS", "HELD_OUT_SEED", "PRESETS", "Options", "Scene", "SceneEvent", "snapshot", "vocabulary"]

Size = int | tuple[int, int]
BEATS_KEPT = 64


class Scene:
    """One endless video. Going forward is cheap; going back more than two minutes replays the script from the start."""

    def __init__(self, seed: int, options: Options | None = None) -> None:
        self.seed = seed
        self.options = options or Options()
        self._renderers: dict[tuple[int, int], Renderer] = {}
        self._start()

    def frame(self, t_ms: int, size: Size = 256) -> Pixels:
        """uint8 RGB (height, width, 3); `size` is a square's side or (width, height) in pixels."""
        wanted = (size, size) if isinstance(size, int) else size
        if wanted not in self._renderers:
            self._renderers[wanted] = Renderer(self.seed, self.options, wanted)
        return self._renderers[wanted].draw(self._view(t_ms), t_ms)

    def frames(self, start_ms: int, end_ms: int, fps: float = 2.0, size: Size = 256) -> Pixels:
        """(n, height, width, 3): the frames at start, start + 1000/fps, ... before `end_ms`."""
        return np.stack([self.frame(t_ms, size) for t_ms in frame_times(start_ms, end_ms, fps)])

    def events(self, start_ms: int, end_ms: int) -> list[SceneEvent]:
        """Events that begin in [start_ms, end_ms), by onset."""
        found = []
        for index in range(self._beat_index(start_ms), self._beat_index(end_ms) + 1):
            found += [step.event for step in self._steps(index)]
        return [event for event in found if start_ms <= event.onset_ms < end_ms]

    def dense_caption(self, t_ms: int) -> str:
        """Everything visible in the frame of this moment."""
        return grammar.dense(visible(self._view(t_ms)))

    def caption(self, chunk_index: int, chunk_ms: int = 2000, fps: float = 2.0) -> str:
        """What to say after this chunk: the events that its sampled frames are the first to show complete."""
        start_ms, end_ms = chunk_index * chunk_ms, (chunk_index + 1) * chunk_ms
        events = self.events(max(0, start_ms - 2 * self.options.beat_ms - chunk_ms), end_ms)
        return grammar.caption(event for event in events if start_ms <= first_shown_ms(event, fps) < end_ms)

    def captions(self, chunk_ms: int = 2000, fps: float = 2.0, until_ms: int | None = None) -> Iterator[str]:
        """One caption a chunk from the start on; '' is silence; endless without `until_ms`."""
        for index in count():
            if until_ms is not None and index * chunk_ms >= until_ms:
                return
            yield self.caption(index, chunk_ms, fps)

    def _view(self, t_ms: int) -> SceneView:
        index = self._beat_index(t_ms)
        if index < 0:
            return still(self._opening)
        beat = self._beat(index)
        current = [step for step in beat.steps if step.event.onset_ms <= t_ms]
        return during(current[-1], t_ms) if current else still(beat.opening)

    def _beat_index(self, t_ms: int) -> int:
        return (t_ms - self._phase_ms) // self.options.beat_ms

    def _steps(self, index: int) -> tuple[SceneStep, ...]:
        return self._beat(index).steps if index >= 0 else ()

    def _beat(self, index: int) -> SceneBeat:
        if self._kept and index < self._kept[0].index:
            self._start()
        while not self._kept or self._kept[-1].index < index:
            self._kept.append(next(self._beats))
        return self._kept[index - self._kept[0].index]

    def _start(self) -> None:
        director = Director(self.seed, self.options)
        self._phase_ms, self._opening = director.phase_ms, director.opening()
        self._beats = director.beats()
        self._kept: deque[SceneBeat] = deque(maxlen=BEATS_KEPT)


def frame_times(start_ms: int, end_ms: int, fps: float) -> Iterator[int]:
    """start, start + 1000/fps, ... before the end, each rounded once to whole milliseconds."""
    for number in count():
        t_ms = start_ms + round(number * 1000 / fps)
        if t_ms >= end_ms:
            return
        yield t_ms


def first_shown_ms(event: SceneEvent, fps: float) -> int:
    """The first sampled frame that shows the event complete, frames being taken from time 0 on."""
    frame = -int(-event.end_ms * fps // 1000)
    return round(frame * 1000 / fps)
