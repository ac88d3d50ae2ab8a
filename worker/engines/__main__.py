"""Look at a model before it is served.

    python -m worker.engines inspect /models/Qwen3-VL-8B-Instruct --streams 1 8

Prints one JSON object: family, parameters, layers, dtype, bytes on disk, memory of the weights and of so many streams;
for an export (onnx:FOLDER) also this machine's read bandwidth and the most tokens a second that it allows.
Exit codes: 0 done, 1 the model cannot be read, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from worker.engines.spec import ModelSpec
from worker.errors import Permanent


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m worker.engines", description=__doc__.split("\n", 1)[0])
    command = parser.add_subparsers(dest="command", required=True).add_parser("inspect", help="what a model takes")
    command.add_argument("spec", help="a model spec, for example /models/Qwen3-VL-8B-Instruct?dtype=bfloat16")
    command.add_argument(
        "--streams", type=int, nargs="+", default=[1, 8], help="numbers of streams to count memory for"
    )
    asked = parser.parse_args(arguments)
    try:
        document = _inspected(ModelSpec.parse(asked.spec), tuple(asked.streams))
    except Permanent as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(document))
    return 0


def _inspected(spec: ModelSpec, streams: tuple[int, ...]) -> dict[str, object]:
    """By what each engine needs, and no more: an export is looked at without torch."""
    if spec.engine == "onnx":
        from worker.engines.onnx.inspection import inspect_export

        return inspect_export(spec).document(streams)
    from worker.engines.inspection import inspect

    return inspect(spec).document(streams)


if __name__ == "__main__":
    sys.exit(main())
