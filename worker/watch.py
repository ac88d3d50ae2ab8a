"""Watch a video without the service: captions are printed as they come, WebVTT and JSON written at the end.

    python -m worker.watch VIDEO --model /models/Qwen3-VL-8B-Instruct --vtt captions.vtt --json captions.json

Exit codes: 0 the whole video was watched, 1 it was not (what was captioned is written all the same), 2 wrong usage.
"""

from __future__ import annotations

import argparse
import math
import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from db.documents import captions
from db.documents.kinds.base import MediaInput, Sampling
from db.documents.kinds.video import Cue, Gap, VideoCaptionParams, VideoCaptionResult, Window
from worker.context import LocalContext
from worker.engine.protocol import Engine
from worker.engines import load_engine
from worker.errors import Permanent, Transient
from worker.settings import NANO
from worker.video.handler import caption_video

FAILED, WRONG_USAGE = 1, 2
LOCAL = MediaInput(asset_id="local")  # the context knows the file; documents never hold a path
FILES = ("captions.vtt", "captions.srt", "captions.json")
"""What may be asked for of the handler's result files; the options that name their targets are called so inside."""


class ConsoleContext(LocalContext):
    """A local context that prints cues on stdout and gaps on stderr as they come; `targets` is where result files go."""

    def __init__(self, engine: Engine, media: Path, targets: Mapping[str, Path]) -> None:
        super().__init__(engine, media)
        self._targets = targets

    def attach(self, name: str, path: Path, media_type: str) -> None:
        if name in self._targets:
            shutil.copyfile(path, self._targets[name])

    def emit(self, cues: Sequence[Cue], checkpoint: dict[str, Any]) -> None:
        super().emit(cues, checkpoint)
        for cue in cues:
            text = " ".join(cue.text.split())
            print(f"{captions.clock(cue.start_ms)} --> {captions.clock(cue.end_ms)}  {text}", flush=True)

    def gap(self, gap: Gap) -> None:
        super().gap(gap)
        end = "the end" if gap.end_ms is None else captions.clock(gap.end_ms)
        _say(f"{captions.clock(gap.start_ms)} --> {end}  [{gap.reason}]")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = _parser()
    given = vars(parser.parse_args(arguments))
    video, model = Path(given.pop("video")), given.pop("model")
    asked = {name: given.pop(name) for name in FILES}
    targets: dict[str, Path] = {name: path for name, path in asked.items() if path is not None}
    try:
        params = _params(given)
    except ValidationError as error:
        return _refused(*_as_typed(error, parser))
    if not video.is_file():
        return _refused(f"no such file: {video}")
    if lost := [path for path in targets.values() if path.is_dir() or not path.parent.is_dir()]:
        return _refused(*(f"cannot be written: {path}" for path in lost))
    return _watch(video, model, params, targets)


def _as_typed(error: ValidationError, parser: argparse.ArgumentParser) -> Iterator[str]:
    """What is wrong with the parameters, by the names of the options they came from."""
    options = {action.dest: action.option_strings[0] for action in parser._actions if action.option_strings}
    for wrong in error.errors(include_url=False):
        field = str(wrong["loc"][-1]) if wrong["loc"] else ""
        unit = " ms" if field.endswith("_ms") else ""
        said = re.sub(r"\w+_ms", lambda name: options.get(name[0], name[0]), wrong["msg"])
        yield f"{options[field]}: {said}{unit}" if field else said.removeprefix("Value error, ")


def _refused(*reasons: str) -> int:
    for reason in reasons:
        _say(reason)
    return WRONG_USAGE


def _watch(video: Path, model: str, params: VideoCaptionParams, targets: dict[str, Path]) -> int:
    try:
        engine = load_engine(model)
    except (Permanent, Transient) as error:
        return _failed(error)
    job, start_s = ConsoleContext(engine, video, targets), time.perf_counter()
    try:
        result = cast(VideoCaptionResult, caption_video(params, job))  # a local context never splits
        _conclude(result, time.perf_counter() - start_s)
    except (Permanent, Transient, KeyboardInterrupt) as error:
        _write_so_far(job, params, targets)
        return _failed(error)
    finally:
        engine.close()
    return 0


def _failed(error: Permanent | Transient | KeyboardInterrupt) -> int:
    _say("interrupted" if isinstance(error, KeyboardInterrupt) else f"{error.code}: {error}")
    return FAILED


def _conclude(result: VideoCaptionResult, wall_s: float) -> None:
    """Chapters and summary on stdout, counts and times on stderr."""
    for chapter in result.chapters:
        print(f"{captions.clock(chapter.start_ms)} --> {captions.clock(chapter.end_ms)}  # {chapter.title}")
    if result.summary:
        print(result.summary)
    spent, video_s = result.spent, result.duration_ms / 1000
    _say(f"{result.cues} cues, {result.chunks} chunks, {result.frames} frames")
    _say(
        f"{video_s:.1f} s of video in {wall_s:.1f} s, {video_s / wall_s:.1f} x real time: vision {spent.vision_s:.1f} s, "
        f"prefill {spent.prefill_s:.1f} s, decode steps {spent.reply_s:.1f} s; beside them decoding {spent.decode_s:.1f} s"
    )


def _write_so_far(job: LocalContext, params: VideoCaptionParams, targets: dict[str, Path]) -> None:
    """What was captioned before it failed; a whole video's files come from the handler."""
    cues, origin = job.cues(), captions.note(job.job_id, job.engine.info.name, params)
    texts = {
        "captions.vtt": captions.vtt(cues, origin),
        "captions.srt": captions.srt(cues),
        "captions.json": captions.document(cues, job.gaps, origin, result=None),
    }
    for name, path in targets.items():
        path.write_text(texts[name], encoding="utf-8", newline="")


def _params(given: dict[str, Any]) -> VideoCaptionParams:
    """Job parameters from the command line; what was not given keeps the job's default."""
    given = {key: value for key, value in given.items() if value is not None}
    window = {name: given.pop(name) for name in Window.model_fields if name in given}
    sampling = {name: given.pop(name) for name in Sampling.model_fields if name in given}
    if "segments" in given:
        given["mode"] = "parallel"
    return VideoCaptionParams(
        video=LOCAL, window=Window(**window) if window else None, sampling=Sampling(**sampling), **given
    )


def seconds(text: str) -> int:
    """Seconds as they are typed, in the milliseconds of the parameters; argparse tells this name when they are no number."""
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
    parser.add_argument("--prompt", help="what to tell; the model never forgets it")
    parser.add_argument("--system", help="system prompt instead of the model's own")
    parser.add_argument("--fps", type=float, help="frames sampled per second")
    parser.add_argument("--frame-pixels", type=int, dest="max_frame_pixels", help="pixel budget of one frame")
    parser.add_argument("--chunk", type=seconds, metavar="SECONDS", dest="chunk_ms", help="video shown at once")
    parser.add_argument("--window", type=seconds, metavar="SECONDS", dest="vision_ms", help="video kept in sight")
    parser.add_argument(
        "--text-sink", type=int, metavar="TOKENS", dest="text_sink_tokens", help="first words never forgotten"
    )
    parser.add_argument(
        "--text-window", type=int, metavar="TOKENS", dest="text_window_tokens", help="latest words remembered"
    )
    parser.add_argument("--max-tokens", type=int, dest="max_tokens_per_chunk", help="new tokens a chunk")
    parser.add_argument("--temperature", type=float, help="0 is greedy")
    parser.add_argument("--top-k", type=int, help="choose among so many tokens; 0 is off")
    parser.add_argument("--top-p", type=float, help="choose among the likeliest tokens of this probability together")
    parser.add_argument("--repetition-penalty", type=float, help="above 1 makes words already said less likely")
    parser.add_argument("--seed", type=int, help="of the random choices")
    parser.add_argument("--silence-threshold", type=float, help="say nothing when silence is at least this likely")
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


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
