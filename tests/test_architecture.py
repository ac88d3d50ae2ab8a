"""The shape of the house: no circles of imports, no crowded folders, tests beside what they test."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
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
# Numbers of the reader that stand outside its thresholds, and why.
NOT_TUNED = {
    "INCH_MM": "a definition",
    "CONFIDENT": "what the evaluation asks for",
    "PRECISION": "what the evaluation asks for",
    "TOLERANCES_MM": "what the evaluation measures with",
    "SLACK_PT": "what the evaluation measures with",
    "MAX_SIDE_PT": "a limit against bombs",
    "PX_PER_PT": "the size of a picture",
    "RENDER_PX_PER_PT": "the size of a picture",
    "IMAGE_DPI": "what a format leaves out",
    "POLL_S": "waiting for a process",
    "PATIENCE_S": "waiting for a process",
    "BUDGET_S": "the time that pictures of pages may take",
    "KIND": "a score for each class of caption; it would need their names below them",
    "NO_RUN": "a mark, no measure",
    "FACTOR": "a definition",
    "EDGES": "a definition",
    "LAND": "a score for each phrase of a title",
    "MECHANICAL": "a score for each phrase of a title",
}
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
        for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert len(found) > 3000
    assert [one for one in found if one[1] > LONG_FUNCTION] == []


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


def _floats(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Constant) and isinstance(n.value, float) for n in ast.walk(node))


def test_tuned_numbers_of_the_reader_stand_in_its_thresholds() -> None:
    """A float at module level is a tuned number unless a reason is given; each has one name and one value."""
    reader = ROOT / "worker" / "datasheet"
    found: list[tuple[str, str]] = []
    for path in reader.rglob("*.py"):
        if path.is_relative_to(reader / "synthetic"):
            continue  # sizes of real parts
        for node in ast.parse(path.read_text("utf-8")).body:
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AnnAssign)
                else []
            )
            names = [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)]
            if names and _floats(node):
                found += [(path.relative_to(reader).parts[0], name) for name in names]
    tuned = [name for folder, name in found if folder == "thresholds"]
    assert len(tuned) > 150
    assert [name for name, n in Counter(tuned).items() if n > 1] == []
    assert {name for folder, name in found if folder != "thresholds"} == set(NOT_TUNED)


# Numbers in the formulas of the reader that are not tuned: counts, halves and quarter turns; guards against division by
# zero and rounding; full grey; what a library numbers so.
COUNTS, HALVES = {0, 1, 2, 3, 4, 255, 45, 90, 180, 360}, {0.0, 1.0, 2.0, 0.5, 1e-6, 1e-9, 1e-12, 1e9}
OF_LIBRARIES = {"connectivity"}
FIELDS = {"page/paths.py": {7}, "drawing/shapes.py": {7}}  # columns of a stroke
NO_FORMULAS = (
    "synthetic",
    "evaluation",
    "thresholds",
)  # sizes of real parts; pictures of scores; the constants themselves


def _formula_numbers(function: ast.FunctionDef) -> Iterator[ast.Constant]:
    """Numbers in a function that decide something: no digits of rounding, bounds of a slice, shifts and bases."""
    left: list[ast.AST] = list(function.body)
    while left:
        node = left.pop()
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            yield node
        elif isinstance(node, ast.Subscript):
            left.append(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("round", "int"):
            left += node.args[:1]
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.LShift | ast.RShift):
            left.append(node.left)
        elif not isinstance(node, ast.keyword) or node.arg not in OF_LIBRARIES:
            left += ast.iter_child_nodes(node)


def _is_tuned(number: ast.Constant) -> bool:
    return number.value not in (COUNTS if type(number.value) is int else HALVES)


def test_formulas_of_the_reader_hold_no_tuned_number() -> None:
    """What decides stands in the thresholds with its unit and meaning; 3.0 is a threshold, 3 a count of corners."""
    reader = ROOT / "worker" / "datasheet"
    files = [p for p in reader.rglob("*.py") if p.relative_to(reader).parts[0] not in NO_FORMULAS]
    found = [
        f"{path.relative_to(ROOT)}:{number.lineno}: {number.value}"
        for path in (*files, *(ROOT / "db" / "documents" / "footprint").rglob("*.py"))
        for function in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(function, ast.FunctionDef)
        for number in _formula_numbers(function)
        if _is_tuned(number) and number.value not in FIELDS.get("/".join(path.parts[-2:]), ())
    ]
    assert len(files) > 100
    assert sorted(set(found)) == []


def test_a_tuned_number_in_a_formula_is_found() -> None:
    code = "def f(x):\n    a = round(x[:7], 6) << 8\n    return a < 0.3 * x + 2.5 and len(x) >= 4 or x / 3.0\n"
    (function,) = ast.parse(code).body
    assert isinstance(function, ast.FunctionDef)
    assert {n.value for n in _formula_numbers(function) if _is_tuned(n)} == {0.3, 2.5, 3.0}


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
