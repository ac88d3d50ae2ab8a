"""A service with finished jobs of two tenants, whose rows and files a test can spoil."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from db.documents.kinds.video import Cue
from db.jobs import jobs, leases, progress
from db.jobs.jobs import NewJob
from db.jobs.leases import FileEntry, Usage
from db.jobs.progress import ProgressStep
from tests.faults.campaign import accounts
from tests.faults.campaign.customers import Customer
from tests.faults.cluster import Cluster, now
from tests.faults.ledger import Ledger

NAMES = ("first", "second")


SHEET = {"package": "SOT-23"}


SPOKEN = [
    Cue(seq=n, start_ms=n * 1000, end_ms=n * 1000 + 1000, text=f"cue {n}", chunk_first=n, chunk_last=n)
    for n in range(3)
]


@dataclass
class Service:
    """A cluster none of whose processes runs, with a finished job of each kind for each of two customers."""

    cluster: Cluster
    customers: list[Customer]
    received: Path

    @property
    def first(self) -> Customer:
        return self.customers[0]

    @property
    def other(self) -> Customer:
        return self.customers[1]

    def account(self) -> Ledger:
        ledger, cluster = Ledger(), self.cluster
        accounts.audit_customers(ledger, cluster.database, cluster.objects, self.customers, SHEET)
        forgotten = [job_id for who in self.customers for job_id in who.forgotten]
        told = [job_id for who in self.customers for job_id in who.ids]
        accounts.audit_watchers(ledger, self.customers, 0)
        accounts.audit_submits(ledger, cluster.database, [*told, *forgotten])
        accounts.audit_tenants(ledger, cluster.database, self.customers)
        accounts.audit_receivers(ledger, cluster.database, self.customers, self.received, 0)
        accounts.audit_purges(ledger, cluster.database, forgotten, 0)
        accounts.audit_objects(ledger, cluster.database, cluster.objects, 0)
        return ledger

    def finished(self, who: Customer, kind: str, result: dict[str, object], cues: list[Cue], files: int) -> UUID:
        """A job as a worker leaves it, of whose end its owner's receiver has heard."""
        with self.cluster.database.write() as session:
            jobs.submit(session, now(), NewJob(who.tenant_id, kind, "gpu", {}, asset_id=who.video))
        with self.cluster.database.write() as session:
            job = leases.claim(session, now(), "gpu", "worker", 60)
            assert job is not None
            leases.start(session, now(), job.id, job.epoch)
            if cues:
                progress.save(session, now(), job.id, job.epoch, ProgressStep(cues, {}, cues[-1].end_ms))
            leases.finalize(session, job.id, job.epoch)
            entries = [self._file(f"jobs/{job.id}/1/{number}") for number in range(files)]
            assert leases.succeed(session, now(), job.id, job.epoch, result, entries, Usage())
        self.hear(who, "ok", "job.succeeded", job.id)
        return job.id

    def hear(self, who: Customer, behaviour: str, event: str, job_id: UUID) -> None:
        """A receiver of the customer is told."""
        body = json.dumps({"type": event, "data": {"job_id": str(job_id)}}).encode()
        line = {"method": "POST", "path": f"/{behaviour}/{who.name}", "headers": {}, "at_s": 0.0}
        with self.received.open("a") as log:
            log.write(json.dumps({**line, "body": base64.b64encode(body).decode()}) + "\n")

    def _file(self, key: str) -> FileEntry:
        self.cluster.objects.put(key, b"x", "text/plain")
        return FileEntry(key.rsplit("/", 1)[1], key, "text/plain", 1, "0" * 64)
