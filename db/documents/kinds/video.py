"""`video.caption`: the parameters and result of captioning one video of any length."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from .base import Document, Sampling, is_default
from .live import LiveOptions, LiveOutcome, VideoInput, is_live_url

DEFAULT_PROMPT = "Describe what happens in the video as it happens."


class Window(Document):
    """What the model keeps in sight: attention sink, recent text and recent vision."""

    text_sink_tokens: Annotated[int, Field(ge=0, le=8192)] = 512
    text_window_tokens: Annotated[int, Field(ge=0, le=8192)] = 512
    vision_ms: Annotated[int, Field(ge=500, le=600_000)] = 16_000


class AlertRule(Document):
    """What in a caption is told at once, as `cue.matched`: words in its text, or a value in its data."""

    name: Annotated[str, Field(min_length=1, max_length=60, description="How the event names the rule")]
    match: Annotated[
        str | None, Field(min_length=1, max_length=400, description="Words as in `GET /v1/search`: `red car* -bus`")
    ] = None
    field: Annotated[
        str | None,
        Field(
            max_length=400, pattern=r"^(/[^/]*)+$", description="JSON pointer into the cue's data, such as `/people`"
        ),
    ] = None
    equals: Annotated[str | int | float | bool | None, Field(description="The field's value")] = None
    at_least: Annotated[float | None, Field(description="The field's smallest value")] = None
    at_most: Annotated[float | None, Field(description="The field's greatest value")] = None
    cool_down_ms: Annotated[
        int, Field(ge=0, le=86_400_000, description="Video time after a hit in which the rule says nothing more")
    ] = 60_000

    @model_validator(mode="after")
    def _tests_one_thing(self) -> AlertRule:
        if (self.match is None) == (self.field is None):
            raise ValueError("give either match or field")
        tested = [self.equals, self.at_least, self.at_most]
        if (self.field is None) != all(value is None for value in tested):
            raise ValueError("a field needs equals, at_least or at_most; match takes none of them")
        return self


class VideoCaptionParams(Document):
    """Request body, stored document and handler argument of a `video.caption` job."""

    video: VideoInput
    live: Annotated[
        LiveOptions | None,
        Field(
            description="Follow a live source, or an upload that still grows; null: the video is there as a whole",
            exclude_if=is_default(None),
        ),
    ] = None
    model: Annotated[
        str | None, Field(max_length=200, description="Name of a served model; null takes the default")
    ] = None
    prompt: Annotated[str, Field(min_length=1, max_length=8000)] = DEFAULT_PROMPT
    system: Annotated[str | None, Field(max_length=8000)] = None
    fps: Annotated[float, Field(gt=0, le=30, description="Frames sampled per second of video")] = 2.0
    max_frame_pixels: Annotated[int, Field(ge=28 * 28, le=4096 * 4096, description="Pixel budget of one frame")] = (
        256 * 256
    )
    chunk_ms: Annotated[int, Field(ge=100, le=60_000)] = 2000
    window: Annotated[
        Window | None, Field(description="What the model keeps in sight; null: what the model does best with")
    ] = None
    sampling: Sampling = Sampling()
    max_tokens_per_chunk: Annotated[int, Field(ge=1, le=1024)] = 48
    silence_threshold: Annotated[
        float | None,
        Field(ge=0, le=1, description="Generate nothing when silence is at least this likely; null: sampling decides"),
    ] = None
    start_ms: Annotated[int, Field(ge=0)] = 0
    end_ms: Annotated[int | None, Field(gt=0)] = None
    max_duration_ms: Annotated[int | None, Field(gt=0, description="Refuse longer videos with `too_long`")] = None
    mode: Literal["stream", "parallel"] = "stream"
    segments: Annotated[int, Field(ge=1, le=64, description="Parts of a parallel run")] = 4
    spread: Annotated[
        Literal["engine", "workers"], Field(description="Parts as streams of one engine, or as jobs for any worker")
    ] = "engine"
    warmup_ms: Annotated[int, Field(ge=0, le=600_000, description="Overlap before each part of a parallel run")] = (
        16_000
    )
    max_cue_ms: Annotated[int, Field(ge=500, le=600_000)] = 30_000
    skip_similar: Annotated[
        float | None,
        Field(gt=0, lt=1, description="Skip frames that differ by less than this share of full scale; null: off"),
    ] = None
    refresh: Annotated[
        Literal["never", "scene_cut", "interval"],
        Field(
            description="When a model with linear attention rebuilds its state from what is in sight",
            exclude_if=is_default("never"),
        ),
    ] = "never"
    refresh_ms: Annotated[
        int,
        Field(
            ge=10_000,
            le=86_400_000,
            description="Video time between two refreshes at an `interval`",
            exclude_if=is_default(600_000),
        ),
    ] = 600_000
    chapters: Annotated[bool, Field(description="Write chapters and a summary from the cues at the end")] = False
    cue_schema: Annotated[
        dict[str, Any] | None,
        Field(
            description="JSON schema of an object that each caption has beside its text, as `data`; not every engine can",
            exclude_if=is_default(None),
        ),
    ] = None
    cue_schema_tokens: Annotated[
        int, Field(ge=16, le=4096, description="Most tokens of such an object", exclude_if=is_default(256))
    ] = 256
    alerts: Annotated[
        list[AlertRule],
        Field(max_length=20, description="What `cue.matched` reports at once", exclude_if=is_default([])),
    ] = []

    @model_validator(mode="after")
    def _alerts_can_be_told_apart(self) -> VideoCaptionParams:
        if len({rule.name for rule in self.alerts}) < len(self.alerts):
            raise ValueError("alerts need names of their own")
        if self.cue_schema is None and any(rule.field is not None for rule in self.alerts):
            raise ValueError("an alert on a field needs cue_schema: there is no data without it")
        return self

    @model_validator(mode="before")
    @classmethod
    def _a_live_address_is_live(cls, value: Any) -> Any:
        """Nobody has to say `live` of an address that can be nothing else."""
        video = value.get("video") if isinstance(value, dict) else None
        url = video.get("url") if isinstance(video, dict) else getattr(video, "url", None)
        live = isinstance(url, str) and is_live_url(url) and value.get("live") is None
        return {**value, "live": {}} if live else value

    @model_validator(mode="after")
    def _live_fits(self) -> VideoCaptionParams:
        if self.live is None:
            return self
        if self.video.url is None and self.video.asset_id is None:
            raise ValueError(
                "live input is an address, or an upload that still grows: give video.url or video.asset_id"
            )
        if self.mode != "stream":
            raise ValueError("live input is watched from beginning to end: leave mode out")
        if self.start_ms or self.end_ms is not None or self.max_duration_ms is not None:
            raise ValueError("live input has no start_ms, end_ms or max_duration_ms: take live.max_duration_ms")
        return self

    @model_validator(mode="after")
    def _clip_is_not_empty(self) -> VideoCaptionParams:
        if self.end_ms is not None and self.end_ms <= self.start_ms:
            raise ValueError("end_ms must be after start_ms")
        return self


class Cue(Document):
    """One caption with its presentation times; `seq` counts from 0 in the job."""

    seq: int
    start_ms: int
    end_ms: int
    text: str
    chunk_first: int
    chunk_last: int
    tokens: int = 0
    data: Annotated[
        dict[str, Any] | None, Field(description="An object of the job's cue_schema", exclude_if=is_default(None))
    ] = None


class Gap(Document):
    """A stretch that was not captioned, of a live source in wall time: explicit, never a silent end."""

    start_ms: int
    end_ms: int | None
    reason: str


class Chapter(Document):
    start_ms: int
    end_ms: int
    title: str


DEMO_NOTICE = (
    "it knows rendered scenes of coloured shapes, and what it says of any other video means nothing. "
    "Use a real model (BM3_WORKER_MODELS)."
)


class Provenance(Document):
    """What produced the result, enough to produce it again."""

    model: str
    family: str
    engine: str
    weights_sha256: str
    code_version: str
    seed: int
    demo: bool = False  # by a demonstration model, which understands rendered scenes only


class Spent(Document):
    """Seconds of all attempts and chunks together. Decoding runs beside the model; `whole_s` is what replies were waited for."""

    decode_s: float = 0.0
    vision_s: float = 0.0
    prefill_s: float = 0.0
    reply_s: float = 0.0
    whole_s: float = 0.0


class Resent(Document):
    """What a model server that forgets between requests was sent, by its own counts of tokens."""

    requests: int
    frames_sent: Annotated[int, Field(description="In all requests together")]
    frames_resent: Annotated[int, Field(description="Of them, those that an earlier request had held")]
    prompt_tokens: int
    completion_tokens: int
    resent_tokens: Annotated[int, Field(description="Of the prompt tokens, the share of the frames sent again")]


class VideoCaptionResult(Document):
    """What a finished `video.caption` job says; the cues themselves are rows and files."""

    cues: int
    chunks: int
    frames: int
    duration_ms: int
    tokens_out: int
    silent_chunks: int
    gaps: list[Gap] = []
    chapters: list[Chapter] = []
    summary: str | None = None
    resumed_at_ms: list[int] = []
    replayed_from_ms: Annotated[
        list[int], Field(description="For each restart, from where the model was shown the video again")
    ] = []
    refreshed_at_ms: Annotated[
        list[int], Field(description="Where the state of a model with linear attention was rebuilt")
    ] = []
    skipped_frames: int = 0
    cues_without_data: Annotated[
        int,
        Field(
            description="Captions whose object was cut off at cue_schema_tokens, twice: they have none",
            exclude_if=is_default(0),
        ),
    ] = 0
    frame_width_px: int = 0
    frame_height_px: int = 0
    spent: Spent = Spent()
    resent: Annotated[
        Resent | None, Field(description="What a model server was sent; null where the engine remembers the video")
    ] = None
    live: Annotated[
        LiveOutcome | None,
        Field(description="What became of a live source; null for others", exclude_if=is_default(None)),
    ] = None
    provenance: Provenance
