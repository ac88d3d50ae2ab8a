"""One vocabulary: names of code, lines of the log, metrics and texts for users take the words of docs/glossary.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TREES = ("api", "client", "db", "worker")
# Words that were names here once, and for which the field has its own: no class or function is called so.
RETIRED = {
    "Board", "Doubt", "Guest", "Happened", "Judge", "Keeper", "Kept", "Look", "Movie", "Nursery", "Outlet", "Painter",
    "Resident", "Script", "Speaker", "Speech", "Told", "Trouble", "Viewing", "Watch", "Why", "Workshop",
    "bury", "climb", "confined", "doubt", "doubts", "mourn", "nought", "obey", "run_aloud", "tend", "told", "understand",
}  # fmt: skip
# Nor is a file.
RETIRED_FILES = {
    "busy", "card", "confined", "dice", "doubts", "enlarge", "fit", "first", "garbled", "glyphs", "joining", "journal", "known",
    "letters", "marks", "measured", "odd", "once", "paint", "picks", "record", "redraw", "roll", "sides", "slots", "spread",
    "tips", "told", "trust", "twins", "unknowns",
}  # fmt: skip
# In a line of the log, in a metric and in a text for users: a person or a program is not spoken of in these words.
UNPLAIN = re.compile(
    r"(?<!there )\b(?:is|are|was|were) no\b(?! longer| more)|"  # it is not a ...
    r"\b(?:nobody|nought|of ours|ours?|sure|deaf|nonsense|anew|(?:is|are|was) away|dealt with|said|told|tells|twins?|"
    r"doubt\w*|poke[sd]?|mourn\w*|"
    r"paint(?:s|ed)?)\b",
    re.IGNORECASE,
)
# Files whose sentences are for a model, or are data: they are not read by users.
NOT_FOR_USERS = (
    "worker/bm3/data",
    "worker/bm3/scenes",
    "worker/bm3/training/model_card.py",
    "worker/engines/fake.py",
    "worker/engines/openai_stream.py",
    "worker/export/questions.py",
    "worker/video/chapters.py",
    "worker/video/cue_data.py",
    "db/migrations",
)
LOGGED = {"debug", "info", "warning", "error", "exception", "critical"}
METRICS = {"Counter", "Gauge", "Histogram", "GaugeMetricFamily", "CounterMetricFamily"}


def _files() -> list[Path]:
    return [path.relative_to(ROOT) for tree in TREES for path in (ROOT / tree).rglob("*.py")]


def _tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text("utf-8"))


def _names(path: Path) -> Iterator[str]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name.strip("_")


def test_no_retired_name_comes_back() -> None:
    names = [(path, name) for path in _files() for name in _names(path)]
    assert len(names) > 4000
    assert [f"{path}:{name}" for path, name in names if name in RETIRED] == []
    assert [str(path) for path in _files() if path.stem in RETIRED_FILES] == []


def _text(node: ast.AST) -> str:
    """What a string literal says; of an f-string the fixed parts."""
    if isinstance(node, ast.JoinedStr):
        return " ".join(_text(part) for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""), node


def log_lines(path: Path) -> Iterator[str]:
    for name, call in _calls(_tree(path)):
        if name in LOGGED and call.args and (text := _text(call.args[0])):
            yield text


def metrics(path: Path) -> Iterator[str]:
    """Name, help and labels of each metric."""
    for name, call in _calls(_tree(path)):
        if name in METRICS:
            yield " ".join(_text(node) for node in ast.walk(call) if isinstance(node, ast.Constant)).replace("_", " ")


def user_texts(path: Path) -> Iterator[str]:
    """Sentences in code that are no documentation of it."""
    tree = _tree(path)
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) not in documentation and " " in (text := _text(node)).strip():
            yield text


def page_texts(path: Path) -> Iterator[str]:
    """What a page shows: its text and what is read aloud, without marks, templates' code and styles."""
    text = re.sub(r"(?s)<(script|style)\b.*?</\1>|\{#.*?#\}", " ", (ROOT / path).read_text("utf-8"))
    yield from re.findall(r'(?:title|placeholder|aria-label|alt)="([^"{]*)"', text)
    yield from re.split(r"(?s)<[^>]*>|\{[{%].*?[}%]\}", text)


# A page may speak of what a model said, and of a model of our own.
UNPLAIN_PAGE = re.compile(
    r"(?<!there )\b(?:is|are|was|were) no\b(?! longer| more)|"
    r"\b(?:nobody|nought|of ours|sure|deaf|nonsense|anew|told|tells|twins?|doubt\w*|mourn\w*)\b",
    re.IGNORECASE,
)


def sentences(page: Path) -> str:
    """A page of the documents without its code."""
    return re.sub(r"(?s)```.*?```|`[^`\n]*`", " ", page.read_text("utf-8"))


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs"])
def test_documents_are_in_plain_words(name: str) -> None:
    pages = sorted((ROOT / name).glob("*.md")) if (ROOT / name).is_dir() else [ROOT / name]
    assert pages
    found = [(page.name, match[0]) for page in pages for match in UNPLAIN_PAGE.finditer(sentences(page))]
    assert found == []


SOURCES = {
    "log": (log_lines, "*.py", 60),
    "metric": (metrics, "*.py", 35),
    "user text": (user_texts, "*.py", 2000),
    "page": (page_texts, "*.html", 500),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_what_others_read_is_in_plain_words(kind: str) -> None:
    read, pattern, least = SOURCES[kind]
    paths = [path.relative_to(ROOT) for tree in TREES for path in sorted((ROOT / tree).rglob(pattern))]
    texts = [
        (str(path), text)
        for path in paths
        if not str(path).startswith(NOT_FOR_USERS) or kind in ("log", "metric")
        for text in read(path)
        if text.strip()
    ]
    assert len(texts) > least
    assert [f"{path}: {text.strip()[:120]}" for path, text in texts if UNPLAIN.search(text)] == []


def test_unplain_words_are_found_in_each_kind_of_text(tmp_path: Path) -> None:
    code = tmp_path / "some.py"
    code.write_text(
        '"""Nobody reads this."""\nlog.warning("%s is away", x)\n'
        'Counter("bm3_poked", "Jobs", ["who"])\nraise Error(f"{x} is deaf")\n'
    )
    page = tmp_path / "some.html"
    page.write_text('<p title="by nobody">It said {{ nobody }}</p><script>nobody</script>')
    found = {
        kind: [text for text in read(code if pattern == "*.py" else page) if UNPLAIN.search(text)]
        for kind, (read, pattern, _) in SOURCES.items()
    }
    assert found == {
        "log": ["%s is away"],
        "metric": ["bm3 poked Jobs who"],
        "user text": ["%s is away", "  is deaf", " is deaf"],
        "page": ["by nobody", "It said "],
    }
