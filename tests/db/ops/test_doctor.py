"""The doctor names what is wrong, and nothing else, in words that say what to do."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis

from db.ops import migrate
from db.ops.doctor import examine, patient
from db.ops.findings import Level
from db.schema.tables import Worker
from db.session import Database
from db.settings import Settings

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parent.parent.parent.parent


def bad(settings: Settings, level: Level = Level.FAIL) -> dict[str, str]:
    examined = patient(settings)
    findings = examine(examined)
    examined.database.dispose()
    examined.redis.close()
    return {one.subject: f"{one.words} {one.advice}" for one in findings if one.level is level}


def migrated(settings: Settings) -> None:
    database = Database(settings.database())
    migrate.upgrade(database)
    database.dispose()


def test_a_good_installation_has_nothing_to_mend(tmp_path: Path, redis_url: str, postgres_url: str) -> None:
    for url in ("", postgres_url):
        settings = Settings(data_dir=tmp_path, database_url=url, redis_url=redis_url)
        migrated(settings)
        assert bad(settings) == {}
        assert bad(settings, Level.WARN).keys() == {"gpu", "cpu", "light", "dispatcher"}


def test_each_fault_is_named(tmp_path: Path, redis_url: str) -> None:
    settings = Settings(data_dir=tmp_path, redis_url=redis_url)
    assert "python -m db migrate" in bad(settings)["migrations"]
    migrated(settings)
    with redis.Redis.from_url(redis_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        assert "noeviction" in bad(settings, Level.WARN)["redis"]
        client.config_set("maxmemory-policy", "noeviction")
    assert "BM3_REDIS_URL" in bad(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))["redis"]
    away = "postgresql+psycopg://bm3@127.0.0.1:1/none"
    assert "BM3_DATABASE_URL" in bad(settings.model_copy(update={"database_url": away}))["database"]
    s3 = {"object_store": "s3", "s3_endpoint_url": "http://127.0.0.1:1"}
    assert "BM3_OBJECT_STORE" in bad(settings.model_copy(update=s3))["objects"]


def test_each_node_of_a_split_model_is_looked_at(tmp_path: Path, redis_url: str) -> None:
    settings = Settings(data_dir=tmp_path, redis_url=redis_url)
    migrated(settings)
    starter = {"rank": 0, "role": "starter", "layers": [0, 2], "bytes": 3 << 30, "joined": True, "round_trip_ms": 0.2}
    away = {"rank": 1, "role": "finisher", "layers": [2, 5], "bytes": 1 << 30, "joined": False}
    now = datetime.now(UTC)
    model = {"name": "split", "weights_sha256": "w" * 64, "nodes": [starter, away], "problem": "node 1 has not joined"}
    row = Worker(id="w", role="gpu", queues=["gpu"], started_at=now, heartbeat_at=now, data={"models": [model]})
    database = Database(settings.database())
    with database.write() as session:
        session.add(row)
    database.dispose()
    fine, wrong = bad(settings, Level.OK), bad(settings)
    assert fine["node 0 of split"].startswith("starter, layers 0 to 1, 3.00 GiB, 0.2 ms away")
    assert wrong["node 1 of split"].startswith("finisher, layers 2 to 4, 1.00 GiB: away from w")
    assert "worker node" in wrong["node 1 of split"]


def test_the_commands_say_what_they_did(tmp_path: Path) -> None:
    environment = {"BM3_DATA_DIR": str(tmp_path), "BM3_REDIS_URL": "redis://127.0.0.1:1/0", "PATH": "/usr/bin"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "db", *words]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert run("migrate").stdout == "the database is up to date\n"
    ill = run("doctor")
    assert (ill.returncode, "FAIL  redis" in ill.stdout) == (1, True)
    assert run("admin-key").stdout.startswith("bm3_")
    assert run("admin-key", "--tenant", "nobody").returncode == 1
