"""Whether this container's worker lives and has a model to work with: for health checks, so it imports nothing heavy.

    python -m worker.healthy       exit status 0, or 1 and a sentence that says what is wrong

It reads the process's own Prometheus page (BM3_WORKER_METRICS_PORT).
"""

from __future__ import annotations

import os
import re
import sys
import urllib.request

PORT = "BM3_WORKER_METRICS_PORT"
GAUGE = re.compile(r"^(bm3_models_configured|bm3_models_usable) ([0-9.]+)$", re.MULTILINE)
ANSWERS_S = 5.0


def problem(page: str) -> str:
    """What a worker's Prometheus page says is wrong; empty when it is well."""
    models = {name: float(value) for name, value in GAUGE.findall(page)}
    if models.get("bm3_models_configured", 0) and not models.get("bm3_models_usable", 0):
        return "no model can be used: the worker takes no job (see its log)"
    return ""


def main() -> int:
    """Ask once; the exit status."""
    port = os.environ.get(PORT, "0")
    if port == "0":
        print(f"{PORT} is not set: nothing can be asked", file=sys.stderr)
        return 1
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=ANSWERS_S) as answer:
            said = problem(answer.read().decode())
    except OSError as error:
        said = f"the worker does not answer: {error}"
    if said:
        print(said, file=sys.stderr)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
