"""Datasheet work of the application without a window: submit files, wait, fetch what came out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bm3vl import Client, finished
from bm3vl.app.tasks import TaskReport

NAMES = {"both": ("mechanical_image", "land_image"), "mechanical": ("mechanical_image",), "footprint": ("land_image",)}


@dataclass(frozen=True)
class DatasheetRequest:
    """What to extract: one PDF, or images for what `show` names (both, mechanical, footprint)."""

    files: tuple[Path, ...]
    package: str = ""
    mechanical_page: int | None = None
    land_page: int | None = None
    show: str = "both"


@dataclass(frozen=True)
class ExtractionStep:
    """What is being done, and how much of it is done; None: nobody knows."""

    words: str
    ratio: float | None = None


@dataclass(frozen=True)
class Extracted:
    """A finished extraction: the result document and the footprint file, where there is one."""

    job_id: str
    result: dict[str, Any]
    kicad: bytes | None

    @property
    def pads(self) -> list[dict[str, Any]]:
        """The pads; none when the document states no land pattern."""
        return [*(self.result.get("land_pattern") or {}).get("pads", [])]


def page_found(result: dict[str, Any]) -> int:
    """The page of the drawing that the footprint was read from, else the outline's, else the first."""
    land = result.get("land_pattern") or {}
    pages = [land.get("page"), *(result.get("land_pages") or []), *(result.get("mechanical_pages") or [])]
    return next((page for page in pages if page), 1)


def evidence(result: dict[str, Any], page: int) -> list[tuple[float, float, float, float]]:
    """Where the numbers of a page stand that the result rests on, in points, each once."""
    pads = (result.get("land_pattern") or {}).get("pads", [])
    cited = [*(result.get("body") or {}).values(), *(one for pad in pads for one in pad.get("evidence") or [])]
    boxes = [one["box"] for one in cited if one.get("page") == page and one.get("box")]
    return [*dict.fromkeys((x0, y0, x1, y1) for x0, y0, x1, y1 in boxes)]


def extract(client: Client, request: DatasheetRequest, report: TaskReport) -> Extracted:
    """Upload, submit, follow, fetch. Raises ClientError; ValueError for files that make no sense together."""
    params = _inputs(client, request, report)
    params |= {"package": request.package} if request.package else {}
    params |= {"mechanical_page": request.mechanical_page} if request.mechanical_page else {}
    params |= {"land_page": request.land_page} if request.land_page else {}
    job = client.submit("datasheet.extract", params)
    for event in client.watch(job):
        if event.type == "progress":
            done, total = event.data.get("done_ms"), event.data.get("total_ms")
            report.tell(
                ExtractionStep(event.data.get("note") or "reading the drawings", done / total if total else None)
            )
    ended = finished(client.job(job))
    name = next((file.name for file in client.files(ended) if file.name.endswith(".kicad_mod")), None)
    return Extracted(str(ended.id), ended.result or {}, client.read(ended, name) if name else None)


def _inputs(client: Client, request: DatasheetRequest, report: TaskReport) -> dict[str, Any]:
    for file in request.files:
        if not file.is_file():
            raise ValueError(f"no such file: {file}")
    assets = [{"asset_id": _upload(client, file, report)} for file in request.files]
    if len(assets) == 1 and request.files[0].suffix.lower() == ".pdf":
        return {"document": assets[0]}
    names = NAMES[request.show]
    if len(assets) != len(names):
        raise ValueError("give one PDF, or the outline image and the land-pattern image")
    return dict(zip(names, assets, strict=True))


def _upload(client: Client, file: Path, report: TaskReport) -> str:
    asset = client.upload(
        file, lambda sent, size: report.tell(ExtractionStep(f"sending {file.name}", sent / max(size, 1)))
    )
    return str(asset.id)
