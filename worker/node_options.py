"""The options of `python -m worker node`, apart from the package that runs it: that imports torch."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_options(parser: argparse.ArgumentParser) -> None:
    """The command line of a node."""
    parser.add_argument("--chunk", type=Path, required=True, help="the node's folder, as worker.split wrote it")
    parser.add_argument("--join", required=True, metavar="HOST:PORT", help="where the starter listens")
    parser.add_argument("--secret-file", type=Path, required=True, help="the secret that all nodes share")
    parser.add_argument("--device", help="default: a GPU where there is one")
    parser.add_argument("--dtype", help="float32, bfloat16, float16; as the starter's")
    parser.add_argument("--attention", help="sdpa or eager")
