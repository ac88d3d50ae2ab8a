"""The options of `python -m worker check`, apart from what it loads."""

from __future__ import annotations

import argparse


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("models", nargs="*", help="model specs; none: those of BM3_WORKER_MODELS")
    parser.add_argument("--no-load", action="store_true", help="look at the files, load nothing")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
