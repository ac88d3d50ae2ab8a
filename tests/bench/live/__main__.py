"""Benchmark of live input through the whole service: processes of the Procfile, a real RTSP server, a client that reads.

    python -m tests.bench.live                       everything; one JSON object a line on stdout, nothing else
    python -m tests.bench.live latency memory cuts   parts of it

latency   nano at 1x: from a picture of the source to the cue in a client's hands, against chunk + 2 s
memory    resident bytes of a worker and its children over 8 hours of source time, as fast as it goes; nano, then a scripted model
cuts      20 cuts of the source in one job: what is captioned, what is in a gap, and what is in both or neither
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.bench.live.cuts import cuts
from tests.bench.live.latency import latency
from tests.bench.live.memory import memory

PARTS = ("latency", "memory", "cuts")
FAKE = "fake=fake:"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=PARTS)
    parser.add_argument("--seconds", type=float, default=180.0, help="of the latency")
    parser.add_argument("--hours", type=float, default=8.0, help="of source time, of the memory")
    parser.add_argument("--model", action="append", help="of the memory: nano, fake")
    parser.add_argument("--cuts", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "latency" in given.parts:
            latency(folder, given.seconds)
        if "memory" in given.parts:
            for model in given.model or ("nano", "fake"):
                (folder / model).mkdir()
                memory(folder / model, given.hours, FAKE if model == "fake" else "")
        if "cuts" in given.parts:
            cuts(folder, given.cuts)


if __name__ == "__main__":
    main()
