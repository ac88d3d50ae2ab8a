"""Names the padstacks of a land pattern: pads that share a name are made alike."""

from __future__ import annotations

from db.documents.kinds.datasheet import LandPattern, Pad, Padstack


def stack(land: LandPattern) -> LandPattern:
    """Every pad with the name of its padstack, and one entry for each name."""
    pads = [p.model_copy(update={"padstack": _name(p)}) for p in land.pads]
    found = {p.padstack: p for p in pads}
    stacks = [
        Padstack(name=n, type=p.type, shape=p.shape, w=p.w, h=p.h, drill=p.drill, corner_radius=p.corner_radius)
        for n, p in found.items()
    ]
    return land.model_copy(update={"pads": pads, "padstacks": stacks})


def _name(pad: Pad) -> str:
    """Type, shape and size."""
    size = "none" if pad.w is None or pad.h is None else f"{pad.w:.3f}x{pad.h:.3f}"
    drill = f"_d{pad.drill[0]:.2f}" if pad.drill else ""
    return f"{pad.type}_{pad.shape}_{size}{drill}"
