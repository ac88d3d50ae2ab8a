"""Single frames with everything in them described: what a model learns first."""

from __future__ import annotations

from dataclasses import replace

from worker.bm3.scenes import grammar
from worker.bm3.scenes.cast import Cast, placed
from worker.bm3.scenes.pose import still, visible
from worker.bm3.scenes.render import Pixels, Renderer
from worker.bm3.scenes.rng import SeededRandom
from worker.bm3.scenes.world import BACKGROUNDS, NUMBERS, PLACES, WORDS, Options, Stage


def snapshot(seed: int, options: Options | None = None, size: int | tuple[int, int] = 128) -> tuple[Pixels, str]:
    """A random still arrangement, uint8 RGB (height, width, 3), and its dense caption."""
    options = options or Options()
    rng = SeededRandom(seed)
    view = still(_arrangement(options, rng))
    renderer = Renderer(seed, options, (size, size) if isinstance(size, int) else size)
    return renderer.draw(view, rng.whole(0, 100_000)), grammar.dense(visible(view))


def _arrangement(options: Options, rng: SeededRandom) -> Stage:
    stage = Stage(rng.pick(tuple(BACKGROUNDS)))
    cast = Cast(options, rng)
    places = list(range(len(PLACES)))
    for _ in range(rng.whole(0, options.max_objects)):
        thing = cast.fresh(stage)
        if thing is None:
            break
        place = places.pop(rng.whole(0, len(places) - 1))
        stage = replace(stage, actors=(*stage.actors, placed(thing, place, options, rng)))
        cast.see(stage, 0)
    if options.texts and rng.chance(options.snapshot_text_rate):
        stage = replace(stage, text=rng.pick(WORDS if rng.chance(0.5) else NUMBERS))
    return stage
