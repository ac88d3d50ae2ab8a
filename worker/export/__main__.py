"""Export a model for the ONNX engine, which runs it on a CPU without torch.

    python -m worker.export Qwen/Qwen3-VL-4B-Instruct --out /models/qwen3-vl-4b-int4 --weights int4

Interrupted exports go on where they were. Exit codes: 0 done, 1 it cannot be exported, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from worker.export.errors import ExportError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    asked = _parser().parse_args(arguments)
    from tqdm import tqdm  # here: help should not wait for it

    from worker.engines.hub import folder_of
    from worker.export.plan import ExportOptions, VisionPrecision
    from worker.export.run import Export
    from worker.export.verify import compare

    vision: VisionPrecision = asked.vision or ("fp32" if "fp32" in (asked.weights, asked.activations) else "int8")
    options = ExportOptions(asked.weights, asked.kv, asked.activations, asked.block, asked.method, vision)
    with tqdm(unit="B", unit_scale=True, desc="export", file=sys.stderr, disable=asked.quiet) as bar:

        def on_progress(name: str, size: int) -> None:
            bar.set_postfix_str(name[-48:], refresh=False)
            bar.update(size)

        try:
            folder = folder_of(asked.model, asked.revision)
            prove = None if asked.no_proof else compare
            manifest = Export(folder, asked.out, options, on_progress, prove).run()
        except (ExportError, OSError) as error:
            bar.close()
            print(error, file=sys.stderr)
            return 1
    print(f"{asked.out}: {sum(file.stat().st_size for file in asked.out.iterdir()) / 1e6:.1f} MB")
    if (parity := manifest.parity) is not None:
        print(
            f"{parity.tokens_equal} of {parity.tokens_compared} tokens as the checkpoint says them, "
            f"largest difference of a logit {parity.max_logit_error:.2g}, mean divergence {parity.mean_kl:.2g}"
        )
    return 0


def _block(text: str) -> int:
    """A power of two; argparse says what is wrong."""
    block = int(text)
    if block not in (16, 32, 64, 128, 256):
        raise argparse.ArgumentTypeError("one of 16, 32, 64, 128, 256")
    return block


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m worker.export", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("model", help="a model folder or a hub id")
    parser.add_argument("--out", type=Path, required=True, help="the new folder")
    parser.add_argument("--weights", choices=("int4", "int8", "fp32"), default="int4", help="of the text layers")
    parser.add_argument("--kv", choices=("fp32", "fp16", "int8"), default="fp32", help="keys and values of streams")
    parser.add_argument(
        "--vision",
        choices=("int8", "fp32"),
        help="weights of the vision tower (default: int8 where the text's are few bits)",
    )
    parser.add_argument("--activations", choices=("int8", "fp32"), default="int8", help="what int weights meet")
    parser.add_argument("--block", type=_block, default=128, help="weights that share a scale")
    parser.add_argument(
        "--method", choices=("round-to-nearest", "least-squares"), default="round-to-nearest", help="of int weights"
    )
    parser.add_argument("--revision", help="of a hub id")
    parser.add_argument(
        "--no-proof", action="store_true", help="do not compare with the checkpoint in torch at the end"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    return parser


if __name__ == "__main__":
    sys.exit(main())
