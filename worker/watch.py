"""Watch a video without the service: captions are printed as they come, WebVTT and JSON written at the end.

    python -m worker.watch VIDEO --model fake --vtt captions.vtt --json captions.json

Exit codes: 0 the whole video was watched, 1 it was not (what was captioned is written all the same), 2 wrong usage.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from db import captions
from db.kinds.base import MediaInput, Sampling
from db.kinds.video import Cue, Gap, VideoCaptionParams, VideoCaptionResult, Window
from worker.context import LocalContext
from worker.engines import load_engine
from worker.errors import JobError
from worker.video.handler import caption_video

FAILED, WRONG_USAGE = 1, 2
LOCAL = MediaInput(asset_id="local")  # the context knows the file; documents never hold a path


class ConsoleContext(LocalContext):
    """A local context that prints cues on stdout and gaps on stderr as they come."""

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
    vtt, document = given.pop("vtt"), given.pop("json")
    try:
        params = _params(given)
    except ValidationError as error:
        _say(str(error))
        return WRONG_USAGE
    if not video.is_file():
        _say(f"no such file: {video}")
        return WRONG_USAGE
    return _watch(video, model, params, {"vtt": vtt, "json": document})


def _watch(video: Path, model: str, params: VideoCaptionParams, targets: dict[str, Path | None]) -> int:
    result: VideoCaptionResult | None = None
    job: ConsoleContext | None = None
    try:
        job = ConsoleContext(load_engine(model), video)
        answer = caption_video(params, job)
        result = answer if isinstance(answer, VideoCaptionResult) else None  # a local context never splits
    except JobError as error:
        _say(f"{getattr(error, 'code', 'stopped')}: {error}")
    except KeyboardInterrupt:
        _say("interrupted")
    if job is not None:
        job.engine.close()
        _write(job, params, result, targets)
    if result is None:
        return FAILED
    _say(f"{result.cues} cues, {result.chunks} chunks, {result.frames} frames, {result.duration_ms} ms of video")
    return 0


def _write(
    job: LocalContext, params: VideoCaptionParams, result: VideoCaptionResult | None, targets: dict[str, Path | None]
) -> None:
    cues, origin = job.cues(), captions.note(job.job_id, job.engine.info.name, params)
    if (vtt := targets["vtt"]) is not None:
        vtt.write_text(captions.vtt(cues, origin), encoding="utf-8", newline="")
    if (path := targets["json"]) is not None:
        gaps = result.gaps if result else job.gaps
        summary = result.model_dump(mode="json", exclude={"gaps"}) if result else None
        path.write_text(captions.document(cues, gaps, origin, result=summary), encoding="utf-8")


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
        "--model", default="fake", help="a model spec: fake, pytorch:PATH?dtype=bfloat16 (default: fake)"
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
