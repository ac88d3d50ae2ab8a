"""Split a model for several nodes.

    python -m worker.split /models/Qwen3-VL-8B-Instruct --nodes 3 --out /models/qwen3-of-3

Writes a folder for each node, nodes.json for the worker (BM3_WORKER_MODELS="qwen3=pipeline:/models/qwen3-of-3/nodes.json")
and a secret that all nodes share, and prints who holds what.
Exit codes: 0 done, 1 the model cannot be split or written, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from safetensors import SafetensorError

from worker.engines.hub import folder_of
from worker.engines.pipeline.chunk import MOST_NODES, NODES_FILE, NodeShare
from worker.split.plan import CannotSplit
from worker.split.split import split


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    weights = asked.weights or [1.0] * asked.nodes
    if len(weights) != asked.nodes:
        parser.error(f"--weights names {len(weights)} nodes, --nodes {asked.nodes}")
    try:
        plan = split(folder_of(asked.model, asked.revision), weights, asked.out, asked.listen)
    except (CannotSplit, OSError, ValueError, SafetensorError) as error:
        print(f"{asked.model} is not split: {error}", file=sys.stderr)
        return 1
    print(table([node.share for node in plan.nodes]))
    print(
        f"\nnext: BM3_WORKER_MODELS=NAME=pipeline:{asked.out / NODES_FILE} here; on each other machine, with its folder"
    )
    print(f"and the secret: python -m worker node --chunk FOLDER --secret-file FILE --join {plan.listen}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker.split", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("model", help="a model folder or hub id")
    parser.add_argument("--nodes", type=_nodes, required=True, help=f"2 to {MOST_NODES}")
    parser.add_argument("--weights", type=_weights, help="shares of the bytes, such as 0.5,0.3,0.2; default: equal")
    parser.add_argument("--out", type=Path, required=True, help="a folder that does not exist yet")
    parser.add_argument("--listen", help="HOST:PORT where nodes join, for nodes.json; default: loopback only")
    parser.add_argument("--revision", help="revision of a hub id")
    return parser


def _nodes(text: str) -> int:
    if not text.isdigit() or not 2 <= int(text) <= MOST_NODES:
        raise argparse.ArgumentTypeError(f"2 to {MOST_NODES} nodes, not {text}")
    return int(text)


def _weights(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"numbers with commas between them, not {text}") from error


def table(shares: Sequence[NodeShare]) -> str:
    """One line a node: role, layers, parameters, bytes."""
    lines = [f"{'node':<5} {'role':<10} {'layers':<9} {'parameters':>16} {'bytes':>18}"]
    for share in shares:
        layers = f"{share.first}-{share.last - 1}"
        lines.append(f"{share.rank:<5} {share.role:<10} {layers:<9} {share.parameters:>16,} {share.bytes:>18,}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
