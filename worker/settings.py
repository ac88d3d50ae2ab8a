"""Every setting of the worker processes, read from `BM3_WORKER_*` environment variables."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from db.settings import read
from worker.bm3 import NANO


class WorkerSettings(BaseSettings):
    """How a worker works. `_s` are seconds."""

    model_config = SettingsConfigDict(
        env_prefix="BM3_WORKER_", env_ignore_empty=True, extra="ignore", populate_by_name=True
    )

    slots: int = Field(4, ge=1, le=256, description="Jobs a worker runs at once: streams of its one model child")
    models: Annotated[list[str], NoDecode] = Field(
        [f"nano=pytorch:{NANO}"], description="Model specs separated by blanks, NAME=ENGINE:PATH?OPTIONS"
    )
    default_model: str = Field("", description="Model of jobs that name none; empty: the first of the models")
    preload: bool = Field(True, description="Load the models when the child starts, not with the first job")
    scratch_dir: Path | None = Field(
        None, description="Inputs and files of running jobs; null: scratch in the data directory"
    )
    drain_s: float = Field(1.2, description="After SIGTERM: how long jobs may take to stop at a checkpoint")
    poll_s: float = Field(10.0, description="A free worker looks into the database this often, broker or not")
    consumer_stall_s: float = Field(
        6.0,
        validation_alias=AliasChoices("BM3_WORKER_CONSUMER_STALL_S", "BM3_WORKER_DEAF_S"),
        description="Messages left lying this long by a free worker: its consumer is restarted",
    )
    stop_s: float = Field(10.0, description="A job that is to stop gets this long before the child's SIGTERM")
    kill_s: float = Field(5.0, description="From SIGTERM to SIGKILL")
    silent_s: float = Field(120.0, description="A child that answers no ping for this long is killed")
    load_s: float = Field(900.0, description="How long the models may take to load")
    reload_s: float = Field(
        30.0,
        gt=0,
        description="A model that could not be loaded is tried again after this long; doubles up to 10 minutes",
    )
    progress_s: float = Field(1.0, description="Progress is written at most this often")
    max_input_bytes: int = Field(50 << 30, description="Largest input of a job, all its files together")
    fetch_s: float = Field(3600.0, description="Longest download of one input")
    fetch_redirects: int = Field(3, ge=0, description="Redirects followed for one input, each hop checked")
    kicad_library: Path | None = Field(
        None, description="Folder of .kicad_mod files; datasheet jobs name its nearest footprint"
    )
    memory_bytes: int | None = Field(None, description="Address space limit of the child (not with CUDA)")
    file_bytes: int = Field(8 << 30, description="Largest file the child may write")
    open_files: int = Field(1024, description="Open files of the child")
    gpu_hour_price: float = Field(
        0.0, ge=0, description="What an hour of this worker's machine costs, in your currency; 0: no costs are reported"
    )
    metrics_port: int = Field(0, description="Port of the process's Prometheus page; 0: none")
    metrics_host: str = Field("127.0.0.1", description="Address of the Prometheus page")

    @field_validator("models", mode="before")
    @classmethod
    def _words(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return json.loads(value) if value.lstrip().startswith("[") else value.split()


@lru_cache
def worker_settings() -> WorkerSettings:
    """The process's settings, read once."""
    return read(WorkerSettings)
