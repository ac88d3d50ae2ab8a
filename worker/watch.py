"""Watch a video without the service: captions are printed as they come, WebVTT and JSON written at the end.

    python -m worker.watch VIDEO --model /models/Qwen3-VL-8B-Instruct --vtt captions.vtt --json captions.json

Exit codes: 0 the whole video was watched, 1 it was not (what was captioned is written all the same), 2 wrong usage.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from db import captions
from db.kinds.base import MediaInput, Sampling
from db.kinds.video import Cue, Gap, VideoCaptionParams, VideoCaptionResult, Window
from worker.context import LocalContext
from worker.engines import load_engine
from worker.engines.base import Engine
from worker.errors import Permanent, Transient
from worker.settings import NANO
from worker.video.handler import caption_video

FAILED, WRONG_USAGE = 1, 2
LOCAL = MediaInput(asset_id="local")  # the context knows the file; documents never hold a path


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
    given = vars(_parser().parse_args(arguments))
    video, model = Path(given.pop("video")), given.pop("model")
    asked = {"captions.vtt": given.pop("vtt"), "captions.json": given.pop("json")}
    targets: dict[str, Path] = {name: path for name, path in asked.items() if path is not None}
    try:
        params = _params(given)
    except ValidationError as error:
        return _refused(*(f"{wrong['loc'][-1]}: {wrong['msg']}" for wrong in error.errors(include_url=False)))
    if not video.is_file():
        return _refused(f"no such file: {video}")
    if lost := [path for path in targets.values() if path.is_dir() or not path.parent.is_dir()]:
        return _refused(*(f"cannot be written: {path}" for path in lost))
    return _watch(video, model, params, targets)


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
        "captions.json": captions.document(cues, job.gaps, origin, result=None),
    }
    for name, path in targets.items():
        path.write_text(texts[name], encoding="utf-8", newline="")


def _params(given: dict[str, Any]) -> VideoCaptionParams:
    """Job parameters from the command line's seconds; what was not given keeps the job's default."""
    given = {key: value for key, value in given.items() if value is not None}
    for name, target in (("chunk", "chunk_ms"), ("start", "start_ms"), ("end", "end_ms"), ("warmup", "warmup_ms")):
        if name in given:
            given[target] = round(given.pop(name) * 1000)
    window: dict[str, int] = {
        name: given.pop(name) for name in ("text_sink_tokens", "text_window_tokens") if name in given
    }
    if "window" in given:
        window["vision_ms"] = round(given.pop("window") * 1000)
    sampling = {name: given.pop(name) for name in Sampling.model_fields if name in given}
    if "segments" in given:
        given["mode"] = "parallel"
    return VideoCaptionParams(video=LOCAL, window=Window(**window), sampling=Sampling(**sampling), **given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker.watch", description="Caption a video on this machine.")
    parser.add_argument("video", help="a video file")
    parser.add_argument(
        "--model",
        default=str(NANO),
        help="a folder, a hub id or a model spec such as PATH?device=cuda&dtype=bfloat16 (default: the built-in nano)",
    )
    parser.add_argument("--prompt")
    parser.add_argument("--system")
    parser.add_argument("--fps", type=float, help="frames sampled per second")
    parser.add_argument("--frame-pixels", type=int, dest="max_frame_pixels", help="pixel budget of one frame")
    parser.add_argument("--chunk", type=float, metavar="SECONDS", help="video shown at once")
    parser.add_argument("--window", type=float, metavar="SECONDS", help="video kept in sight")
    parser.add_argument("--text-sink", type=int, metavar="TOKENS", dest="text_sink_tokens")
    parser.add_argument("--text-window", type=int, metavar="TOKENS", dest="text_window_tokens")
    parser.add_argument("--max-tokens", type=int, dest="max_tokens_per_chunk", help="new tokens a chunk")
    parser.add_argument("--temperature", type=float, help="0 is greedy")
    parser.add_argument("--top-k", type=int)
    parser.add_argument("--top-p", type=float)
    parser.add_argument("--repetition-penalty", type=float)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--silence-threshold", type=float)
    parser.add_argument("--skip-similar", type=float, metavar="SHARE", help="skip frames that differ by less")
    parser.add_argument("--start", type=float, metavar="SECONDS")
    parser.add_argument("--end", type=float, metavar="SECONDS")
    parser.add_argument("--parallel", type=int, metavar="K", dest="segments", help="watch K parts at the same time")
    parser.add_argument("--warmup", type=float, metavar="SECONDS", help="overlap before each part")
    parser.add_argument("--chapters", action="store_true", help="chapters and a summary at the end")
    parser.add_argument("--vtt", type=Path, metavar="OUT", help="write WebVTT")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write JSON")
    return parser


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
