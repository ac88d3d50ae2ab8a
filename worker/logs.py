"""One JSON line for whatever a worker process has to say, its own loggers and those of libraries alike."""

from __future__ import annotations

import logging
import sys

import structlog


def configure(role: str, level: int = logging.INFO) -> None:
    """JSON lines on stderr, each with the role of this process."""

    def add_role(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return {**event, "role": role}

    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        add_role,
    ]
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
    # A line for every nudge, and a page for every start.
    for chatty in ("celery.worker.strategy", "celery.app.trace", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
