"""What the ledger asks of a service with several tenants: whose things were shown to whom, and what lies about."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from db.schema.tables import Asset, AssetState, Job
from db.session import Database
from db.storage.objects import ObjectStore
from tests.faults.campaign.customers import Customer
from tests.faults.ledger import SHEET_FILES, Ledger, audit, audit_end, audit_files, audit_webhooks
from tests.receiver import read_log


def audit_customers(
    ledger: Ledger, database: Database, objects: ObjectStore, customers: Sequence[Customer], sheet: Mapping[str, Any]
) -> None:
    """Account for every job of every customer; `sheet` is the right result of a datasheet."""
    for who in customers:
        audit(database, objects, who.videos, who.expected, ledger)
        for job_id in who.sheets:
            with ledger.about(job_id):
                audit_result(ledger, database, job_id, sheet)
                audit_files(ledger, database, objects, job_id, SHEET_FILES)
        for job_id, text in who.chats.items():
            with ledger.about(job_id):
                audit_result(ledger, database, job_id, {"text": text})


def audit_result(ledger: Ledger, database: Database, job_id: UUID, right: Mapping[str, Any]) -> None:
    """Account for a job that should have succeeded with a result that says what is right, whatever else it says."""
    job = audit_end(ledger, database, job_id)
    if job is not None:
        ledger.wrong_results += {name: (job.result or {}).get(name) for name in right} != right


def audit_watchers(ledger: Ledger, customers: Sequence[Customer], seconds: float) -> None:
    """Count the cues that somebody who looked on was told twice, wrongly, or not within some time; and ends not told."""
    deadline = time.monotonic() + seconds
    while any(not notes.ended for who in customers for notes in who.heard) and time.monotonic() < deadline:
        time.sleep(0.5)
    for who in customers:
        right = [(cue.start_ms, cue.end_ms, cue.text) for cue in who.expected]
        for notes in who.heard:
            said, wanted = Counter(notes.told), Counter(right)
            wrong = (said - wanted).total() + (wanted - said).total()
            with ledger.about(notes.job_id):
                ledger.wrong_live_cues += wrong or int(notes.told != right or not notes.ended)


def audit_submits(ledger: Ledger, database: Database, told: Collection[UUID]) -> None:
    """Count the jobs whose id no client was ever told: a repeated submit made two."""
    with database.read() as session:
        ledger.duplicate_submits += len({*session.scalars(select(Job.id))} - {*told})


def audit_tenants(ledger: Ledger, database: Database, customers: Sequence[Customer]) -> None:
    """Count the jobs and assets that were shown to a customer and are another's, and the jobs with another's asset."""
    owner = owners(database, customers)
    with database.read() as session:
        used = session.execute(select(Job.tenant_id, Job.asset_id).where(Job.asset_id.is_not(None))).all()
    shown = [(who.tenant_id, what) for who in customers for what in who.seen]
    shown += [(tenant_id, asset_id) for tenant_id, asset_id in used if asset_id is not None]
    ledger.cross_tenant_reads += sum(owner.get(what, tenant_id) != tenant_id for tenant_id, what in shown)


def audit_receivers(
    ledger: Ledger, database: Database, customers: Sequence[Customer], received: Path, seconds: float
) -> None:
    """Each customer must hear of the end of each of its jobs, and its receivers of nobody else's job or asset."""
    for who in customers:
        audit_webhooks(ledger, who.ids, received, seconds, f"/ok/{who.name}")
    owner, tenant = owners(database, customers), {who.name: who.tenant_id for who in customers}
    for one in read_log(received):
        data, receiver = json.loads(one.body)["data"], tenant[one.path.rsplit("/", 1)[-1]]
        told = [UUID(data[name]) for name in ("job_id", "asset_id") if data.get(name)]
        ledger.cross_tenant_reads += any(owner.get(what, receiver) != receiver for what in told)


def owners(database: Database, customers: Sequence[Customer]) -> dict[UUID, UUID]:
    """Whose each job and asset is, those included that have been deleted since."""
    with database.read() as session:
        rows = [*session.execute(select(Job.id, Job.tenant_id)), *session.execute(select(Asset.id, Asset.tenant_id))]
    deleted = {job_id: who.tenant_id for who in customers for job_id in who.forgotten}
    return {**deleted, **dict(rows)}


def audit_objects(ledger: Ledger, database: Database, objects: ObjectStore, seconds: float) -> None:
    """Count objects that no row knows, or only a row that is to go, once the dispatcher has had time; and lost assets."""
    deadline = time.monotonic() + seconds
    while (orphans := _orphans(database, objects)) and time.monotonic() < deadline:
        time.sleep(1)
    ledger.orphan_objects += len(orphans)
    with database.read() as session:
        ready = select(Asset.object_key).where(Asset.state == AssetState.READY, Asset.expires_at.is_(None))
        ledger.missing_assets += sum(not objects.exists(key) for key in session.scalars(ready))


def audit_purges(ledger: Ledger, database: Database, forgotten: Collection[UUID], seconds: float) -> None:
    """Count the deleted jobs whose rows are still there after some time."""
    deadline = time.monotonic() + seconds
    while (left := _left(database, forgotten)) and time.monotonic() < deadline:
        time.sleep(1)
    ledger.unpurged += len(left)


def _left(database: Database, forgotten: Collection[UUID]) -> list[UUID]:
    with database.read() as session:
        return [*session.scalars(select(Job.id).where(Job.id.in_([*forgotten])))]


def _orphans(database: Database, objects: ObjectStore) -> list[str]:
    keys = [info.key for info in objects.list_prefix("")]
    with database.read() as session:
        known = {str(job_id) for job_id in session.scalars(select(Job.id).where(Job.deleted_at.is_(None)))}
        known |= {str(asset_id) for asset_id in session.scalars(select(Asset.id).where(Asset.expires_at.is_(None)))}
    return [key for key in keys if not known & {*key.split("/")}]
