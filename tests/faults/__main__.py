"""python -m tests.faults --faults 200 --seed 1: the long run; its last line is the ledger as JSON."""

from __future__ import annotations

import argparse
import json
import sys

from tests.faults.campaign import campaign


def main() -> int:
    """Exit status 0 only when everything that must be zero is."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--faults", type=int, default=200, help="how many faults to inject")
    parser.add_argument("--seed", type=int, default=1, help="which faults, in which order")
    chosen = parser.parse_args()
    summary = campaign(chosen.faults, chosen.seed)
    print(json.dumps(summary))
    return 0 if summary["faultless"] else 1


if __name__ == "__main__":
    sys.exit(main())
