"""The land pattern of a result's package by IPC-7351B, at each density level."""

from __future__ import annotations

from db.documents.footprint import ipc7351, names, packages
from db.documents.footprint.ipc7351 import LEVELS, Range, land
from db.documents.footprint.packages import Package
from db.documents.kinds.datasheet import DatasheetResult, IpcPattern, Level, Pad

COMPUTED = 0.9  # confidence of pads that follow from stated values by a formula


def patterns(result: DatasheetResult) -> list[IpcPattern]:
    """The computed pattern at each level; empty when the package is of another kind or a value it needs is not stated."""
    if packages.has_balls(result):
        return _of_balls(result)
    package = packages.package_of(result)
    if package is None:
        return []
    note = "thermal pad as the vendor recommends" if package.thermal else ""
    return [
        IpcPattern(level=level, name=names.name_of(result, level), pads=pads_of(package, level), note=note)
        for level in LEVELS
    ]


def pads_of(package: Package, level: Level) -> list[Pad]:
    """The pads of one level in the frame of the terminals."""
    spans = enumerate(package.spans)
    rows = {i: land(s, package.foot, package.width, package.goals, level) for i, s in spans if s is not None}
    pads = []
    for place in package.places:
        flat = place.side in ("left", "right")
        row = rows[0 if flat else 1]
        off = (row.outer + row.inner) / 4 * (-1 if place.side in ("left", "top") else 1)
        long = round((row.outer - row.inner) / 2, 4)
        x, y = (off, place.along) if flat else (place.along, off)
        w, h = (long, row.width) if flat else (row.width, long)
        pads.append(
            Pad(number=place.number, x=round(x, 4), y=round(y, 4), w=w, h=h, status="derived", confidence=COMPUTED)
        )
    return pads + ([package.thermal] if package.thermal else [])


def _of_balls(result: DatasheetResult) -> list[IpcPattern]:
    """Lands for balls that collapse, where the vendor's pads are; the table of balls gives their size."""
    ball = Range.of(packages.known(result, result.terminals.width, "b"))
    sizes = [ipc7351.ball_land(ball, level) for level in LEVELS] if ball else []
    return [
        IpcPattern(
            level=level,
            name=names.name_of(result, level),
            pads=[
                Pad(
                    number=p.number, shape="circle", x=p.x, y=p.y, w=size, h=size, status="derived", confidence=COMPUTED
                )
                for p in packages.signal_pads(result)
            ],
            note="for balls that collapse",
        )
        for level, size in zip(LEVELS, sizes, strict=False)
        if size is not None
    ]
