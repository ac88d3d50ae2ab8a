"""What `python -m worker.watch` does once its arguments are read: one video through the engine, its captions to the console."""

from __future__ import annotations

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
from db.documents.kinds.video import DEMO_NOTICE, Cue, Gap, VideoCaptionParams, VideoCaptionResult, Window
from worker.context import LocalContext
from worker.engine.protocol import Engine
from worker.engines import load_engine
from worker.errors import Permanent, Transient
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
        """Copy a file to where the command asked for it, if it did."""
        if name in self._targets:
            shutil.copyfile(path, self._targets[name])

    def emit(self, cues: Sequence[Cue], checkpoint: dict[str, Any], done_ms: int | None = None) -> None:
        """Print each cue as a line with its times."""
        super().emit(cues, checkpoint, done_ms)
        for cue in cues:
            text = " ".join(cue.text.split())
            print(f"{captions.clock(cue.start_ms)} --> {captions.clock(cue.end_ms)}  {text}", flush=True)

    def gap(self, gap: Gap) -> None:
        """Print a gap as a line with its times and its reason."""
        super().gap(gap)
        end = "the end" if gap.end_ms is None else captions.clock(gap.end_ms)
        _say(f"{captions.clock(gap.start_ms)} --> {end}  [{gap.reason}]")


def watch_as_asked(given: dict[str, Any], options: Mapping[str, str]) -> int:
    """The exit code. `given` are the values of the command line by parameter, `options` the names they were typed by."""
    video, model = Path(given.pop("video")), given.pop("model")
    asked = {name: given.pop(name) for name in FILES}
    targets: dict[str, Path] = {name: path for name, path in asked.items() if path is not None}
    try:
        params = _params(given)
    except ValidationError as error:
        return _refused(*_as_typed(error, options))
    if not video.is_file():
        return _refused(f"no such file: {video}")
    if lost := [path for path in targets.values() if path.is_dir() or not path.parent.is_dir()]:
        return _refused(*(f"cannot be written: {path}" for path in lost))
    return _watch(video, model, params, targets)


def _as_typed(error: ValidationError, options: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with the parameters, by the names of the options they came from."""
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
    if engine.info.demo:
        _say(f"{engine.info.name} is a demonstration model: {DEMO_NOTICE}")
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


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
