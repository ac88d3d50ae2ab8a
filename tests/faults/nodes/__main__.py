"""python -m tests.faults.nodes --faults 100 --seed 1: the long run over the nodes of a split model; one line of JSON."""

from __future__ import annotations

import argparse
import json
import sys
from math import inf

from tests.faults.nodes.run import campaign


def main() -> int:
    """Exit status 0 only when everything that must be zero is."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.nodes", description=__doc__)
    parser.add_argument("--faults", type=int, default=100, help="how many faults to inject")
    parser.add_argument("--minutes", type=float, default=inf, help="inject no more so long after the first cues")
    parser.add_argument("--seed", type=int, default=1, help="which faults, in which order")
    chosen = parser.parse_args()
    summary = campaign(chosen.faults, chosen.seed, chosen.minutes)
    print(json.dumps(summary), flush=True)
    return 0 if summary["faultless"] else 1


if __name__ == "__main__":
    sys.exit(main())
