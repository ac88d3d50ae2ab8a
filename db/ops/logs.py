"""One JSON line for whatever a process has to say, its own loggers and those of libraries alike, and never a secret."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog

SECRETS = (
    re.compile(r"\b(bm3_[0-9a-f]{4,}|whsec_|whsk_)[A-Za-z0-9_+/=-]*"),  # keys, webhook secrets
    re.compile(r"\b([0-9a-f]{32}\.)[0-9a-f]{40}\b"),  # share links: the id stays, the signature goes
    re.compile(r"(\w://[^/\s:@]*:)[^/\s@]+(?=@)"),  # passwords in addresses of databases and brokers
    re.compile(r"(?i)([?&]X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s\"']+"),  # addresses signed for a bucket
    re.compile(r"(?i)(\bBearer )[^\s\"']+"),
)
# A line for every nudge, and a page for every start.
CHATTY = ("celery.worker.strategy", "celery.app.trace", "alembic")


def configure(role: str, level: int = logging.INFO) -> None:
    """JSON lines on stderr, each with the role of this process."""

    def add_role(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return {**event, "role": role}

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        add_role,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def redact(logger: object, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Cut every secret down to its public beginning."""
    del logger, method
    return {name: _without_secrets(value) for name, value in event.items()}


def _without_secrets(value: Any) -> Any:
    match value:
        case str():
            for secret in SECRETS:
                value = secret.sub(r"\1…", value)
        case dict():
            return {name: _without_secrets(part) for name, part in value.items()}
        case list() | tuple():
            return [_without_secrets(part) for part in value]
    return value
