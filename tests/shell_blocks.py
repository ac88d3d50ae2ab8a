"""The shell commands of a document: its fenced `bash` and `sh` blocks, and the marks that say what is not to be run, and why.

<!-- skip: REASON -->               above a block: the whole block
<!-- skip "make bench": REASON -->  above a block: its commands that begin so
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

MARK = re.compile(r'<!-- skip(?: "(?P<start>[^"]+)")?: (?P<reason>[^>]+?) -->')
BLOCK = re.compile(
    r"(?P<marks>(?:^[ ]*<!-- skip[^\n]*-->\n)*)^[ ]*```(?:bash|sh)\n(?P<text>.*?)^[ ]*```$",
    re.MULTILINE | re.DOTALL,
)


class StaleMark(ValueError):
    """A mark that skips nothing: the command has been renamed or is gone."""


@dataclass(frozen=True)
class Command:
    """One command as it is written, comment included; `reason` says why it is not run."""

    text: str
    reason: str = ""


def commands(document: str) -> list[Command]:
    """Every command of the document in its order. Raises StaleMark."""
    return [command for block in BLOCK.finditer(document) for command in _of_block(block["text"], block["marks"])]


def _of_block(text: str, marks: str) -> list[Command]:
    joined = re.sub(r"\\\n\s*", "", textwrap.dedent(text))
    lines = [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    reasons = {mark["start"] or "": mark["reason"] for mark in MARK.finditer(marks)}
    for start in reasons:
        if not any(line.startswith(start) for line in lines):
            raise StaleMark(f"no command begins with {start!r}")
    return [Command(line, _reason(line, reasons)) for line in lines]


def _reason(line: str, reasons: dict[str, str]) -> str:
    return next((reason for start, reason in reasons.items() if line.startswith(start)), "")


def script(to_run: list[str], *, until_interrupted: dict[str, str]) -> str:
    """A bash script that runs the commands one after the other in one shell, as a reader does, and ends at the first failure.

    `until_interrupted`: a command that stays until Ctrl-C -> the words it writes once it is ready. It runs beside the
    others, in a second terminal so to say, and gets its Ctrl-C at the end.
    """
    parts = ["set -m  # each background command in a process group of its own, as in a terminal", END]
    for text in to_run:
        parts.append(f"echo '@@ '{_quoted(text)}")
        ready = until_interrupted.get(re.sub(r"\s+#.*", "", text).strip())
        parts.append(text if ready is None else START.format(command=text, ready=_quoted(ready)))
        parts.append('code=$?; [ "$code" = 0 ] || { echo "@@ ended with $code"; exit 1; }')
    return "\n".join(parts) + "\n"


END = """
running=""
trap '[ -z "$running" ] || { kill -INT -- "-$running"; wait "$running"; }' EXIT
"""
START = """
{{ {command}
}} > .background.log 2>&1 &
running=$!
until grep -qs {ready} .background.log; do kill -0 "$running" 2>/dev/null || {{ cat .background.log; exit 1; }}; sleep 0.2; done
"""


def _quoted(text: str) -> str:
    escaped = text.replace("'", "'\\''")
    return f"'{escaped}'"
