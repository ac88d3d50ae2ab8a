"""One JSON line for whatever a process has to say, its own loggers and those of libraries alike, and never a secret."""

from __future__ import annotations

import logging
import re
import sys

import structlog

TOKEN = re.compile(r"\b(bm3_[0-9a-f]{4,}|whsec_|whsk_)[A-Za-z0-9_+/=-]*")
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
    """Cut every key and webhook secret down to its public beginning."""
    del logger, method
    return {name: TOKEN.sub(r"\1…", value) if isinstance(value, str) else value for name, value in event.items()}
