"""The model card of published weights: what they are, how they were made, and the figures that were measured."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from worker.bm3.evaluation.report import table
from worker.bm3.training.run_manifest import RunStart, read_starts
from worker.bm3.training.training_log import LogRow, read_rows

PROSE = """# BM3-VL {name}

A small vision-language model of the Qwen3-VL architecture (`model_type: bm3_vl`), trained from scratch by this project to
caption synthetic videos as it watches them. {parameters:.1f} million weights, {size_mb:.1f} MB.

## What it takes and says

Frames of {frame_px} x {frame_px} pixels at 2 a second in chunks of 2 s, greedy decoding, the prompt
"Describe what happens in the video as it happens." It says one clause for each event (`red circle enters from the left again,
now two circles`), or nothing. With the prompt "Describe what is in the picture." it lists what a frame shows. The language is
that of `worker/bm3/scenes/grammar.py`. It does best with little in sight, frames for 4 s and the last 256 tokens said: what a
job that names no window gets (`default_window` in `config.json`).

## Data

Synthetic scenes of `worker/bm3/scenes/scenes.py`, rendered while training, never stored: training seeds 0 to 999,999 without the
eight held-out pairs of colour and shape; held-out seeds from 1,000,000 on, where half of the objects are of those pairs. No
real video, no text from elsewhere except the tokenizer's English (source text of three modules of Python's library). A share
of the frames went through JPEG and a colour shift. A share of the objects had a colour without a name ("odd star") or two
colours in a pattern, and a share of the colour words was shown wrong, so that a shape is known in colours that it was never
seen in. Replies to earlier chunks stood before the frames as memory; what memory decides was learned from replies alone as well.

## Training

    python -m worker.bm3.train worker/bm3/configs/{recipe}.toml
    python -m worker.bm3.publish {run} worker/bm3/weights/{name} --enlarge {times}

{training}

The curve is in `metrics.csv` and `metrics.png`. "Exact" counts held-out replies whose tokens are all right when the truth so far
is given (what greedy decoding would say); it is no streaming figure.

## Held-out streaming figures

{evaluation}

## Limits

It knows the world of the scenes generator: six shapes, eight colours, four backgrounds, ten words and ten digits, at most four
objects in six places. Anything else it describes in those words, wrongly. It has no knowledge, follows no instructions, and
does not read other text: asked for chapters and a summary it says nothing, so chapters are named by their times and there is
no summary. It is made for tests, demonstrations and measurements of the streaming engine.
"""

NO_EVALUATION = """Not measured for these weights. To measure:

    python -m worker.bm3.evaluate --minutes 10 --seed 1000000 --out ten_minutes.json
    python -m worker.bm3.publish ... --evaluations ten_minutes.json"""


def card(run: Path, folder: Path, times: int, evaluations: Sequence[Path]) -> str:
    """The text; `folder` holds the published configuration and weights, `times` is how often frames were enlarged."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    starts = read_starts(run)
    size_bytes = (folder / "model.safetensors").stat().st_size
    bytes_each = 4 if config["dtype"] == "float32" else 2
    return PROSE.format(
        name=folder.name.removesuffix(".part"),
        parameters=size_bytes / bytes_each / 1e6,
        size_mb=size_bytes / 1e6,
        frame_px=config["vision_config"]["patch_size"] * 8,
        recipe=Path(starts[-1].recipe["run"]["out"]).name if starts else "nano",
        run=Path("runs") / run.name,
        times=times,
        training=_training(read_rows(run / "metrics.csv"), starts),
        evaluation="\n\n".join(map(_evaluation, evaluations)) or NO_EVALUATION,
    )


def _training(rows: Sequence[LogRow], starts: Sequence[RunStart]) -> str:
    """Which machine, how long, how far, and the last held-out figures."""
    if not rows:
        return "No record of the run was kept."
    last = rows[-1]
    lines = [
        f'{last.step} optimizer steps in {last.elapsed_s / 60:.0f} minutes of wall clock (stage "{last.stage}"), seeds'
    ]
    lines[0] += f" {sorted({start.recipe['run']['seed'] for start in starts})}." if starts else " in the recipe."
    lines += [f"- from step {start.step}: {start.machine}, recipe of {start.total_steps} steps" for start in starts]
    for row in _last_evaluations(rows):
        lines.append(
            f"- held out at step {row.step} ({row.stage}): loss {row.held_out_loss}, tokens {row.held_out_token_accuracy}, "
            f"exact spoken {row.held_out_exact_spoken}, exact silent {row.held_out_exact_silent}"
        )
    return "\n".join(lines)


def _last_evaluations(rows: Sequence[LogRow]) -> list[LogRow]:
    """The last evaluation of each stage."""
    return list({row.stage: row for row in rows if row.held_out_loss is not None}.values())


def _evaluation(path: Path) -> str:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    said = f"Preset `{document['preset']}`, combinations `{document['combos']}`:"
    return f"{said}\n\n```\n{table(document['variants'])}\n```"
