"""`python -m api [--workers N]`: serve HTTP."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from api.first import DatabaseBehind, prepare
from api.processes import serve
from api.settings import ApiSettings
from db.ops import logs
from db.session import Database
from db.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m api", description="Serve HTTP. Settings: BM3_* and BM3_API_*.")
    parser.add_argument("--workers", type=int, help="processes that share the port (BM3_API_WORKERS)")
    options = parser.parse_args(arguments)
    logs.configure("api")
    settings = Settings()
    api = ApiSettings() if options.workers is None else ApiSettings(workers=options.workers)
    database = Database(settings.database())
    try:
        prepare(database, settings)
    except DatabaseBehind as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    database.dispose()
    serve(settings, api)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
