"""Every tuned number of the reader stands in its thresholds, once, with its unit and meaning."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
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
FIELDS = {"page/paths.py": {7}, "drawing/rings.py": {7}}  # columns of a stroke
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
