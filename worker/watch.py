"""Watch a video without the service: captions are printed as they come, WebVTT and JSON written at the end.

    python -m worker.watch VIDEO --model /models/Qwen3-VL-8B-Instruct --vtt captions.vtt --json captions.json

Exit codes: 0 the whole video was watched, 1 it was not (what was captioned is written all the same), 2 wrong usage.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from worker.bm3 import NANO


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = _parser()
    given = vars(parser.parse_args(arguments))
    options = {action.dest: action.option_strings[0] for action in parser._actions if action.option_strings}
    from worker.watching import watch_as_asked  # here: help and typing errors should not wait for it

    return watch_as_asked(given, options)


def seconds(text: str) -> int:
    """Seconds as they are typed, in the milliseconds of the parameters; raises ValueError where they are none.

    argparse calls what it refuses by the name of this function.
    """
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return round(number * 1000)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker.watch", description="Caption a video on this machine.")
    parser.add_argument("video", help="a video file")
    parser.add_argument(
        "--model",
        default=str(NANO),
        help="a folder, a hub id or a model spec such as PATH?device=cuda&dtype=bfloat16 (default: the built-in nano)",
    )
    parser.add_argument("--prompt", help="what to describe; it stays in the context")
    parser.add_argument("--system", help="system prompt instead of the model's own")
    parser.add_argument("--fps", type=float, help="frames sampled per second")
    parser.add_argument("--frame-pixels", type=int, dest="max_frame_pixels", help="pixel budget of one frame")
    parser.add_argument("--chunk", type=seconds, metavar="SECONDS", dest="chunk_ms", help="video shown at once")
    parser.add_argument("--window", type=seconds, metavar="SECONDS", dest="vision_ms", help="video kept in sight")
    parser.add_argument(
        "--text-sink", type=int, metavar="TOKENS", dest="text_sink_tokens", help="first text that stays in the context"
    )
    parser.add_argument(
        "--text-window", type=int, metavar="TOKENS", dest="text_window_tokens", help="latest words remembered"
    )
    parser.add_argument("--max-tokens", type=int, dest="max_tokens_per_chunk", help="new tokens a chunk")
    parser.add_argument("--temperature", type=float, help="0 is greedy")
    parser.add_argument("--top-k", type=int, help="choose among so many tokens; 0 is off")
    parser.add_argument("--top-p", type=float, help="choose among the likeliest tokens of this probability together")
    parser.add_argument("--repetition-penalty", type=float, help="above 1 makes words already generated less likely")
    parser.add_argument("--seed", type=int, help="of the random choices")
    parser.add_argument("--silence-threshold", type=float, help="generate nothing when silence is at least this likely")
    parser.add_argument("--skip-similar", type=float, metavar="SHARE", help="skip frames that differ by less")
    parser.add_argument("--start", type=seconds, metavar="SECONDS", dest="start_ms", help="begin here")
    parser.add_argument("--end", type=seconds, metavar="SECONDS", dest="end_ms", help="end here")
    parser.add_argument("--parallel", type=int, metavar="K", dest="segments", help="watch K parts at the same time")
    parser.add_argument("--warmup", type=seconds, metavar="SECONDS", dest="warmup_ms", help="overlap before each part")
    parser.add_argument("--chapters", action="store_true", help="chapters and a summary at the end")
    parser.add_argument("--vtt", type=Path, metavar="OUT", dest="captions.vtt", help="write WebVTT")
    parser.add_argument("--srt", type=Path, metavar="OUT", dest="captions.srt", help="write SubRip")
    parser.add_argument("--json", type=Path, metavar="OUT", dest="captions.json", help="write JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
