"""How well the words over a column or a figure fit the package that was asked for."""

from __future__ import annotations

import re

from worker.datasheet.search import naming

_PARTS = re.compile(r"[^\s,;/()]+")
EQUAL, BEGUN, ENDED, FOREIGN = 3, 2, 1, -4
LEAST = 3  # letters of a name that may begin another


def package_match(package: str | None, text: str) -> int:
    """EQUAL to FOREIGN; 0 where the words name no package at all."""
    if not package:
        return 0
    wanted, said = naming.tokens(package), [naming.plain(part) for part in _PARTS.findall(text)]
    best = max((_alike(asked, word) for asked in wanted for word in said), default=0)
    foreign = naming.families(text) and naming.families(package)
    return best or (FOREIGN if foreign else 0)


def _alike(asked: str, word: str) -> int:
    if asked == word:
        return EQUAL
    short = word.lstrip("'’‘`´")
    if short != word and short.isdigit():
        return BEGUN if asked.endswith(short) else 0
    if min(len(asked), len(word)) < LEAST or asked.isdigit() or word.isdigit() or not re.search("[A-Z]", word):
        return 0
    if asked.startswith(word) or word.startswith(asked):
        return BEGUN
    return ENDED if asked.endswith(word) or word.endswith(asked) else 0
