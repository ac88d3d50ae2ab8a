"""`python -m worker check`: one line a finding; exit status 1 when something has to be mended."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict

from db.ops.findings import Finding, Level
from worker.check.machine import machine
from worker.check.models import model
from worker.gpus import driver


def run(specs: Sequence[str], asked: argparse.Namespace) -> int:
    """Check the machine, then each model; the exit status."""
    bad = 0
    found = driver()
    for finding in machine():
        bad += _tell(finding, asked.json)
    for text in asked.models or specs:
        for finding in model(text, found, load=not asked.no_load):
            bad += _tell(finding, asked.json)
    return 1 if bad else 0


def _tell(finding: Finding, as_json: bool) -> int:
    print(json.dumps(asdict(finding)) if as_json else finding, flush=True)
    return finding.level is Level.FAIL
