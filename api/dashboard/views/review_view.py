"""What a person should look at first in a datasheet's result, each with the place on its page that it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from db.documents.footprint.overlay import pad_box
from db.documents.kinds.datasheet import DatasheetResult, Evidence

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Spot:
    """A field of the result and where it stands: its name for people, and its box on the page in points, y down."""

    field: str
    label: str
    key: str  # what the page's script marks together
    page: int
    box: Box


@dataclass(frozen=True)
class ReviewItem:
    """One item; `page` and `box` are None where its place is not known, or its page not shown."""

    about: str
    kind: str
    reason: str
    keys: list[str]
    page: int | None = None
    box: Box | None = None


def review_items(result: DatasheetResult, printed: Sequence[Spot], shown: set[int]) -> list[ReviewItem]:
    """Reviews, then readers that differ, then what is unclear about the document. `shown`: the pages with a picture."""
    spots = [*printed, *_of_pads(result)]
    told = [(one.field, "review", one.reason) for one in result.needs_review]
    told += [(one.field, "readers differ", f"vector: {one.vector}, model: {one.vlm}") for one in result.disagreements]
    unclear = [ReviewItem("Document", "unclear", text, []) for text in result.ambiguities]
    return [*(_review_item(*one, spots, shown) for one in told), *unclear]


def _of_pads(result: DatasheetResult) -> Iterator[Spot]:
    """Where each pad is drawn, else the first number that it rests on."""
    land = result.land_pattern
    for index, pad in enumerate(land.pads if land else []):
        box = pad_box(pad, land) if land else None
        at = (land.page, box) if land and land.page and box else _first(pad.evidence)
        if at is not None:
            yield Spot(f"land_pattern.pads[{index}]", f"Pad {pad.number}", f"pad:{index}", *at)


def _first(cited: list[Evidence]) -> tuple[int, Box] | None:
    return (cited[0].page, cited[0].box) if cited else None


def _review_item(field: str, kind: str, reason: str, spots: list[Spot], shown: set[int]) -> ReviewItem:
    asked = field.removesuffix(".number")  # of all pads: their numbering
    about = [one for one in spots if _within(asked, one.field) or _within(one.field, asked)]
    seen = [one for one in about if one.page in shown]
    keys, label = [one.key for one in about], _label(field, about)
    if not seen:
        return ReviewItem(label, kind, reason, keys)
    page = seen[0].page
    return ReviewItem(label, kind, reason, keys, page, _around([one.box for one in seen if one.page == page]))


def _within(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith((f"{outer}.", f"{outer}["))


def _label(field: str, about: list[Spot]) -> str:
    if len(about) == 1 and _within(field, about[0].field):
        return about[0].label + field.removeprefix(about[0].field).replace(".", " ")
    return field.replace("_", " ").replace(".", " ").capitalize()


def _around(boxes: list[Box]) -> Box:
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)
