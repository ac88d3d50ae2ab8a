"""Scale a busy cluster down again and again: what became of the jobs, as JSON; exit status 1 if anything was lost.

python -m tests.faults.scaling --rounds 20
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.faults.cluster import Cluster
from tests.faults.sample_video import expected_cues, make_sample_video
from tests.faults.scaling.down import scale_down
from tests.postgres import postgres_server
from tests.servers import redis_server


def main() -> int:
    """Run it against servers of its own; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, postgres_server() as postgres:
        for name in ("redis", "cluster"):
            Path(folder, name).mkdir()
        with redis_server(Path(folder, "redis")) as redis:
            video = make_sample_video(Path(folder, "film.mp4"), 24)
            cluster = Cluster(Path(folder, "cluster"), postgres.fresh(), redis.url)
            try:
                done = scale_down(cluster, cluster.add_video(video), expected_cues(video), rounds)
            finally:
                cluster.stop()
    print(json.dumps(asdict(done)))
    return 0 if done.faultless and not done.from_zero else 1


if __name__ == "__main__":
    sys.exit(main())
