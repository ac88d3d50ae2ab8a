"""A seed draws the same part for ever: sets of drawings and what was measured on them stay comparable."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import asdict
from typing import Any

import pytest

from worker.datasheet.synthetic.parts.families import FAMILIES
from worker.datasheet.synthetic.style import LOOKS

SEEDS = 20  # for each look
DIGESTS = {
    "bga": "650f9f3fff6cbcb5",
    "chip": "6cd5b74f72d4b920",
    "connector": "3237c95a280ceae5",
    "crystal": "895397fe0d795615",
    "dfn": "3acdfde2115b2ee4",
    "dip": "40536d50039aad4b",
    "gull_dual": "b041b49c6af756d5",
    "header": "dbcac8ebda727f0c",
    "qfn": "65c3fd1445494cee",
    "qfp": "7ea834721e35f3ab",
    "sot": "1dd8a1e4393b1bf6",
    "switch": "4e9f0e0ce53940e9",
}


def _plain(value: Any) -> Any:
    """The same to a nanometre, for JSON."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return round(value, 6) + 0.0 if isinstance(value, int | float) else value


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_seed_keeps_its_part(family: str) -> None:
    """Terminals, numbers, dimensions and their order; a new draw from the generator's chance shows in the next one."""
    digest = hashlib.sha256()
    for look in sorted(LOOKS):
        rng = random.Random(f"{family} {look}")
        parts = [_plain(asdict(FAMILIES[family](rng, LOOKS[look]))) for _ in range(SEEDS)]
        digest.update(json.dumps(parts, sort_keys=True).encode())
    assert digest.hexdigest()[:16] == DIGESTS[family]
