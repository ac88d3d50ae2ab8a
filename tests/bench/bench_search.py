"""Benchmark of search: a million cues, and what keeping the index costs those who write.

    python -m tests.bench.bench_search                 both databases; one JSON object a line on stdout, nothing else
    python -m tests.bench.bench_search --cues 100000 sqlite

Captions are drawn from words as unequal as in a language (Zipf); queries are drawn from the same words, common and rare,
alone, together, as phrases, as beginnings, within a job or a label, and far down the pages.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import insert, text

from db.documents.kinds.video import Cue
from db.jobs import leases, progress
from db.jobs.progress import ProgressStep
from db.schema.base import new_id
from db.schema.tables import CueRow, Job, State
from db.session import Database
from tests.bench.api_process import ApiProcess, api_process
from tests.postgres import postgres_server
from tests.servers import redis_server

CUES_A_JOB = 1_000
WORDS, WORDS_A_CUE = 20_000, 14
QUERIES = 300
WRITES, FIRST_WRITES = 300, 20  # the first ones pay for imports and connections
BODY = {"kind": "video.caption", "params": {"video": {"url": "https://example.com/a.mp4"}}}


def tell(metric: str, value: float, unit: str, **more: Any) -> None:
    """One line of the result."""
    load = round(os.getloadavg()[0], 1)
    line = {"bench": "search", "metric": metric, "value": round(value, 4), "unit": unit, **more, "load": load}
    print(json.dumps(line), flush=True)


@dataclass(frozen=True)
class Vocabulary:
    """Words and how often each is said."""

    words: Sequence[str]
    weights: Sequence[float]
    draw: random.Random

    def some(self, count: int) -> list[str]:
        """Words as they are said."""
        return self.draw.choices(self.words, cum_weights=self.weights, k=count)


def vocabulary(seed: int) -> Vocabulary:
    """The n-th word is said 1/n as often as the first."""
    draw = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"
    made = list(dict.fromkeys("".join(draw.choices(letters, k=draw.randint(2, 9))) for _ in range(WORDS * 2)))[:WORDS]
    return Vocabulary(made, [*itertools.accumulate(1 / n for n in range(1, len(made) + 1))], draw)


def fill(database: Database, tenant_id: UUID, cues: int, said: Vocabulary) -> None:
    """Finished jobs with captions; every tenth has the label of the gate."""
    now = datetime.now(UTC)
    for number in range(cues // CUES_A_JOB):
        job_id = new_id()
        job = Job(
            id=job_id, tenant_id=tenant_id, kind="video.caption", queue="gpu", state=State.SUCCEEDED, created_at=now
        )
        job.cue_count, job.params, job.labels = (
            CUES_A_JOB,
            BODY["params"],
            {"camera": "gate" if number % 10 == 0 else "door"},
        )
        rows = [
            {
                "job_id": job_id,
                "seq": seq,
                "start_ms": seq * 2000,
                "end_ms": seq * 2000 + 2000,
                "text": " ".join(said.some(WORDS_A_CUE)).capitalize() + ".",
                "data": {"chunk_first": seq, "chunk_last": seq, "tokens": WORDS_A_CUE},
                "epoch": 1,
            }
            for seq in range(CUES_A_JOB)
        ]
        with database.write() as session:
            session.add(job)
            session.flush()
            session.execute(insert(CueRow), rows)


def questions(api: ApiProcess, client: httpx.Client, said: Vocabulary) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is asked, by sort, each as often as the others."""
    jobs = [job["id"] for job in client.get("/v1/jobs", params={"limit": 100}).json()["items"]]
    rare = said.words[len(said.words) // 2 :]
    pick = said.draw.choice
    sorts: dict[str, Callable[[], dict[str, Any]]] = {
        "as_said": lambda: {"q": said.some(1)[0]},
        "most_common": lambda: {"q": pick(said.words[:10])},
        "rare": lambda: {"q": pick(rare)},
        "absent": lambda: {"q": "q" * 12},
        "two": lambda: {"q": " ".join(said.some(2))},
        "two_common": lambda: {"q": " ".join(said.draw.sample(said.words[:30], 2))},
        "common_and_rare": lambda: {"q": f"{pick(said.words[:10])} {pick(rare)}"},
        "phrase": lambda: {"q": '"{} {}"'.format(*said.some(2))},
        "beginning": lambda: {"q": said.some(1)[0][:3] + "*"},
        "without": lambda: {"q": "{} -{}".format(*said.some(2))},
        "in_a_job": lambda: {"q": said.some(1)[0], "job_id": pick(jobs)},
        "with_a_label": lambda: {"q": said.some(1)[0], "label": "camera:gate"},
        "far_down": lambda: {"q": pick(said.words[:10]), "cursor": far},
    }
    far = _far_cursor(client, said)
    for number in range(QUERIES):
        sort = [*sorts][number % len(sorts)]
        yield sort, sorts[sort]()


def _far_cursor(client: httpx.Client, said: Vocabulary) -> str:
    cursor = None
    for _ in range(20):
        asked = {"q": said.words[0], "limit": 200, **({"cursor": cursor} if cursor else {})}
        cursor = client.get("/v1/search", params=asked).json()["next_cursor"] or cursor
    assert cursor is not None
    return cursor


def searches(name: str, api: ApiProcess, cues: int, said: Vocabulary) -> None:
    """Latency over HTTP, one client; each question once."""
    took: dict[str, list[float]] = {}
    with httpx.Client(base_url=api.url, headers=api.headers, timeout=120) as client:
        asked = [*questions(api, client, said)]
        for _, one in asked[:20]:
            client.get("/v1/search", params={**one, "q": "warm " + one["q"]}).raise_for_status()
        for sort, one in asked:
            began = time.perf_counter()
            client.get("/v1/search", params=one).raise_for_status()
            took.setdefault(sort, []).append((time.perf_counter() - began) * 1000)
    every = [ms for times in took.values() for ms in times]
    tell(f"search_{name}_p50", median(every), "ms", cues=cues)
    tell(f"search_{name}_p95", quantiles(every, n=20)[18], "ms", cues=cues)
    for sort, times in took.items():
        tell(f"search_{name}_{sort}_p50", median(times), "ms", cues=cues, slowest=round(max(times), 1))


def writes(name: str, folder: Path, urls: tuple[str, str], redis_url: str) -> None:
    """Submits and appends with the index and without, by turns, in one run."""
    with ExitStack() as held:
        sides = {}
        for side, url in zip(("without", "with"), urls, strict=True):
            api = held.enter_context(api_process(folder / f"{name}-{side}", url, redis_url))
            client = httpx.Client(base_url=api.url, headers=api.headers, timeout=60)
            sides[side] = (api, held.enter_context(client))
        _take_away_index(sides["without"][0].database)
        took: dict[str, list[float]] = {f"{what}_{side}": [] for what in ("submit", "append") for side in sides}
        said = vocabulary(2)
        jobs = {side: _begin(api) for side, (api, _) in sides.items()}
        for number in range(WRITES + FIRST_WRITES):
            for side, (api, client) in sides.items():
                times = _submitted(client), _appended(api.database, *jobs[side], number, said)
                for what, ms in zip(("submit", "append"), times, strict=True):
                    took[f"{what}_{side}"] += [ms] if number >= FIRST_WRITES else []
    for what in ("submit", "append"):
        plain, kept = median(took[f"{what}_without"]), median(took[f"{what}_with"])
        tell(f"{what}_{name}_p50", kept, "ms", without=round(plain, 3))
        tell(f"{what}_{name}_p50_with_index", kept / plain, "ratio", vs="without")


def _take_away_index(database: Database) -> None:
    """Nothing keeps the words of cues any more."""
    on_cues = ("cue_words_job_new", "cue_words_job_gone", "cue_words_new", "cue_words_changed", "cue_words_gone")
    statements = [f"DROP TRIGGER {name}" for name in on_cues]
    with database.write() as session:
        for statement in statements if database.is_sqlite else ["DROP TRIGGER bm3_keep_cue_words ON cues"]:
            session.execute(text(statement))


def _begin(api: ApiProcess) -> tuple[UUID, int]:
    httpx.post(f"{api.url}/v1/jobs", json=BODY, headers=api.headers).raise_for_status()
    now = datetime.now(UTC)
    with api.database.write() as session:
        job = leases.claim(session, now, "gpu", "w", 6000)
        assert job is not None
        assert leases.start(session, now, job.id, job.epoch)
    return job.id, job.epoch


def _submitted(client: httpx.Client) -> float:
    began = time.perf_counter()
    client.post("/v1/jobs", json=BODY).raise_for_status()
    return (time.perf_counter() - began) * 1000


def _appended(database: Database, job_id: UUID, epoch: int, number: int, said: Vocabulary) -> float:
    """One cue and its checkpoint, as a worker stores it."""
    words = " ".join(said.some(WORDS_A_CUE))
    cue = Cue(seq=number, start_ms=number, end_ms=number + 1, text=words, chunk_first=number, chunk_last=number)
    began = time.perf_counter()
    with database.write() as session:
        assert progress.save(session, datetime.now(UTC), job_id, epoch, ProgressStep([cue], {"n": number}, number + 1))
    return (time.perf_counter() - began) * 1000


def run(name: str, cues: int, folder: Path, urls: Callable[[], str], redis_url: str) -> None:
    """Everything on one kind of database."""
    writes(name, folder, (urls(), urls()), redis_url)
    said = vocabulary(1)
    with api_process(folder / name, urls(), redis_url) as api:
        began = time.perf_counter()
        fill(api.database, api.tenant_id, cues, said)
        tell(f"fill_{name}", cues / (time.perf_counter() - began), "cues/s", cues=cues)
        searches(name, api, cues, said)


@contextmanager
def places(name: str) -> Iterator[Callable[[], str]]:
    """What gives the URL of a new database; empty: SQLite in the api's own folder."""
    if name == "sqlite":
        yield str
        return
    with postgres_server() as server:
        yield server.fresh


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("databases", nargs="*", choices=["sqlite", "postgres", []], default=[])
    parser.add_argument("--cues", type=int, default=1_000_000)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, redis_server(Path(folder)) as redis:
        for name in given.databases or ["sqlite", "postgres"]:
            with places(name) as urls:
                run(name, given.cues, Path(folder), urls, redis.url)


if __name__ == "__main__":
    main()
