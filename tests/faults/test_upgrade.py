"""A rolling upgrade as docs/operations.md tells it: processes of two versions side by side on one migrated database."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import select, text

from db.documents.kinds.video import Cue
from db.ops import migrate
from db.schema.tables import JobAttempt
from tests.faults.cluster import ROOT, Cluster, Process
from tests.faults.ledger import audit
from tests.faults.retrying_client import RetryingClient
from tests.faults.sample_video import expected_cues, make_sample_video
from tests.needs import need
from tests.servers import free_port

# The first version that goes on on a database which a newer one has migrated; none before it can pass here.
EARLIER = "57208ed"
TREES = ("api", "db", "worker", "client")
VIDEO_S = 40
MODELS = "fake=fake?delay_ms=700"  # long enough for a job to be handed over twice
PATIENT = {"BM3_LEASE_S": "40", "BM3_FENCE_S": "30"}  # no lease is lost only because the machine is busy
SECONDS = 240.0  # for each step; two cores may be busy with other tests
NEXT = "next_version"
MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "{next}", "{head}", None, None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("of_the_next_version", sa.Integer(), nullable=True))
    op.create_table("of_the_next_version", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade() -> None:
    raise NotImplementedError
"""


@pytest.fixture
def cluster(tmp_path: Path, postgres_url: str, redis_url: str) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path, postgres_url, redis_url, MODELS, PATIENT)
    yield cluster
    cluster.stop()


def this_version(folder: Path) -> Path:
    """The packages of this tree, as they are now."""
    for name in TREES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def earlier_version(folder: Path) -> Path:
    """The packages as they were, out of the history; fetched where a clone is shallow."""
    if _git("cat-file", "-e", f"{EARLIER}^{{commit}}").returncode != 0:
        _git("fetch", "--quiet", "--unshallow")
    packed = _git("archive", EARLIER, *TREES)
    need(packed.returncode == 0, f"the history of this repository back to {EARLIER}: git fetch --unshallow")
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=packed.stdout, check=True)
    return folder


def next_version(folder: Path) -> Path:
    """This version with a migration that adds to what is there, as migrations do."""
    tree, head = this_version(folder), ScriptDirectory.from_config(migrate.configuration()).get_current_head()
    (tree / "db" / "migrations" / "versions" / "99991231_next.py").write_text(MIGRATION.format(next=NEXT, head=head))
    return tree


def run(cluster: Cluster, tree: Path, *words: str) -> str:
    """A command of that version; what it says, which must come from that tree."""
    command = [sys.executable, *words]
    settings = {**cluster.environment(), "PYTHONPATH": str(tree)}
    done = subprocess.run(command, cwd=tree, env=settings, capture_output=True, text=True, timeout=SECONDS, check=False)
    return f"{done.returncode}\n{done.stdout}{done.stderr}"


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("version", [this_version, earlier_version])
def test_an_upgrade_takes_nothing_out(cluster: Cluster, tmp_path: Path, version: Callable[[Path], Path]) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    version(old)
    next_version(new)
    for tree in (old, new):
        assert str(tree) in run(cluster, tree, "-c", "import db, worker, api; print(db.__file__)")
    sample_video = make_sample_video(tmp_path / "film.mp4", VIDEO_S)
    asset, client = cluster.add_video(sample_video), cluster.client()
    _Upgrade(cluster, client, old, new, asset, expected_cues(sample_video)).go()


class _Upgrade:
    """The steps, in order; every job of every step must end with the right cues."""

    def __init__(
        self, cluster: Cluster, client: RetryingClient, old: Path, new: Path, asset: UUID, expected: list[Cue]
    ) -> None:
        self.cluster, self.client, self.old, self.new = cluster, client, old, new
        self.params, self.expected = {"video": {"asset_id": str(asset)}}, expected
        self.ids: list[UUID] = []

    def go(self) -> None:
        api, dispatcher, worker = (self.cluster.start(role, self.old) for role in ("api", "dispatcher", "gpu"))
        begun_before = self.submit(self.client)
        self.cluster.wait_running([begun_before], cues=2, seconds=SECONDS)
        assert run(self.cluster, self.new, "-m", "db", "migrate").startswith("0")
        assert self.revision() == NEXT
        self.old_goes_on(begun_before, worker)
        self.old_starts_again(api, dispatcher, worker)
        self.versions_take_turns()
        ledger = audit(self.cluster.database, self.cluster.objects, self.ids, self.expected)
        assert ledger.faultless(), ledger

    def old_goes_on(self, begun_before: UUID, worker: Process) -> None:
        """Nothing is restarted: the old api answers, the old worker finishes what it had and takes more."""
        self.ready(self.client)
        after = self.submit(self.client)
        self.cluster.wait([begun_before, after], SECONDS)
        assert worker.alive
        assert len({*self.workers_of(begun_before), *self.workers_of(after)}) == 1

    def old_starts_again(self, *processes: Process) -> None:
        """A crash of the old version in the middle of an upgrade is no end of it."""
        for process in processes:
            process.signal(signal.SIGTERM)
            process.ended(20)
            process.kill()
            self.cluster.start(process.role, self.old)
        self.ready(self.client)
        self.cluster.wait([self.submit(self.client)], SECONDS)
        assert run(self.cluster, self.old, "-m", "db", "migrate").startswith("0")
        assert self.revision() == NEXT
        said = run(self.cluster, self.old, "-m", "db", "doctor")
        assert "newer version" in said, said
        assert "behind" not in said, said

    def versions_take_turns(self) -> None:
        """Each version goes on with jobs that the other began, and serves jobs that the other took in."""
        port = str(free_port())
        self.cluster.start("api", self.new, BM3_API_PORT=port)
        new_client = RetryingClient(f"http://127.0.0.1:{port}", self.client.token)
        self.ready(new_client)
        [old_worker] = [one for one in self.cluster.processes if one.role == "gpu" and one.alive]
        job_id = self.submit(new_client)
        self.cluster.wait_running([job_id], cues=2, seconds=SECONDS)
        new_worker = self.swap(old_worker, self.new)
        self.cluster.wait([job_id], SECONDS, lambda job: job.attempt == 2 and job.cue_count > 4)
        self.swap(new_worker, self.old)
        self.cluster.wait([job_id], SECONDS)
        assert len({*self.workers_of(job_id)}) == 3
        for client in (self.client, new_client):
            job = client.ask("GET", f"/v1/jobs/{job_id}", SECONDS).json()
            assert job["state"] == "succeeded", job.get("failure")

    def swap(self, leaving: Process, tree: Path) -> Process:
        """Restart a worker as another version: it hands its jobs over."""
        leaving.signal(signal.SIGTERM)
        assert leaving.ended(60)
        return self.cluster.start("gpu", tree)

    def submit(self, client: RetryingClient) -> UUID:
        self.ids.append(client.submit(self.params, f"job-{len(self.ids)}", SECONDS))
        return self.ids[-1]

    def ready(self, client: RetryingClient) -> None:
        """The api can work, by its own account."""
        answer = client.ask("GET", "/readyz", SECONDS, again=())
        assert answer.status_code == 200, answer.text
        assert answer.json()["parts"]["migrations"] == "ok"

    def revision(self) -> str:
        with self.cluster.database.read() as session:
            return str(session.execute(text("SELECT version_num FROM alembic_version")).scalar_one())

    def workers_of(self, job_id: UUID) -> list[str]:
        """Who worked on a job, attempt by attempt."""
        with self.cluster.database.read() as session:
            query = select(JobAttempt.worker_id).where(JobAttempt.job_id == job_id)
            return [*session.scalars(query.order_by(JobAttempt.attempt))]


def _git(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, check=False)
