"""The command line of `python -m worker.bm3.scenes`: one video and its truth."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from worker.bm3.scenes.world import HELD_OUT_SEED, PRESETS, Combos, Options


def run(arguments: list[str] | None = None) -> None:
    """Write what the arguments ask for; progress goes to stderr."""
    args = _parser().parse_args(arguments)
    from worker.bm3.scenes.scenes import Scene  # here: help should not wait for the renderer and the encoder
    from worker.bm3.scenes.write import Format, write_truth, write_video

    scene = Scene(args.seed, _options(args))
    fmt = Format(round(args.minutes * 60_000), args.size, args.fps)
    for t_ms in write_video(scene, args.out, fmt):
        if t_ms % 60_000 == 0:
            print(f"\r{t_ms / fmt.duration_ms:4.0%}", end="", file=sys.stderr, flush=True)
    print("\rdone", file=sys.stderr)
    if args.truth:
        write_truth(scene, args.truth, fmt)


def _options(args: argparse.Namespace) -> Options:
    from worker.bm3.scenes.pictures import available

    options = PRESETS[args.preset]
    given = {name: value for name in ("noise", "shake", "texture") if (value := getattr(args, name)) is not None}
    combos: Combos = args.combos or ("mixed" if args.seed >= HELD_OUT_SEED else "train")
    return replace(options, combos=combos, pictures=available() if args.pictures else (), **given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker.bm3.scenes", description="Render a video with its truth.")
    parser.add_argument(
        "--seed", type=int, default=HELD_OUT_SEED, help=f"from {HELD_OUT_SEED} on: held out of training"
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--out", type=Path, required=True, help="video file; the suffix decides the container")
    parser.add_argument("--truth", type=Path, help="JSON file for the events")
    parser.add_argument("--size", type=_size, default=(256, 256), metavar="WxH", help="pixels, even numbers")
    parser.add_argument("--fps", type=float, default=10.0)
    parser.add_argument("--preset", choices=sorted(PRESETS), default="nano", help="difficulty")
    parser.add_argument("--combos", choices=("train", "mixed", "all"), help="colour x shape pairs; default by seed")
    parser.add_argument("--pictures", action="store_true", help="add the emoji and stamps installed on this machine")
    for axis, unit in (("noise", "gray levels"), ("shake", "share of the short side"), ("texture", "gray levels")):
        parser.add_argument(f"--{axis}", type=float, help=unit)
    return parser


def _size(text: str) -> tuple[int, int]:
    width, height = (int(side) for side in text.split("x"))
    if min(width, height) < 16 or width % 2 or height % 2:
        raise argparse.ArgumentTypeError(f"{text}: H.264 wants even numbers, 16 or more")
    return width, height


if __name__ == "__main__":
    run()
