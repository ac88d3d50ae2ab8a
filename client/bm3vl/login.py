"""Where the server is and which key to use: options, then environment, then the file that `bm3vl login` wrote."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from bm3vl.defaults import DEFAULT_SERVER


@dataclass(frozen=True)
class SavedLogin:
    """A server's address and a key for it."""

    server: str
    key: str


def path() -> Path:
    """The login file; `BM3_CONFIG` moves it."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(os.environ.get("BM3_CONFIG") or Path(base) / "bm3vl" / "login.json")


def save(login: SavedLogin) -> Path:
    """Write the login file, readable by its owner only."""
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.touch(mode=0o600, exist_ok=True)
    target.chmod(0o600)
    target.write_text(json.dumps(asdict(login)))
    return target


def load(server: str | None, key: str | None) -> SavedLogin:
    """The login in force."""
    stored = json.loads(path().read_text()) if path().exists() else {}
    return SavedLogin(
        server=server or os.environ.get("BM3_SERVER") or stored.get("server") or DEFAULT_SERVER,
        key=key or os.environ.get("BM3_API_KEY") or stored.get("key") or "",
    )
