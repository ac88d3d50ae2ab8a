"""Everything a job's page shows, gathered in one read; the same for its owner and for the holder of a share link."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi.responses import JSONResponse
from fastapi.sse import ServerSentEvent
from sqlalchemy.orm import Session

from api.dashboard.media import SHOWN, input_of
from api.dashboard.views import chat_view, commands, live_view
from api.dashboard.views.chat_view import Turn
from api.dashboard.views.live_view import FollowedSource
from api.dashboard.views.summaries import Summary, summary
from api.deps import Services
from api.documents.schemas import cost_of
from api.live.positions import parse_position
from db.assets import assets
from db.documents.answers.jobs import CostView
from db.documents.event_types import HistoryEventType
from db.documents.kinds.live import is_live
from db.documents.kinds.video import DEMO_NOTICE
from db.jobs import cues, events, jobs, served
from db.names import GPU
from db.schema.tables import TERMINAL, AssetState, Job, JobAttempt, JobEvent, JobFile

CUES_AT_ONCE = 4000
TRACKS = ("captions.vtt", "captions.srt", "captions.json", "captions.jsonl", "chapters.vtt")
OUTCOME_TONES = {
    "succeeded": "good",
    "failed": "bad",
    "lost": "bad",
    "expired": "bad",
    "retry": "warn",
    "canceled": "quiet",
}


@dataclass(frozen=True)
class Lane:
    """One attempt in the waterfall: where its bar begins and ends, in thousandths of the whole; `work` likewise in the video."""

    attempt: JobAttempt
    x: float
    width: float
    work_x: float
    work_width: float
    tone: str
    seconds: float


@dataclass(frozen=True)
class JobPageData:
    """A job with its history and files. `base` is where its parts are asked for, `downloads` where its results are."""

    line: Summary
    base: str
    downloads: str
    lanes: list[Lane]
    events: list[JobEvent]
    files: list[JobFile]
    playable: bool
    demo: str | None  # the demonstration model that answers, or answered

    @property
    def job(self) -> Job:
        return self.line.job

    @property
    def cost(self) -> CostView | None:
        """What it cost so far, where its workers have a price."""
        return cost_of(self.job)

    @property
    def result(self) -> dict[str, Any]:
        return self.job.result or {}

    @property
    def kicad_mod(self) -> str | None:
        """The name of the KiCad footprint's file, where one was written and is still kept."""
        return self._kept("kicad_mod")

    @property
    def kicad_sym(self) -> str | None:
        """The same of the KiCad symbol's file."""
        return self._kept("kicad_sym")

    def _kept(self, kind: str) -> str | None:
        name = (self.result.get("files") or {}).get(kind)
        return name if any(file.name == name for file in self.files) else None

    @property
    def gaps(self) -> list[dict[str, Any]]:
        """Stretches that could not be decoded, as the result says, else as they were announced."""
        if "gaps" in self.result:
            return list(self.result["gaps"])
        return [event.data for event in self.events if event.type == HistoryEventType.GAP and "start_ms" in event.data]

    @property
    def resumed_at_ms(self) -> list[int]:
        return sorted({lane.attempt.resumed_from_ms for lane in self.lanes if lane.attempt.resumed_from_ms > 0})

    @property
    def tracks(self) -> tuple[str, ...]:
        """The caption files there are."""
        return TRACKS if self.result.get("chapters") else TRACKS[:-1]

    @property
    def live(self) -> FollowedSource | None:
        """The live source that the job follows; None of a video that is there as a whole."""
        return FollowedSource(self.job, self.line.title) if is_live(self.job.params) else None

    @property
    def recorded(self) -> list[tuple[JobFile, int]]:
        """The recording of a live source, with the times at which its parts begin."""
        return live_view.recorded(self.files) if self.live else []

    @property
    def listed(self) -> list[JobFile]:
        """The files that stand nowhere else on the page."""
        elsewhere = {file.name for file, _ in self.recorded}
        return [file for file in self.files if file.name not in elsewhere]

    @property
    def turns(self) -> list[Turn]:
        """The conversation of a chat."""
        return chat_view.turns(self.job.params, self.result)

    @property
    def curl_options(self) -> str:
        """How to submit the job again with curl."""
        return commands.curl_options(self.job)

    @property
    def python_lines(self) -> str:
        """How to submit the job again from Python."""
        return commands.python_lines(self.job)

    @property
    def demo_notice(self) -> str:
        return DEMO_NOTICE

    @property
    def marks(self) -> str:
        """How far the page has read when it is drawn: events, but no cue yet."""
        return f"{self.job.event_seq}.-1"


def gather(session: Session, services: Services, at: datetime, job: Job, base: str, downloads: str) -> JobPageData:
    """The view of a job."""
    return JobPageData(
        line=summary(session, services, at, job),
        base=base,
        downloads=downloads,
        lanes=_lanes(job, events.attempts(session, job.id), at),
        events=events.after(session, job.id, max(job.event_seq - 500, 0)),
        files=jobs.files(session, job.id),
        playable=_playable(session, job),
        demo=_demo(session, at, job),
    )


def cue_batch(session: Session, job: Job, after: int) -> JSONResponse:
    """Cues as short rows (seq, start, end, text): a page takes thousands at once."""
    found = cues.after(session, job.id, after, CUES_AT_ONCE)
    rows = [(cue.seq, cue.start_ms, cue.end_ms, cue.text) for cue in found]
    return JSONResponse({"cues": rows, "more": len(rows) == CUES_AT_ONCE})


async def live_items(services: Services, job: Job, marks: str) -> AsyncIterator[ServerSentEvent]:
    """What happens to the job from `marks` on."""
    yield ServerSentEvent(comment="watching", retry=2000)
    async for item, read in services.live.stream(job.id, job.tenant_id, parse_position(marks)):
        yield ServerSentEvent(raw_data=item.json, event=item.type, id=str(read))


def _playable(session: Session, job: Job) -> bool:
    asset_id = input_of(job)
    asset = assets.find(session, job.tenant_id, asset_id) if asset_id else None
    return asset is not None and asset.state is AssetState.READY and (asset.sniffed_type or "") in SHOWN


def _demo(session: Session, at: datetime, job: Job) -> str | None:
    """By its result's provenance once it has one, before that by what the workers hold."""
    made = (job.result or {}).get("provenance")
    if made is not None:
        return str(made["model"]) if made.get("demo") else None
    if job.queue != GPU or job.state in TERMINAL:
        return None
    found = served.demo_for(session, at, job.queue, job.model)
    return found.name if found is not None else None


def _lanes(job: Job, tried: list[JobAttempt], at: datetime) -> list[Lane]:
    if not tried:
        return []
    first = tried[0].started_at
    until = job.finished_at if job.state in TERMINAL and job.finished_at else at
    whole = max(max((one.ended_at or until) for one in tried) - first, timedelta(milliseconds=1))
    total_ms = max(job.total_ms or 0, job.done_ms, 1)
    return [_lane(one, first, whole, until, total_ms, job.done_ms) for one in tried]


def _lane(one: JobAttempt, first: datetime, whole: timedelta, until: datetime, total_ms: int, done_ms: int) -> Lane:
    end = one.ended_at or until
    reached_ms = one.ended_at_ms if one.ended_at else done_ms
    return Lane(
        attempt=one,
        x=round((one.started_at - first) / whole * 1000, 1),
        width=round(max((end - one.started_at) / whole * 1000, 4), 1),
        work_x=round(one.resumed_from_ms / total_ms * 1000, 1),
        work_width=round(max((reached_ms - one.resumed_from_ms) / total_ms * 1000, 2), 1),
        tone=OUTCOME_TONES.get(one.outcome or "", "live" if one.ended_at is None else "quiet"),
        seconds=(end - one.started_at).total_seconds(),
    )
