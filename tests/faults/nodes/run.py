"""Jobs of a model that is split over several processes, whose nodes are killed, frozen, slowed and restarted at random."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from math import inf
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select

from db.documents.kinds.video import VideoCaptionResult
from db.schema.tables import TERMINAL, CueRow, Job, JobAttempt
from tests.faults.cluster import ROOT, Cluster, now
from tests.faults.histories import history
from tests.faults.ledger import VIDEO_FILES, Ledger, audit_end, audit_files, audit_recovery
from tests.faults.sample_video import make_sample_video
from tests.servers import _die_with_parent, redis_server
from tests.worker.engines.pipeline.nodes import port_of, split_folder

FAMILY, NODES = "qwen3_vl", 3
SILENT_S = 8.0
OPEN_JOBS = 3
SECONDS, CHUNK_MS = 30, 500
CHUNKS = SECONDS * 1000 // CHUNK_MS
PARAMS = {
    "chunk_ms": CHUNK_MS,
    "max_frame_pixels": 32 * 32,
    "max_tokens_per_chunk": 3,
    "silence_threshold": 1.0,
    "max_cue_ms": CHUNK_MS,  # a cue for each chunk that speaks
    "window": {"text_sink_tokens": 30, "text_window_tokens": 30, "vision_ms": 2 * CHUNK_MS},
}
PATIENCE_S, SETTLE_S = 400.0, 600.0  # a process takes minutes to start where all processors are taken


class Node:
    """The process of one node; `start` after it has ended is a restart."""

    def __init__(self, split: Path, rank: int, log: Path) -> None:
        self._command = [sys.executable, "-m", "worker", "node", "--chunk", str(split / f"node{rank}")]
        self._command += ["--secret-file", str(split / "secret"), "--device", "cpu"]
        self._command += ["--join", f"127.0.0.1:{port_of(split)}"]
        self._log = log
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as file:
            self.process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                stdout=file,
                stderr=file,
                preexec_fn=_die_with_parent(signal.SIGKILL),
            )

    def end(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()


@dataclass
class Group:
    """A cluster with one worker, the nodes of its model, and a die."""

    cluster: Cluster
    nodes: list[Node]
    film: UUID
    die: random.Random
    ids: list[UUID] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    times: list[datetime] = field(default_factory=list)

    def refill(self) -> None:
        """As many jobs as the worker does at once."""
        with self.cluster.database.read() as session:
            ended = session.scalars(select(func.count()).where(Job.id.in_(self.ids), Job.state.in_(TERMINAL))).one()
        self.ids += self.cluster.submit(self.film, OPEN_JOBS - (len(self.ids) - ended), **PARAMS)

    def cues(self) -> int:
        with self.cluster.database.read() as session:
            return session.scalars(select(func.count()).select_from(CueRow)).one()


def killed(node: Node, _: random.Random) -> None:
    node.process.kill()
    node.process.wait()
    node.start()


def frozen(node: Node, die: random.Random) -> None:
    """Longer than a node may be silent, or a little less."""
    node.process.send_signal(signal.SIGSTOP)
    time.sleep(die.uniform(SILENT_S - 2, SILENT_S + 4))
    node.process.send_signal(signal.SIGCONT)


def restarted(node: Node, die: random.Random) -> None:
    node.process.send_signal(signal.SIGCONT)
    node.process.terminate()
    assert node.process.wait(60) == 0
    time.sleep(die.uniform(0, 3))
    node.start()


def slow(node: Node, die: random.Random) -> None:
    """Alive, and at work for a part of the time only."""
    for _ in range(10):
        node.process.send_signal(signal.SIGSTOP)
        time.sleep(die.uniform(0.1, 0.5))
        node.process.send_signal(signal.SIGCONT)
        time.sleep(0.1)


FAULTS: dict[Callable[[Node, random.Random], None], int] = {killed: 1, frozen: 3, restarted: 1, slow: 3}


@contextmanager
def group_of(folder: Path, seed: int) -> Iterator[Group]:
    """A cluster whose worker has a split model; its database is SQLite."""
    (folder / "redis").mkdir()
    split = split_folder(FAMILY, NODES, folder / "split", silent_s=SILENT_S)
    with redis_server(folder / "redis", append_only=False) as broker:
        models = f"split=pipeline:{split / 'nodes.json'}?device=cpu"
        cluster = Cluster(folder, f"sqlite:///{folder / 'bm3.sqlite3'}", broker.url, models)
        nodes = [Node(split, rank, folder / "log") for rank in range(1, NODES)]
        film = cluster.add_video(make_sample_video(folder / "film.mp4", SECONDS))
        try:
            cluster.start("dispatcher")
            cluster.start("gpu")
            yield Group(cluster, nodes, film, random.Random(seed))
        except BaseException:
            print(cluster.log()[-20_000:], file=sys.stderr)
            raise
        finally:
            for node in nodes:
                node.end()
            cluster.stop()


def campaign(faults: int, seed: int, minutes: float = inf) -> dict[str, object]:
    """Run it, with fewer faults where time is up; the summary, with `faultless`: is all that must be zero?"""
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="bm3-nodes-", ignore_cleanup_errors=True) as name,
        group_of(Path(name), seed) as group,
    ):
        _fight(group, faults, 60 * minutes)
        ledger = _settle(group)
        return {
            "nodes": NODES,
            "faults": group.done.total(),
            "seed": seed,
            **ledger.summary(),
            "kinds": dict(sorted(group.done.items())),
            "attempts": _attempts(group),
            "seconds": round(time.monotonic() - began, 1),
            "faultless": ledger.faultless(),
        }


def _fight(group: Group, faults: int, seconds: float) -> None:
    """Strike again and again while jobs are at work; a strike must not fall before the last one is got over."""
    group.refill()
    _await_progress(group, 0)
    until_s = time.monotonic() + seconds
    for number in range(faults):
        if time.monotonic() > until_s:
            break
        fault = group.die.choices([*FAULTS], [*FAULTS.values()])[0]
        rank = group.die.randrange(len(group.nodes))
        group.times.append(now())
        fault(group.nodes[rank], group.die)
        group.done[fault.__name__] += 1
        print(f"{now():%X} {number + 1}/{faults} node {rank + 1} {fault.__name__}", file=sys.stderr, flush=True)
        group.refill()
        _await_progress(group, group.cues())
        time.sleep(group.die.uniform(0.0, 1.0))


def _await_progress(group: Group, before: int) -> None:
    """Every fault has to be got over: chunks are told of again."""
    deadline = time.monotonic() + PATIENCE_S
    while group.cues() < before + OPEN_JOBS:
        assert time.monotonic() < deadline, "the jobs do not go on"
        group.refill()
        time.sleep(0.2)


def _settle(group: Group) -> Ledger:
    """Let all jobs come to their end undisturbed, then count."""
    cluster, ledger = group.cluster, Ledger()
    try:
        cluster.wait(group.ids, SETTLE_S)
    except AssertionError as late:
        print(late, file=sys.stderr)
    for job_id in group.ids:
        with ledger.about(job_id):
            job = audit_end(ledger, cluster.database, job_id)
            if job is not None and job.result is not None:
                audit_files(ledger, cluster.database, cluster.objects, job_id, VIDEO_FILES)
                audit_chunks(ledger, cluster, job)
    audit_recovery(ledger, cluster.database, group.ids, group.times)
    for job_id in ledger.suspects:
        print(history(cluster.database, job_id), file=sys.stderr)
    return ledger


def audit_chunks(ledger: Ledger, cluster: Cluster, job: Job) -> None:
    """Each chunk that spoke has its cue, once, in order. Words differ: a stream that goes on has seen less than one before."""
    with cluster.database.read() as session:
        cues = session.scalars(select(CueRow).where(CueRow.job_id == job.id).order_by(CueRow.seq)).all()
    heard = [number for cue in cues for number in range(cue.data["chunk_first"], cue.data["chunk_last"] + 1)]
    result = VideoCaptionResult.model_validate(job.result)
    ledger.duplicate_cues += len(heard) - len(set(heard))
    ledger.missing_cues += max(0, result.chunks - result.silent_chunks - len(set(heard)))
    ledger.wrong_cues += sum(before >= after for before, after in pairwise(heard))
    ledger.wrong_cues += [cue.seq for cue in cues] != list(range(len(cues)))
    ledger.wrong_results += result.chunks != CHUNKS


def _attempts(group: Group) -> dict[str, int]:
    """How many attempts ended in which way."""
    with group.cluster.database.read() as session:
        ends: Sequence[str | None] = session.scalars(
            select(JobAttempt.outcome).where(JobAttempt.job_id.in_(group.ids))
        ).all()
    return dict(sorted(Counter(str(end) for end in ends).items()))
