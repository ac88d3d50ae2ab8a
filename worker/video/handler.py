"""The `video.caption` handler: fetch, measure, watch, outline, write the files."""

from __future__ import annotations

import tempfile
from pathlib import Path

from db.documents import captions
from db.documents.kinds.video import VideoCaptionParams, VideoCaptionResult
from db.failures import Failure
from worker.context import Context
from worker.errors import Permanent
from worker.provenance import provenance
from worker.video.chapters import VideoOutline, outline, refuse_small_context
from worker.video.cue_data import refuse_cue_schema
from worker.video.distributed import SplitJobs, SplittingContext, join, split
from worker.video.live.watch import watch_live
from worker.video.parallel import watch_parallel
from worker.video.refresh import refuse_refresh
from worker.video.source.clip_source import ClipSource
from worker.video.stream import Watched, watch_stream
from worker.video.timings import Timings


def caption_video(params: VideoCaptionParams, job: Context) -> VideoCaptionResult | SplitJobs:
    """Caption a video of any length; or ask for its segments to be captioned as jobs of their own.

    Raises Permanent: what the file or the parameters make impossible. TRUNCATED_MEDIA comes after every cue up to the
    break is stored and the gap announced. Raises Transient from the engine, and lets `Stopped` pass.
    """
    refuse_refresh(params, job.engine.info)
    refuse_cue_schema(params, job.engine.info)
    if params.chapters:
        refuse_small_context(job.engine.info.context_tokens)
    if params.live is not None:
        return _caption_live(params, job)
    # Not a caption: only the chance to be stopped while a long file is read through.
    source = ClipSource.open(job.fetch(params.video), params, job.engine, lambda: job.text(""))
    watched = _watch(params, job, source)
    if isinstance(watched, SplitJobs):
        return watched
    if watched.end.truncated:
        message = f"the file breaks off at {watched.end.end_ms} ms; the {watched.cues} captions up to there are kept"
        raise Permanent(Failure.TRUNCATED_MEDIA, message)
    outline = _outline(params, job, source.total_ms) if params.chapters else VideoOutline((), None)
    result = _result(params, job, source.frame_px, watched, outline)
    _attach_files(params, job, result, watched.timings)
    return result


def _watch(params: VideoCaptionParams, job: Context, source: ClipSource) -> Watched | SplitJobs:
    """By the mode asked for."""
    if params.mode == "stream" or params.segments == 1:
        return watch_stream(params, job, source)
    if params.spread == "workers" and isinstance(job, SplittingContext) and job.may_split:
        return join(params, job, source, job.segments) if job.segments else split(params, source)
    return watch_parallel(params, job, source)


def _caption_live(params: VideoCaptionParams, job: Context) -> VideoCaptionResult:
    """The same for a source that is followed as it happens."""
    live = watch_live(params, job)
    end_ms = live.watched.end.end_ms
    outline = _outline(params, job, end_ms) if params.chapters else VideoOutline((), None)
    result = _result(params, job, live.frame_px, live.watched, outline).model_copy(update={"live": live.outcome})
    _attach_files(params, job, result, live.watched.timings)
    return result


def _outline(params: VideoCaptionParams, job: Context, done_ms: int) -> VideoOutline:
    return outline(
        job.engine,
        job.cues(),
        params.sampling,
        on_step=lambda: job.beat(done_ms, done_ms, "chapters"),
        on_text=lambda _: job.text(""),  # not a caption: only the chance to be stopped
    )


def _result(
    params: VideoCaptionParams, job: Context, frame_px: tuple[int, int], watched: Watched, outline: VideoOutline
) -> VideoCaptionResult:
    tally, info = watched.tally, job.engine.info
    return VideoCaptionResult(
        cues=watched.cues,
        chunks=tally.chunks,
        frames=tally.frames,
        duration_ms=watched.end.end_ms - params.start_ms,
        tokens_out=tally.tokens_out,
        silent_chunks=tally.silent_chunks,
        gaps=watched.gaps,
        chapters=list(outline.chapters),
        summary=outline.summary,
        resumed_at_ms=watched.resumed_at_ms,
        replayed_from_ms=watched.replayed_from_ms,
        refreshed_at_ms=watched.refreshed_at_ms,
        skipped_frames=tally.skipped_frames,
        cues_without_data=tally.cues_without_data,
        frame_width_px=frame_px[0],
        frame_height_px=frame_px[1],
        spent=tally.spent,
        resent=tally.resent,
        provenance=provenance(info, params.sampling.seed),
    )


def _attach_files(params: VideoCaptionParams, job: Context, result: VideoCaptionResult, timings: Timings) -> None:
    cues, origin = job.cues(), captions.note(job.job_id, result.provenance.model, params)
    summary = result.model_dump(mode="json", exclude={"gaps"})
    document = captions.document(cues, result.gaps, origin, timings.columns(), result=summary)
    files = {
        "captions.vtt": (captions.vtt(cues, origin), captions.VTT_MEDIA_TYPE),
        "captions.srt": (captions.srt(cues), captions.SRT_MEDIA_TYPE),
        "captions.json": (document, captions.JSON_MEDIA_TYPE),
        "captions.jsonl": (captions.jsonl(cues), captions.JSONL_MEDIA_TYPE),
    }
    if result.chapters:
        files["chapters.vtt"] = (captions.vtt_chapters(result.chapters, origin), captions.VTT_MEDIA_TYPE)
    with tempfile.TemporaryDirectory() as folder:
        for name, (text, media_type) in files.items():
            path = Path(folder, name)
            path.write_text(text, encoding="utf-8", newline="")
            job.attach(name, path, media_type)
