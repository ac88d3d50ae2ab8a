"""The families of made-up parts and their split: the reader is developed on some and judged on the others."""

from __future__ import annotations

import random
from collections.abc import Callable

from worker.datasheet import synthetic_grids, synthetic_rows, synthetic_through
from worker.datasheet.synthetic_part import Part
from worker.datasheet.synthetic_style import Style

FAMILIES: dict[str, Callable[[random.Random, Style], Part]] = {
    "chip": synthetic_rows.chip,
    "sot": synthetic_rows.sot,
    "gull_dual": synthetic_rows.gull_dual,
    "qfn": synthetic_grids.qfn,
    "dip": synthetic_through.dip,
    "crystal": synthetic_rows.crystal,
    "dfn": synthetic_grids.dfn,
    "qfp": synthetic_grids.qfp,
    "bga": synthetic_grids.bga,
    "header": synthetic_through.header,
    "switch": synthetic_through.switch,
    "connector": synthetic_through.connector,
}
DEV = ("chip", "sot", "gull_dual", "qfn", "dip", "crystal")
TEST = ("dfn", "qfp", "bga", "header", "switch", "connector")
CLEAN = ("sot", "gull_dual", "qfn")
