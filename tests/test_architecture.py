"""The shape of the house: no circles of imports, no crowded folders, tests beside what they test."""

from __future__ import annotations

import ast
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
TREES = ("api", "client", "db", "worker")
PACKAGES = ("api", "bm3vl", "db", "worker")
CROWD = 20
LONG_FILE, LONG_FUNCTION = 300, 60  # lines
# Folders of tests that stand for no folder of code: a matrix of containers and faults, crossed.
OWN = {"tests/worker/video/matrix"}
# Class names that may stand twice, and why.
TWICE = {"NotFound": "the client is installed without the API"}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, cache_dir=None)


def circle(arrows: dict[str, set[str]]) -> list[str]:
    """The names along one circle of a graph, or nothing."""
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def test_a_circle_is_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert set(circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})) == {"a", "b", "c"}


def test_no_circle_of_files(graph: grimp.ImportGraph) -> None:
    assert circle({m: graph.find_modules_directly_imported_by(m) for m in graph.modules}) == []


def test_no_circle_of_packages(graph: grimp.ImportGraph) -> None:
    """In every package its parts, each with all that lies below it, import one another in one direction."""
    packages = [m for m in graph.modules if graph.find_children(m)]
    assert len(packages) > 30
    assert {p: found for p in packages if (found := circle(_between(graph, graph.find_children(p))))} == {}


def _between(graph: grimp.ImportGraph, parts: set[str]) -> dict[str, set[str]]:
    home = {m: part for part in parts for m in (part, *graph.find_descendants(part))}
    arrows: dict[str, set[str]] = {part: set() for part in parts}
    for module, part in home.items():
        others = graph.find_modules_directly_imported_by(module)
        arrows[part] |= {home[other] for other in others if other in home} - {part}
    return arrows


def test_no_crowded_folder() -> None:
    files = [path.relative_to(ROOT) for tree in (*TREES, "tests") for path in (ROOT / tree).rglob("*.py")]
    full = Counter(str(path.parent) for path in files)
    assert {folder: n for folder, n in full.items() if n > CROWD} == {}


def _code() -> list[Path]:
    """Files of the product; a migration stays as it was run."""
    files = [path.relative_to(ROOT) for tree in TREES for path in (ROOT / tree).rglob("*.py")]
    return [path for path in files if not path.is_relative_to("db/migrations")]


def test_no_long_file() -> None:
    tests = [path.relative_to(ROOT) for path in (ROOT / "tests").rglob("*.py")]
    lines = {str(path): len((ROOT / path).read_text("utf-8").splitlines()) for path in (*_code(), *tests)}
    assert len(lines) > 800
    assert {path: n for path, n in lines.items() if n > LONG_FILE} == {}


def test_no_long_function() -> None:
    found = [
        (f"{path}:{node.name}", (node.end_lineno or 0) - node.lineno + 1)
        for path in _code()
        for node in _functions([path])
    ]
    assert len(found) > 3000
    assert [one for one in found if one[1] > LONG_FUNCTION] == []


def _functions(paths: Iterable[Path]) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    trees = (ast.parse((ROOT / path).read_text("utf-8")) for path in paths)
    return [n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_functions_are_a_few_lines_long() -> None:
    lines = sorted((f.end_lineno or 0) - f.lineno + 1 for f in _functions(_code()))
    assert statistics.median(lines) <= 7
    assert lines[len(lines) * 9 // 10] <= 18


PATCHES = re.compile(r"\b(?:Magic|Async)?Mock\b|\bmocker\b|\bpatch\(|monkeypatch\.setattr")


def test_tests_are_many_and_replace_hardly_anything() -> None:
    paths = [path.relative_to(ROOT) for path in (ROOT / "tests").rglob("*.py") if path.name != Path(__file__).name]
    texts = [(ROOT / path).read_text("utf-8") for path in paths]
    tests = sum(f.name.startswith("test_") for f in _functions(paths))
    code = sum(len((ROOT / path).read_text("utf-8").splitlines()) for path in _code())
    assert sum(len(PATCHES.findall(text)) for text in texts) <= 0.01 * tests
    assert sum(len(text.splitlines()) for text in texts) >= 0.7 * code


def test_every_folder_of_python_files_is_a_package() -> None:
    folders = {path.parent for tree in (*TREES, "tests") for path in (ROOT / tree).rglob("*.py")}
    lacking = {str(f.relative_to(ROOT)) for f in folders if not (f / "__init__.py").exists()}
    assert {f for f in lacking if not f.startswith("db/migrations")} == set()


def test_tests_mirror_the_tree() -> None:
    """A folder of tests is called like the folder whose files it tests."""
    mirrored = [p for tree in TREES for p in (ROOT / "tests" / tree).rglob("*") if (p / "__init__.py").exists()]
    assert len(mirrored) > 30
    alone = {str(p.relative_to(ROOT)) for p in mirrored if not (ROOT / p.relative_to(ROOT / "tests")).is_dir()}
    assert alone - OWN == set()


def test_one_meaning_a_class_name() -> None:
    files = [path for tree in TREES for path in (ROOT / tree).rglob("*.py")]
    classes = [
        (node.name, path)
        for path in files
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    assert len(classes) > 400
    times = Counter(name for name, _ in classes)
    found = {name: [str(p.relative_to(ROOT)) for n, p in classes if n == name] for name, n in times.items() if n > 1}
    assert {name: where for name, where in found.items() if name not in TWICE} == {}


DOCUMENTED = ("worker", "db/documents/footprint")


def _public(body: list[ast.stmt], owner: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _public(node.body, f"{owner}{node.name}.")
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield f"{owner}{node.name}", node


def _raised(function: ast.FunctionDef) -> set[str]:
    """The classes that a function itself raises, without those of functions in it."""
    found, left = set[str](), list[ast.AST](function.body)
    while left:
        node = left.pop()
        if isinstance(node, ast.FunctionDef):
            continue
        if isinstance(node, ast.Raise) and node.exc is not None:
            found.add(ast.unparse(node.exc.func if isinstance(node.exc, ast.Call) else node.exc))
        left += ast.iter_child_nodes(node)
    return {name for name in found if name[0].isupper()}


def test_public_functions_say_what_they_give_and_what_they_raise() -> None:
    files = [path for folder in DOCUMENTED for path in (ROOT / folder).rglob("*.py")]
    found = [(path, *one) for path in files for one in _public(ast.parse(path.read_text("utf-8")).body)]
    assert len(found) > 900
    silent = [f"{p}:{n}" for p, n, node in found if n != "main" and ast.get_docstring(node) is None]
    assert silent == []
    unsaid = [
        f"{p}:{n}" for p, n, node in found if any(r not in (ast.get_docstring(node) or "") for r in _raised(node))
    ]
    assert unsaid == []


WAITS = {"timeout", "timeout_s", "maxsize", "delay", "interval"}


def _waits(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.expr]:
    """What is given to calls in a function as a time to wait or as the size of a queue."""
    for node in (one for statement in function.body for one in ast.walk(statement)):
        if isinstance(node, ast.Call):
            yield from (keyword.value for keyword in node.keywords if keyword.arg in WAITS)
            if isinstance(node.func, ast.Attribute) and node.func.attr in ("sleep", "wait", "wait_for", "join"):
                yield from node.args


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.value not in (0, 1)


def test_times_to_wait_have_names() -> None:
    """An operator finds them at the top of a file, each with its unit and why it is so long."""
    found = [
        f"{path}:{value.lineno}"
        for path in _code()
        for function in ast.walk(ast.parse((ROOT / path).read_text("utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for value in _waits(function)
        if _is_number(value)
    ]
    assert found == []
    (bad,) = ast.parse("def f():\n    done.wait(2.5)\n    Queue(maxsize=9)\n    done.wait(PAUSE_S)\n").body
    assert isinstance(bad, ast.FunctionDef)
    assert sum(map(_is_number, _waits(bad))) == 2
