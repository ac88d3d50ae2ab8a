"""python -m tests.faults --faults 200 --database both: the long run; a line of JSON, the ledger, for each database."""

from __future__ import annotations

import argparse
import json
import sys
from math import inf
from pathlib import Path
from typing import get_args

from tests.faults.campaign.run import DatabaseKind, campaign


def main() -> int:
    """Exit status 0 only when everything that must be zero is."""
    kinds: tuple[DatabaseKind, ...] = get_args(DatabaseKind)
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--faults", type=int, default=200, help="how many faults to inject, on each database")
    parser.add_argument("--minutes", type=float, default=inf, help="inject no more after this time, on each database")
    parser.add_argument("--seed", type=int, default=1, help="which faults, in which order")
    parser.add_argument("--database", choices=(*kinds, "both"), default="both", help="what keeps the rows")
    parser.add_argument("--log", type=Path, metavar="FOLDER", help="keep there what the processes of the service said")
    chosen = parser.parse_args()
    if chosen.log:
        chosen.log.mkdir(parents=True, exist_ok=True)
    faultless = True
    for kind in kinds if chosen.database == "both" else (chosen.database,):
        log = chosen.log and chosen.log / f"{kind}-{chosen.seed}.log"
        summary = campaign(chosen.faults, chosen.seed, kind, chosen.minutes, log)
        print(json.dumps(summary), flush=True)
        faultless = faultless and bool(summary["faultless"])
    return 0 if faultless else 1


if __name__ == "__main__":
    sys.exit(main())
