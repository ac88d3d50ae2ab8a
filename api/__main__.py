"""`python -m api [--workers N]`: serve HTTP."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m api", description="Serve HTTP. Settings: BM3_* and BM3_API_*.")
    parser.add_argument("--workers", type=int, help="processes that share the port (BM3_API_WORKERS)")
    return _serve(parser.parse_args(arguments).workers)


def _serve(workers: int | None) -> int:
    """Everything is imported here: a command's help should not wait for it."""
    from api.bootstrap import DatabaseBehind, prepare
    from api.serving.processes import serve
    from api.settings import ApiSettings
    from db.ops import logs
    from db.session import Database
    from db.settings import Settings, read

    logs.configure("api")
    settings = read(Settings)
    api = read(ApiSettings) if workers is None else read(ApiSettings, workers=workers)
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
