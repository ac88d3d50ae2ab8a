"""The families of made-up parts and their split: the reader is developed on some and judged on the others."""

from __future__ import annotations

import random
from collections.abc import Callable

from worker.datasheet.synthetic.part import SyntheticPart
from worker.datasheet.synthetic.parts import grids, rows, through
from worker.datasheet.synthetic.style import Style

FAMILIES: dict[str, Callable[[random.Random, Style], SyntheticPart]] = {
    "chip": rows.chip,
    "sot": rows.sot,
    "gull_dual": rows.gull_dual,
    "qfn": grids.qfn,
    "dip": through.dip,
    "crystal": rows.crystal,
    "dfn": grids.dfn,
    "qfp": grids.qfp,
    "bga": grids.bga,
    "header": through.header,
    "switch": through.switch,
    "connector": through.connector,
}
DEV = ("chip", "sot", "gull_dual", "qfn", "dip", "crystal")
TEST = ("dfn", "qfp", "bga", "header", "switch", "connector")
CLEAN = ("sot", "gull_dual", "qfn")
