"""Train BM3-VL from scratch, or fine-tune it or a Qwen-VL checkpoint: `python -m worker.bm3.train RECIPE.toml`.

A run that was killed goes on where its last checkpoint was, with the same losses, when it is started again.
Several GPUs: `accelerate launch -m worker.bm3.train RECIPE.toml`.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m worker.bm3.train", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("recipe", type=Path, help="TOML file; see worker/bm3/configs")
    asked = parser.parse_args()
    from worker.bm3.training.recipe import read_recipe  # here: help should not wait for PyTorch
    from worker.bm3.training.run import TrainingRun

    TrainingRun(read_recipe(asked.recipe)).train()


if __name__ == "__main__":
    main()
