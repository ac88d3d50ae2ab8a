"""Which faults are put into the code: cosmic-ray's operators on places drawn with a seed, one fault a place."""

from __future__ import annotations

import ast
import random
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeGuard

import attrs
from cosmic_ray.commands import init
from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import MutationSpec

EQUIVALENT = Path(__file__).parent / "equivalent.toml"
SAME = {
    ("Eq", "Is"),
    ("Is", "Eq"),
    ("NotEq", "IsNot"),
    ("IsNot", "NotEq"),
}  # differ for nobody who compares enum members
GUARDS = {"frozen", "slots"}  # keywords that stop a programmer, not a user
CACHES = {"cache", "lru_cache"}  # decorators without which the same comes out, later
WAIT = re.compile(r"(.*_s|(.*_)?timeout|.*_interval)$", re.IGNORECASE)
LOG = "log"


@dataclass(frozen=True)
class Place:
    """Where an operator of one kind can be applied: file, line and column (lines count from 1), kind of operator."""

    path: str
    line: int
    column: int
    kind: str


def sample(root: Path, room: str, count: int, seed: int) -> list[MutationSpec]:
    """At most `count` mutants of a room's files below `root`, the same for the same code and seed.

    Places are drawn, not mutants: a `+` that can become eleven other operators counts once.
    """
    places = _places(root, room)
    draw = random.Random(f"{seed} {room}")
    drawn = draw.sample(sorted(places, key=str), min(count, len(places)))
    return [draw.choice(places[place]) for place in drawn]


def _places(root: Path, room: str) -> dict[Place, list[MutationSpec]]:
    found: dict[Place, list[MutationSpec]] = defaultdict(list)
    for spec in _mutants(root, room):
        name = spec.operator_name.removeprefix("core/")
        if tuple(name.split("_")[1:]) in SAME or _is_left_out(root / spec.module_path, spec.start_pos, name):
            continue
        if name == "ExceptionReplacer" and "." in _text(root / spec.module_path, spec):
            continue  # cosmic-ray 8.7 fails on a dotted name
        found[Place(str(spec.module_path), *spec.start_pos, name.split("_")[0])].append(spec)
    return found


def _mutants(root: Path, room: str) -> Iterator[MutationSpec]:
    files = [path for path in sorted((root / room).rglob("*.py")) if "migrations" not in path.parts]
    with use_db(":memory:") as work:
        init(files, work, {})
        for item in work.work_items:
            (spec,) = item.mutations
            yield attrs.evolve(spec, module_path=spec.module_path.relative_to(root))


def _text(path: Path, spec: MutationSpec) -> str:
    """What stands at a mutant's place, as far as its first line goes."""
    (line, start), (last, end) = spec.start_pos, spec.end_pos
    return _lines(path)[line - 1][start : end if last == line else None]


@lru_cache
def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


def _is_left_out(path: Path, position: tuple[int, int], operator: str) -> bool:
    """Places where a change is no fault that a test could name: see CONTRIBUTING.md."""
    spans, waits = _left_out(path)
    return any(start <= position < end for start, end in spans) or (
        operator == "NumberReplacer" and any(start <= position < end for start, end in waits)
    )


Span = tuple[tuple[int, int], tuple[int, int]]


@lru_cache
def _left_out(path: Path) -> tuple[list[Span], list[Span]]:
    """Spans of a file: of annotations and guards; and of how long something waits, whose numbers may be others."""
    tree = ast.parse(path.read_text("utf-8"))
    parts = [_span(part) for node in ast.walk(tree) for part in _silent(node)]
    decorators = [_span(one, before=1) for node in ast.walk(tree) for one in (*_caches(node), *_declared(node))]
    return parts + decorators, [_span(node) for node in ast.walk(tree) if _is_wait(node)]


def _silent(node: ast.AST) -> list[ast.expr]:
    """Parts of a node that a user of the program sees nothing of: types, guards, what a log line says."""
    match node:
        case ast.arg(annotation=found) | ast.AnnAssign(annotation=found) if found is not None:
            return [found]
        case ast.FunctionDef(returns=found) | ast.AsyncFunctionDef(returns=found) if found is not None:
            return [found]
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if name[0].isupper() and not name.isupper():
            return [part for part in ast.walk(value) if isinstance(part, ast.BinOp) and isinstance(part.op, ast.BitOr)]
        case ast.keyword(arg=name, value=value) if name in GUARDS:
            return [value]
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)), args=args)) if name == LOG:
            return args
    return []


def _caches(node: ast.AST) -> list[ast.expr]:
    found = node.decorator_list if isinstance(node, ast.FunctionDef) else []
    return [one for one in found if isinstance(one, ast.Name) and one.id in CACHES]


def _declared(node: ast.AST) -> list[ast.expr]:
    """Decorators of what a protocol only declares, for types: nothing runs it."""
    if not isinstance(node, ast.ClassDef) or not any(ast.unparse(base).startswith("Protocol") for base in node.bases):
        return []
    bare = [one for one in node.body if isinstance(one, ast.FunctionDef) and all(map(_says_nothing, one.body))]
    return [decorator for one in bare for decorator in one.decorator_list]


def _says_nothing(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_wait(node: ast.AST) -> TypeGuard[ast.stmt | ast.keyword]:
    match node:
        case ast.keyword(arg=str(name)):
            names = [name]
        case ast.Assign(targets=targets):
            names = [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            names = [name]
        case _:
            return False
    return bool(names) and all(WAIT.match(name) for name in names)


def _span(node: ast.expr | ast.stmt | ast.keyword, before: int = 0) -> Span:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return (node.lineno, node.col_offset - before), (node.end_lineno, node.end_col_offset)


@dataclass(frozen=True)
class Equivalent:
    """A mutant that no test can kill: the file, the line as it becomes, and why."""

    path: str
    becomes: str
    reason: str


def equivalents() -> list[Equivalent]:
    """The mutants that were looked at and change nothing that a user could see."""
    return [Equivalent(**entry) for entry in tomllib.loads(EQUIVALENT.read_text("utf-8")).get("mutant", [])]


def is_equivalent(path: str, diff: str, known: list[Equivalent]) -> bool:
    """Whether a survivor's diff is one of those."""
    becomes = {line[1:].strip() for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++")}
    return any(one.path == path and one.becomes in becomes for one in known)
