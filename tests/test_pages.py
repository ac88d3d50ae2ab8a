"""The documents name places, links and classes that exist; whoever moves or renames one hears of the page that speaks of it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
TOP = ("api", "client", "db", "docker", "docs", "findings", "kubernetes", "scripts", "tests", "worker")
MADE = ("docker/.env", "docker/certificates", "docker/models", "docker/secrets")  # by docker/deploy.sh
CODE = re.compile(r"`([^`\n]+)`")
PLACE = re.compile(rf"^(?:{'|'.join(TOP)})/[\w./-]*$")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[\w-]*)?\)")
ENTRY = re.compile(r"^\| \*\*[^|]+\*\* \| ([^|]+) \|", re.MULTILINE)


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture(params=PAGES, ids=page_id)
def page(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def test_every_place_that_a_page_names_exists(page: Path) -> None:
    named = {
        code
        for code in CODE.findall(page.read_text(encoding="utf-8"))
        if PLACE.match(code) and not code.startswith(MADE)
    }
    assert sorted(place for place in named if not (ROOT / place).exists()) == []


def test_every_link_leads_somewhere(page: Path) -> None:
    targets = {target for target in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in target}
    assert sorted(target for target in targets if not (page.parent / target).exists()) == []


def test_the_readme_is_short_and_leads_to_every_page() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = [str(page.relative_to(ROOT)) for page in (ROOT / "docs").glob("*.md")]
    assert len(readme.splitlines()) <= 100
    assert [page for page in pages if f"({page})" not in readme] == []


def test_the_walks_lead_to_functions_that_are_there() -> None:
    """ "Where is a cue written" and its like: the file and the function at the end of each walk."""
    _, walks = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("## Three walks")
    ends = [
        *re.findall(r"`([\w/.]+\.py)` -> `(\w+)\(\)`", walks),
        *((b, a) for a, b in re.findall(r"`(\w+)\(\)` in `([\w/.]+\.py)`", walks)),
    ]
    assert len(ends) == 3
    assert [
        (path, name) for path, name in ends if f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")
    ] == []


def test_every_decision_is_listed_and_says_what_it_costs() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    records = sorted(folder.glob("[0-9]*.md"))
    assert [record.name for record in records if f"({record.name})" not in index] == []
    parts = ("Date: ", "## Context", "## Decision", "## What it costs")
    assert [record.name for record in records if not all(part in record.read_text() for part in parts)] == []
    assert [record.name[:4] for record in records] == [f"{number:04d}" for number in range(1, len(records) + 1)]


def classes() -> set[str]:
    """Names of all classes of the product."""
    found: set[str] = set()
    for top in ("api", "client", "db", "worker"):
        for file in (ROOT / top).rglob("*.py"):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            found |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    return found


def test_glossary_entries_are_names_of_classes() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    entries = ENTRY.findall(text)
    named = {code for entry in entries for code in CODE.findall(entry)}
    assert len(entries) >= 40
    assert sorted(named - classes()) == []
