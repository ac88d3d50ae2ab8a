"""The record of a run: a CSV with a row for each logged step, and its picture."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class LogRow:
    """One logged step. The held-out figures are filled in rows that follow an evaluation."""

    step: int
    stage: str
    loss: float
    learning_rate: float
    examples_per_s: float
    tokens_per_s: float
    elapsed_s: float
    held_out_loss: float | None = None
    held_out_token_accuracy: float | None = None
    held_out_exact_spoken: float | None = None
    held_out_exact_silent: float | None = None


class Journal:
    """Appends rows; a resumed run first drops the rows after the step it resumes from."""

    def __init__(self, folder: Path, resumed_step: int) -> None:
        self._path = folder / "metrics.csv"
        self._plot = folder / "metrics.png"
        self.rows = [row for row in read_rows(self._path) if row.step <= resumed_step]
        self._rewrite()

    def add(self, row: LogRow) -> None:
        """Append a row to metrics.csv."""
        self.rows.append(row)
        with self._path.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, _names()).writerow(asdict(row))

    def draw(self) -> None:
        """metrics.png: loss, held-out figures, learning rate and throughput over steps."""
        if self.rows:
            draw(self.rows, self._plot)

    def _rewrite(self) -> None:
        with self._path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, _names())
            writer.writeheader()
            writer.writerows(asdict(row) for row in self.rows)


def read_rows(path: Path) -> list[LogRow]:
    """The rows of a log; none where there is no file."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [_row(record) for record in csv.DictReader(file)]


def draw(rows: Sequence[LogRow], path: Path) -> None:
    """Curves of loss, exactness, learning rate and speed as a picture; its format is that of the ending of `path`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 7), layout="constrained")
    loss, exact, rate, speed = figure.subplots(2, 2).flat
    steps = [row.step for row in rows]
    evaluated = [row for row in rows if row.held_out_loss is not None]
    held_out = [row.step for row in evaluated]
    loss.plot(steps, [row.loss for row in rows], linewidth=0.6, label="training")
    loss.plot(held_out, [row.held_out_loss for row in evaluated], marker="o", markersize=3, label="held out")
    loss.set(title="loss", yscale="log")
    loss.legend()
    for name in ("held_out_token_accuracy", "held_out_exact_spoken", "held_out_exact_silent"):
        exact.plot(held_out, [getattr(row, name) for row in evaluated], marker="o", markersize=3, label=name[9:])
    exact.set(title="held out: share right", ylim=(0, 1))
    exact.legend()
    rate.plot(steps, [row.learning_rate for row in rows])
    rate.set(title="learning rate")
    speed.plot(steps, [row.examples_per_s for row in rows], linewidth=0.6)
    speed.set(title="examples/s", ylim=(0, None))
    figure.savefig(path, dpi=80)


def _names() -> list[str]:
    return [field.name for field in fields(LogRow)]


def _row(record: dict[str, str]) -> LogRow:
    numbers = {name: (float(text) if text else None) for name, text in record.items() if name not in ("step", "stage")}
    return LogRow(step=int(record["step"]), stage=record["stage"], **numbers)  # type: ignore[arg-type]
