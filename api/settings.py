"""Settings of the api process alone, read from `BM3_API_*` environment variables."""

from __future__ import annotations

import re

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ORIGIN = re.compile(r"https?://[^/\s,]+")


class ApiSettings(BaseSettings):
    """Where the api listens and how much it takes from one request."""

    model_config = SettingsConfigDict(env_prefix="BM3_API_", env_ignore_empty=True, extra="ignore")

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(8080, description="Port to listen on; 0: any free one")
    public_url: str = Field(
        "", description="How clients reach this service (links in webhooks); empty: links are relative"
    )
    max_body_bytes: int = Field(32 << 20, description="Largest request body, uploads aside")
    max_upload_bytes: int = Field(100 << 30, description="Largest uploaded file")
    max_file_bytes: int = Field(2 << 30, description="Largest file in one request: `PUT /v1/assets/{name}`, forms")
    cors_origins: str = Field(
        "",
        description="Web pages of other origins that may use the API with a key, separated by commas; `*`: all",
    )
    verify_at_once_bytes: int = Field(
        256 << 20, description="Larger uploads are checked after the answer to `complete`"
    )
    wait_cap_s: float = Field(60.0, description="Longest `Prefer: wait`")
    chat_wait_s: float = Field(600.0, description="Longest wait for the answer of `/v1/chat/completions`")
    batch_limit: int = Field(1000, description="Most jobs in one batch request")
    sse_poll_s: float = Field(5.0, description="How often a watched job is read when no change is announced")
    sse_poll_alone_s: float = Field(0.5, description="The same while Redis cannot be reached")
    watchers_limit: int = Field(2000, description="Most open event streams of one process")
    workers: int = Field(
        0, ge=0, le=64, description="Processes that share the port; 0: one with SQLite, else one a core, 4 at most"
    )
    threads: int = Field(40, description="Requests one process works on at the same time")
    docs: bool = Field(True, description="Serve the OpenAPI pages")

    @property
    def cors(self) -> list[str]:
        """The origins, one by one."""
        return [origin.strip() for origin in self.cors_origins.split(",") if origin.strip()]

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: str) -> str:
        for origin in filter(None, (part.strip() for part in value.split(","))):
            if origin != "*" and not ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is not an origin: write https://host or https://host:port, or *")
        return value
