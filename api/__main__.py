"""`python -m api`: serve HTTP."""

from __future__ import annotations

import sys

import uvicorn

from api.app import create_app
from api.first import DatabaseBehind, prepare
from api.settings import ApiSettings
from db import logs
from db.session import Database
from db.settings import Settings

DRAIN_S = 5  # event streams are cut off after this; their watchers come back


def main() -> int:
    """Serve until told to stop."""
    logs.configure("api")
    settings, api = Settings(), ApiSettings()
    try:
        prepare(Database(settings.database()), settings)
    except DatabaseBehind as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    app = create_app(settings, api)
    uvicorn.run(
        app,
        host=api.host,
        port=api.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_S,
        timeout_keep_alive=30,
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
