"""Ask a model about pictures and videos without the service; the answer is printed as it comes.

    python -m worker.ask photo.jpg --text "What is this?" --model onnx:/models/qwen3-vl-4b-int4

Exit codes: 0 answered, 1 it could not be, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from worker.bm3 import NANO

FAILED, WRONG_USAGE = 1, 2
VIDEOS = frozenset({".mp4", ".mkv", ".mov", ".webm", ".avi", ".ts", ".m4v", ".mpg", ".mpeg", ".flv", ".wmv", ".3gp"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    asked = _parser().parse_args(arguments)
    if lost := [path for path in asked.media if not path.is_file()]:
        return _refused(f"no such file: {lost[0]}")
    try:
        schema = None if asked.json is None else _schema(asked.json)
    except (OSError, ValueError) as error:
        return _refused(f"--json: not a JSON schema ({error})")
    return _answer(asked, schema)


def _answer(asked: argparse.Namespace, schema: dict[str, Any] | None) -> int:
    from db.documents.kinds.base import Sampling  # here: help and typing errors should not wait for it
    from worker.engine.protocol import ChatRequest
    from worker.engines import load_engine
    from worker.errors import Permanent, Transient

    try:
        engine = load_engine(asked.model)
    except (Permanent, Transient) as error:
        return _failed(error)
    try:
        parts = [part for path in asked.media for part in _shown(path, engine)]
        messages = [{"role": "user", "content": [*parts, {"type": "text", "text": asked.text}]}]
        if asked.system is not None:
            messages.insert(0, {"role": "system", "content": asked.system})
        sampling = Sampling(temperature=asked.temperature, seed=asked.seed)
        answer = engine.chat(ChatRequest(messages, asked.max_tokens, sampling, schema), _print)
    except (Permanent, Transient, KeyboardInterrupt) as error:
        print()
        return _failed(error)
    finally:
        engine.close()
    print()
    if answer.finish_reason == "length":
        print(f"cut off after {answer.completion_tokens} tokens: see --max-tokens", file=sys.stderr)
        return FAILED if schema is not None else 0
    return 0


def _shown(path: Path, engine: Any) -> list[dict[str, Any]]:
    """The part of a message that shows a file, known by its name."""
    from worker.chat.picture import read_picture

    if path.suffix.lower() not in VIDEOS:
        return [{"type": "image", "image": read_picture(path)}]
    from db.documents.kinds.chat_content import VideoOptions
    from worker.chat.shown import by_qwen

    with by_qwen():
        from worker.chat.video import read_frames

    return [{"type": "video", "video": read_frames(path, VideoOptions(), engine)}]


def _schema(text: str) -> dict[str, Any]:
    """A schema given as text, or as the name of its file. Raises OSError and ValueError."""
    schema = json.loads(text if text.lstrip().startswith("{") else Path(text).read_text("utf-8"))
    if not isinstance(schema, dict):
        raise ValueError("it is not an object")
    return schema


def _print(piece: str) -> None:
    sys.stdout.write(piece)
    sys.stdout.flush()


def _failed(error: BaseException) -> int:
    what = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
    print(what, file=sys.stderr)
    return FAILED


def _refused(what: str) -> int:
    print(what, file=sys.stderr)
    return WRONG_USAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker.ask", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("media", type=Path, nargs="*", metavar="FILE", help="pictures and videos, in order")
    parser.add_argument("--text", required=True, help="the question")
    parser.add_argument("--model", default=str(NANO), help="a model spec (default: the built-in nano)")
    parser.add_argument("--system", help="system prompt instead of the model's own")
    parser.add_argument("--json", metavar="SCHEMA", help="hold the answer to a JSON schema: its file, or its text")
    parser.add_argument("--max-tokens", type=int, default=512, help="longest answer")
    parser.add_argument("--temperature", type=float, default=0.0, help="0 is greedy")
    parser.add_argument("--seed", type=int, default=0, help="of the random choices")
    return parser


if __name__ == "__main__":
    sys.exit(main())
