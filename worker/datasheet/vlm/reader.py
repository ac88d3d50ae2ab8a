"""The vlm reader: shows pages to a model, asks for count, centres and sizes, and checks its claims against the text."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import ValidationError

from db.documents.footprint.overlay import PagePicture
from db.documents.kinds.datasheet import Body, DatasheetResult, LandPattern, Numbering, Pad, Value
from db.failures import Failure
from worker.datasheet.result import review_of_result
from worker.datasheet.thresholds.result import CLAIM_ALONE, CLAIM_PRINTED
from worker.datasheet.vlm import prompts
from worker.datasheet.vlm.answers import Centres, Counted, PadRow, PadSize, PadSizes, PrintedQuantity
from worker.engine.protocol import Engine
from worker.engines.structured import ask
from worker.errors import Permanent

MAX_PICTURE_PX = 1280 * 28 * 28
MAX_TOKENS = 4096
MAX_PADS = 2000
FACTOR = {"mm": 1.0, "inch": 25.4, "mil": 0.0254}
OnStep = Callable[[str], None]


def read(
    shown: Sequence[PagePicture], printed: str, page_count: int, engine: Engine, package: str | None, on_step: OnStep
) -> DatasheetResult:
    """What the model says about the pages `shown`, outline first; `printed` is the text of these pages.

    `on_step` is told each question and may raise `Stopped`.
    """
    talk: list[dict[str, Any]] = [{"role": "system", "content": prompts.SYSTEM}]
    pictures = [{"type": "image", "image": _pixels(p)} for p in shown]
    talk.append(_asked(prompts.count_prompt(len(shown) > 1, package), pictures))
    on_step("asking the model for the number of pads and the body")
    counted = ask(engine, talk, Counted, MAX_TOKENS)
    text = squeezed(printed)
    base = DatasheetResult(
        package=package, page_count=page_count, reader="vlm", readers_used=["vlm"], body=_body(counted, text, shown[0].number),
        mechanical_pages=[shown[0].number], land_pages=[shown[-1].number] if counted.has_land_pattern else [],
    )  # fmt: skip
    if not counted.has_land_pattern or counted.pads == 0:
        return base
    talk += [_said(counted.model_dump_json()), _asked(prompts.centres_prompt(counted.pads))]
    on_step("asking the model for the centres of the pads")
    centres = ask(engine, talk, Centres, MAX_TOKENS)
    groups = sorted({r.group for r in centres.rows})
    talk += [_said(centres.model_dump_json()), _asked(prompts.sizes_prompt(groups))]
    on_step("asking the model for the sizes of the pads")
    return _with_land(base, counted, centres, ask(engine, talk, PadSizes, MAX_TOKENS), text)


def _asked(text: str, pictures: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    return {"role": "user", "content": [*pictures, {"type": "text", "text": text}]}


def _said(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def _pixels(page: PagePicture) -> NDArray[np.uint8]:
    """A page as RGB pixels of the size that vision towers take without another resize."""
    with Image.open(io.BytesIO(page.png)) as opened:
        image = opened.convert("RGB")
    scale = min(1.0, (MAX_PICTURE_PX / (image.width * image.height)) ** 0.5)
    return np.asarray(
        image.resize((max(1, int(image.width * scale)), max(1, int(image.height * scale)))), dtype=np.uint8
    )


def squeezed(text: str) -> str:
    """Text without white space and with decimal points, as printed numbers are looked up in it."""
    return re.sub(r"\s+", "", text).replace(",", ".")


def confirmed(printed: str, text: str) -> bool:
    """Whether every number of a claimed print stands in the page's text; a page without text confirms nothing."""
    numbers = re.findall(r"\d*[.,]?\d+", printed)
    return bool(numbers) and all(squeezed(n) in text for n in numbers)


def _body(counted: Counted, text: str, page: int) -> Body:
    factor = FACTOR[counted.unit]
    length, width, height = (
        _value(v, factor, text, page) for v in (counted.body_length, counted.body_width, counted.body_height)
    )
    return Body(length=length, width=width, height=height)


def _value(given: PrintedQuantity, factor: float, text: str, page: int) -> Value:
    low, nom, high = (None if v is None else round(v * factor, 4) for v in (given.min, given.nom, given.max))
    if low is None and nom is None and high is None:
        return Value()
    trust = CLAIM_PRINTED if confirmed(given.printed, text) else CLAIM_ALONE
    return Value(
        min=low, nom=nom, max=high, printed=given.printed, unit="mm", page=page, status="stated", confidence=trust
    )


def _with_land(
    base: DatasheetResult, counted: Counted, centres: Centres, sizes: PadSizes, text: str
) -> DatasheetResult:
    pads = expand(centres.rows, sizes.groups, FACTOR[counted.unit], text)
    land = LandPattern(
        page=base.land_pages[0], pads=pads, view="top", numbering=Numbering(source="vlm"),
        confidence=min((p.confidence for p in pads), default=0.0),
    )  # fmt: skip
    return base.model_copy(
        update={
            "land_pattern": land if pads else None,
            "land_pattern_status": "found" if pads else "not_read",
            "needs_review": [*base.needs_review, *review_of_result.of_count(counted.pads, len(pads))],
            "confidence": land.confidence,
        }
    )


def expand(rows: Sequence[PadRow], sizes: Sequence[PadSize], factor: float, text: str) -> list[Pad]:
    """Rows as pads in millimetres around the middle of their extents. Raises Permanent(INTERNAL) for patterns beyond reason."""
    if sum(r.count for r in rows) > MAX_PADS:
        raise Permanent(Failure.INTERNAL, f"the model placed more than {MAX_PADS} pads")
    known = {s.group: s for s in sizes}
    placed = [(row, i, row.x + i * row.step_x, row.y + i * row.step_y) for row in rows for i in range(row.count)]
    if not placed:
        return []
    cx = (min(p[2] for p in placed) + max(p[2] for p in placed)) / 2
    cy = (min(p[3] for p in placed) + max(p[3] for p in placed)) / 2
    return [
        _pad(row, i, ((x - cx) * factor, (y - cy) * factor), known.get(row.group), factor, text)
        for row, i, x, y in placed
    ]


def _pad(row: PadRow, i: int, at: tuple[float, float], size: PadSize | None, factor: float, text: str) -> Pad:
    number = row.first_number + i * row.number_step if row.first_number else 0
    w, h, drill = (None, None, None) if size is None else (size.w, size.h, size.drill)
    trust = CLAIM_PRINTED if size is not None and confirmed(size.printed, text) else CLAIM_ALONE
    try:
        return Pad(
            number=str(number) if number > 0 else "", type=size.type if size else "smd", shape=size.shape if size else "rect",
            x=round(at[0], 4) + 0.0, y=round(at[1], 4) + 0.0, w=_mm(w, factor), h=_mm(h, factor),
            drill=None if drill is None else (round(drill * factor, 4),) * 2, role=size.role if size else "signal",
            status="assumed", size_status="assumed" if w is not None else "not_stated", confidence=trust,
        )  # fmt: skip
    except ValidationError as error:
        raise Permanent(Failure.INTERNAL, f"the model placed a pad where none can be: {at}") from error


def _mm(value: float | None, factor: float) -> float | None:
    return None if value is None else round(value * factor, 4)
