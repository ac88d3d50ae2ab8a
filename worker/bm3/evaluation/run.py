"""Held-out videos watched under several ways to remember, and scored; see `worker.bm3.evaluate`, its command line."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic_core import to_jsonable_python

from db.documents.kinds.video import DEFAULT_PROMPT
from db.failures import Failure
from worker.bm3.evaluation.match import Timing
from worker.bm3.evaluation.report import WatchedVideo, joined, plot, table
from worker.bm3.evaluation.watch import VARIANTS, Heard, MemoryVariant, decoded, options_for, rendered, watch
from worker.bm3.scenes.scenes import Scene
from worker.bm3.scenes.world import PRESETS, Options
from worker.bm3.scenes.write import Format, write_video
from worker.engine.protocol import Chunk, Engine, WatchOptions
from worker.engines import load_engine
from worker.errors import Permanent


@dataclass(frozen=True)
class Task:
    """One held-out video and how it is watched."""

    seed: int
    duration_ms: int
    options: Options
    size: tuple[int, int] = (256, 256)
    video_fps: float = 4.0
    codec: bool = True  # through H.264 and the decoder, as a user's file goes
    watching: WatchOptions = field(default_factory=lambda: WatchOptions(prompt=DEFAULT_PROMPT))

    @property
    def scene(self) -> Scene:
        """The made-up world that the video shows; it knows what happens in it."""
        return Scene(self.seed, self.options)


def evaluate(engine: Engine, tasks: Sequence[Task], variants: dict[str, MemoryVariant]) -> dict[str, dict[str, Any]]:
    """The figures of each variant that fits the model's context, over all videos; see `Watched.figures`."""
    watched: dict[str, list[WatchedVideo]] = {name: [] for name in variants}
    for task in tasks:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "video.mp4"
            if task.codec:
                for _ in write_video(task.scene, path, Format(task.duration_ms, task.size, task.video_fps)):
                    pass
            for name, variant in variants.items():
                watched[name] += _if_it_fits(engine, task, variant, path, name)
    return {name: joined(videos).figures() for name, videos in watched.items() if videos}


def _if_it_fits(engine: Engine, task: Task, variant: MemoryVariant, path: Path, name: str) -> list[WatchedVideo]:
    try:
        return [_watched(engine, task, variant, path, name)]
    except Permanent as error:
        if error.code is not Failure.CONTEXT_TOO_SMALL:
            raise
        print(f"{name}: left out, {error}", file=sys.stderr)
        return []


def _watched(engine: Engine, task: Task, variant: MemoryVariant, path: Path, name: str) -> WatchedVideo:
    options = options_for(variant, task.watching)
    heard = list(_with_progress(watch(engine, _chunks(engine, task, path, options), options, variant.ablation), name))
    timing = Timing(options.chunk_ms, options.fps)
    return WatchedVideo((task.seed,), heard, task.scene.events(0, task.duration_ms), timing)


def _chunks(engine: Engine, task: Task, path: Path, options: WatchOptions) -> Iterator[Chunk]:
    if task.codec:
        return decoded(path, engine, options)
    return rendered(task.scene, task.duration_ms, engine.frame_size(*task.size, options.max_frame_pixels), options)


def _with_progress(heard: Iterator[Heard], name: str) -> Iterator[Heard]:
    for one in heard:
        if one.end_ms % 60_000 == 0:
            print(f"\r{name}: {one.end_ms // 60_000} min ", end="", file=sys.stderr, flush=True)
        yield one
    print(file=sys.stderr)


def evaluate_as_asked(args: argparse.Namespace) -> None:
    """What the command line asked for: figures to stdout, progress to stderr."""
    engine = load_engine(args.spec or f"{args.checkpoint.name}=pytorch:{args.checkpoint}?device={args.device}")
    size = (args.size, args.size)
    task = Task(args.seed, round(args.minutes * 60_000), replace(PRESETS[args.preset], combos=args.combos), size)
    task = replace(task, codec=not args.no_codec, watching=replace(task.watching, max_frame_pixels=args.size**2))
    tasks = [replace(task, seed=task.seed + number) for number in range(args.videos)]
    rows = evaluate(engine, tasks, {name: VARIANTS[name] for name in args.variants or VARIANTS})
    engine.close()
    document = {
        "model": to_jsonable_python(engine.info),
        "preset": args.preset,
        "combos": args.combos,
        "variants": rows,
    }
    if args.out:
        args.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(document, indent=1) if args.json else table(rows))
    if args.plot:
        plot(rows, args.plot)
