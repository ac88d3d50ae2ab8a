"""The README and the documents are right: the commands, modules and settings that they name exist."""

from __future__ import annotations

import re
from pathlib import Path

from api.settings import ApiSettings
from db.settings import SECRETS_DIR, Settings
from worker.settings import WorkerSettings

ROOT = Path(__file__).parent.parent
LOGIN = (ROOT / "client/bm3vl/login.py").read_text()
README = (ROOT / "README.md").read_text()
PAGES = "\n".join(  # the changelog speaks of what was, too
    page.read_text() for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")] if page.name != "CHANGELOG.md"
)
CODE = re.findall(r"```(?:bash|sh)\n(.*?)```", README, re.DOTALL)
TARGETS = set(re.findall(r"^([a-z-]+)[a-z -]*:", (ROOT / "Makefile").read_text(), re.MULTILINE)) | set(
    re.findall(r"bench-[a-z]+", (ROOT / "Makefile").read_text())
)


def test_every_make_target_it_names_exists() -> None:
    named = re.findall(r"[`\n]make ([a-z-]+)", PAGES)
    assert {"demo", "test"} <= set(named)
    assert set(named) - TARGETS == set()


def test_every_module_it_runs_exists() -> None:
    modules = [module for block in CODE for module in re.findall(r"python -m ([\w.]+)", block)]
    assert modules
    missing = [
        module
        for module in modules
        if not (ROOT / (module.replace(".", "/") + ".py")).exists()
        and not (ROOT / module.replace(".", "/") / "__main__.py").exists()
    ]
    assert missing == []


def test_the_two_commands_come_first() -> None:
    assert README.index("make demo") < README.index("make test") < README.index("## ")


def test_every_setting_it_names_exists() -> None:
    known = {
        f"{settings.model_config['env_prefix']}{name}".upper()
        for settings in (ApiSettings, Settings, WorkerSettings)
        for name in settings.model_fields
    }
    of_the_client = set(re.findall(r'environ\.get\("(BM3_[A-Z_]+)"\)', LOGIN))
    named = set(re.findall(r"`(BM3_[A-Z0-9_]+)`", PAGES))
    assert named
    assert named - known - of_the_client - {SECRETS_DIR} == set()
