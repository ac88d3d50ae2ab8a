"""Makes `bm3vl._sync` of `bm3vl._async`: python -m tests.client.generate. A test holds that it is current."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from unasync import Rule, unasync_files

ROOT = Path(__file__).resolve().parents[2]
SOURCE, TARGET = ROOT / "client/bm3vl/_async", ROOT / "client/bm3vl/_sync"
OWN = {"__init__.py", "runtime.py"}  # written by hand in both
NAMES = {
    "AsyncClient": "Client",
    "AsyncKeys": "Keys",
    "AsyncTenants": "Tenants",
    "AsyncTransport": "Transport",
    "AsyncWebhooks": "Webhooks",
    "_async": "_sync",
    "aclose": "close",
    "aiter_bytes": "iter_bytes",
    "aiter_lines": "iter_lines",
    "aread": "read",
    "asynccontextmanager": "contextmanager",
}
MARK = "# Made of bm3vl/_async by python -m tests.client.generate: change it there.\n"


def generated() -> dict[str, str]:
    """Name -> text of every file that is generated, formatted as the rest."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "bm3vl/_sync"
        rule = Rule(fromdir=f"{SOURCE}/", todir=f"{target}/", additional_replacements=NAMES)
        files = [path for path in sorted(SOURCE.glob("*.py")) if path.name not in OWN]
        unasync_files([str(path) for path in files], [rule])
        return {path.name: _formatted(path.name, MARK + (target / path.name).read_text("utf-8")) for path in files}


def _formatted(name: str, text: str) -> str:
    """As the file that will have this name would be formatted."""
    for command in (["check", "--fix-only", "--select", "I"], ["format"]):
        ruff = [
            str(Path(sys.executable).with_name("ruff")),
            *command,
            "--quiet",
            "--stdin-filename",
            str(TARGET / name),
        ]
        text = subprocess.run(ruff, check=True, input=text, capture_output=True, text=True, cwd=ROOT).stdout
    return text


if __name__ == "__main__":
    for name, text in generated().items():
        (TARGET / name).write_text(text, "utf-8")
