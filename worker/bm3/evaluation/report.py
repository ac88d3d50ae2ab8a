"""Figures of an evaluation as a JSON document, as a table to read, and as a plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from worker.bm3.evaluation.match import Timing
from worker.bm3.evaluation.score import MatchTally, Score, score
from worker.bm3.evaluation.watch import Heard
from worker.bm3.scenes.scenes import first_shown_ms
from worker.bm3.scenes.world import SceneEvent

SLICE_MS = 600_000  # long videos are also scored in parts of ten minutes: does it hold out?
COLUMNS = ("f1", "precision", "recall", "wrong_still", "memory", "again", "long_again", "count", "x_real_time")


@dataclass(frozen=True)
class WatchedVideo:
    """What was heard of one video (or of several, one after the other), beside the truth."""

    seeds: tuple[int, ...]
    heard: Sequence[Heard]
    truth: Sequence[SceneEvent]
    timing: Timing

    @property
    def duration_ms(self) -> int:
        """As far as the stream came."""
        return self.heard[-1].end_ms if self.heard else 0

    def score(self, start_ms: int, end_ms: int) -> Score:
        """The figures of a stretch: of what was said in it and what was due in it."""
        cues = [one for one in self.heard if start_ms <= one.start_ms < end_ms]
        due = [event for event in self.truth if start_ms <= first_shown_ms(event, self.timing.fps) < end_ms]
        return score(cues, due, self.timing, (start_ms, end_ms))

    def figures(self) -> dict[str, Any]:
        """One row: JSON-able, shares rounded to four places."""
        whole = self.score(0, self.duration_ms)
        seconds = sum(one.seconds for one in self.heard)
        slices = range(0, self.duration_ms, SLICE_MS)
        return {
            "seeds": list(self.seeds),
            "minutes": round(self.duration_ms / 60_000, 2),
            **_headline(whole),
            "x_real_time": round(self.duration_ms / 1000 / seconds, 2) if seconds else None,
            "f1_by_ten_minutes": [
                round(self.score(start_ms, min(start_ms + SLICE_MS, self.duration_ms)).f1, 4) for start_ms in slices
            ],
            "by_kind": {kind: _tally(tally) for kind, tally in whole.by_kind.items()},
            "memory_counts": asdict(whole.memory),
        }


def joined(videos: Sequence[WatchedVideo]) -> WatchedVideo:
    """Several videos as one: each begins where the one before ended."""
    heard: list[Heard] = []
    truth: list[SceneEvent] = []
    shift_ms = 0
    for video in videos:
        heard += [replace(one, start_ms=one.start_ms + shift_ms, end_ms=one.end_ms + shift_ms) for one in video.heard]
        truth += [
            replace(one, onset_ms=one.onset_ms + shift_ms, end_ms=one.end_ms + shift_ms)
            for one in video.truth
            if first_shown_ms(one, video.timing.fps) < video.duration_ms
        ]
        shift_ms += video.duration_ms
    return WatchedVideo(tuple(seed for video in videos for seed in video.seeds), heard, truth, videos[0].timing)


def _headline(got: Score) -> dict[str, Any]:
    memory = got.memory
    return {
        **_tally(got.events),
        "f1_without_details": round(got.without_details.f1, 4),
        "onset_error_ms_mean": round(got.mean_onset_error_ms),
        "onset_error_ms_median": round(got.median_onset_error_ms),
        "same_chunk": _share(got.same_chunk, got.events.right),
        "wrong_still": round(got.wrong_still_share, 4),
        "still_chunks": got.still_chunks,
        "strange_clauses": got.strange_clauses,
        "memory": round(memory.accuracy, 4),
        "again": _share(memory.again_right, memory.again_asked),
        "long_again": _share(memory.long_again_right, memory.long_again_asked),
        "third": _share(memory.third_right, memory.third_asked),
        "count": _share(memory.count_right, memory.count_asked),
    }


def _tally(tally: MatchTally) -> dict[str, Any]:
    shares = {"f1": tally.f1, "precision": tally.precision, "recall": tally.recall}
    return {**{name: round(share, 4) for name, share in shares.items()}, **asdict(tally)}


def _share(part: int, whole: int) -> float | None:
    """None where nothing was asked."""
    return round(part / whole, 4) if whole else None


def table(rows: dict[str, dict[str, Any]]) -> str:
    """The headline figures, one variant a line."""
    width = max(map(len, rows), default=0)
    lines = [" " * width + "".join(f"{column:>12}" for column in (*COLUMNS, "minutes"))]
    for name, row in rows.items():
        cells = ["-" if row[column] is None else f"{row[column]:.3f}" for column in COLUMNS]
        lines.append(f"{name:<{width}}" + "".join(f"{cell:>12}" for cell in (*cells, f"{row['minutes']:.1f}")))
    return "\n".join(lines)


def plot(rows: dict[str, dict[str, Any]], path: Path) -> None:
    """Bars for the variants; under them F1 in the course of time, one point for each ten minutes."""
    import matplotlib as mpl  # slow to import, and needed for this picture alone

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, (bars, course) = plt.subplots(2, 1, figsize=(9, 7), layout="constrained")
    for offset, (column, label) in enumerate((("f1", "event F1"), ("again", '"again" recall'), ("memory", "memory"))):
        heights = [row[column] or 0.0 for row in rows.values()]
        bars.bar([index + 0.27 * (offset - 1) for index in range(len(rows))], heights, width=0.25, label=label)
    bars.set_xticks(range(len(rows)), list(rows))
    bars.set_ylim(0, 1.05)
    bars.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    for name, row in rows.items():
        minutes = [
            min(SLICE_MS / 60_000 * (index + 1), row["minutes"]) for index in range(len(row["f1_by_ten_minutes"]))
        ]
        course.plot(minutes, row["f1_by_ten_minutes"], marker="o", label=name)
    course.set_xlabel("minutes of video")
    course.set_ylabel("event F1 of the last ten minutes")
    course.set_xlim(left=0)
    course.set_ylim(0, 1.05)
    course.legend(loc="lower left", ncols=2)
    figure.savefig(path, dpi=110)
    plt.close(figure)
