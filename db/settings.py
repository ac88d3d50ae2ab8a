"""Every setting shared by the processes, read from `BM3_*` environment variables; defaults run on one machine."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from db.documents import addresses

S = TypeVar("S", bound=BaseSettings)
SECRETS_DIR = "BM3_SECRETS_DIR"
"""Variable that names a folder of files, each a setting: `bm3_database_url` holds what `BM3_DATABASE_URL` would."""


class Settings(BaseSettings):
    """Where things are kept and the clocks that the state machine runs by. `_s` are seconds."""

    model_config = SettingsConfigDict(env_prefix="BM3_", env_ignore_empty=True, extra="ignore")

    data_dir: Path = Field(Path("var"), description="Embedded database, objects, scratch space and generated secrets")
    database_url: str = Field("", description="SQLAlchemy URL; empty: SQLite in the data directory")
    redis_url: str = Field(
        "redis://127.0.0.1:6390/0", description="Wake-up messages, live views, rate limits; never the truth"
    )
    redis_health_s: float = Field(
        5.0,
        gt=0,
        description="A subscription silent for this long is asked for an answer; after twice that it is renewed",
    )
    object_store: Literal["local", "s3"] = Field("local", description="Where uploads and results are kept")
    s3_bucket: str = Field("bm3", description="Bucket for uploads and results (credentials: the usual AWS variables)")
    s3_prefix: str = Field("", description="Folder in the bucket that holds everything, with a slash at its end")
    s3_endpoint_url: str | None = Field(None, description="For MinIO, Ceph and other S3 servers")
    s3_public_endpoint_url: str | None = Field(
        None, description="How clients reach the bucket for uploads, where that differs from how this service does"
    )
    s3_region: str = Field("us-east-1", description="Region of the bucket")
    s3_input_buckets: Annotated[list[str], NoDecode] = Field(
        [], description="Buckets that jobs may name as input, separated by commas"
    )

    lease_s: float = Field(60.0, description="A worker owns a job this long after its last beat")
    beat_s: float = Field(10.0, description="How often a worker renews its leases")
    fence_s: float = Field(45.0, description="A worker that could not renew for this long stops its own jobs")
    renudge_s: float = Field(15.0, description="A queued job is nudged again after this long without a claim")
    dispatch_every_s: float = Field(1.0, description="Pause between the dispatcher's rounds")
    max_queue_s: float = Field(7 * 86_400.0, description="Queued longer than this: expired")
    max_run_s: float = Field(48 * 3_600.0, description="Running longer than this in one attempt: run_time_exceeded")
    stall_s: float = Field(900.0, description="Beating without progress for this long: the attempt is ended as lost")
    retry_first_s: float = Field(10.0, description="First retry delay; doubles, with full jitter")
    retry_cap_s: float = Field(600.0, description="Longest retry delay")
    poison_losses: int = Field(
        3, description="Workers lost over the same checkpoint of a job, and of no other, before it is called poison"
    )
    retry_limit: int = Field(5, description="Failed attempts without progress before a job fails")
    allow_networks: Annotated[list[str], NoDecode] = Field(
        [],
        description="CIDR networks, separated by commas, that webhooks and URL inputs may reach although they are not public",
    )
    retention_days: float = Field(
        30.0, description="Finished jobs and their files are purged after this many days; 0: never"
    )
    asset_retention_days: float = Field(
        7.0, description="Uploads no job uses are removed after this many days; 0: never"
    )
    crash_at: str = Field("", description="Named crash point for fault tests: the process kills itself there")

    @field_validator("allow_networks", "s3_input_buckets", mode="before")
    @classmethod
    def _words(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return json.loads(value) if value.lstrip().startswith("[") else value.replace(",", " ").split()

    @field_validator("allow_networks")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        addresses.networks(value)
        return value

    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'bm3.sqlite3').absolute()}"


def read(kind: type[S], **given: Any) -> S:
    """The settings of the environment and, where it names none, of the secrets folder. A wrong one ends the process with a
    sentence that names its variable."""
    folder = os.environ.get(SECRETS_DIR)
    if folder and not Path(folder).is_dir():
        raise SystemExit(f"error: {SECRETS_DIR}: there is no folder {folder}")
    try:
        return kind(_secrets_dir=folder or None, **given)
    except ValidationError as error:
        wrong = [
            f"{_variable(kind, str(one['loc'][0]))}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors()
        ]
        raise SystemExit(f"error: {'; '.join(wrong)}") from error


def _variable(kind: type[BaseSettings], place: str) -> str:
    """A field's variable; one with several names is placed by its variable already."""
    prefix = kind.model_config.get("env_prefix", "")
    return place.upper() if place.upper().startswith(prefix) else f"{prefix}{place.upper()}"


@lru_cache
def settings() -> Settings:
    """The process's settings, read once."""
    return read(Settings)
