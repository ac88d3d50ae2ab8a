"""Names of packages: those that pages print, and which of them an asked name means."""

from __future__ import annotations

import re
from itertools import pairwise

from worker.datasheet.geometry.primitives import Box, Word
from worker.datasheet.text.part_names import plain as plain
from worker.datasheet.thresholds.page import SERIES_ALIKE, SERIES_LEAST

_DASH = r"[\s\-–−]?"
_KIND = r"(?!R?DSON|REASON|PERSON)[A-Z]{0,4}(?:SOIC|SSOP|SOP|SOT|SOD|QFN|DFN|QFP|LGA|BGA|DIP|CSP|PLCC|SON|PAK)N?"
FAMILY = re.compile(
    rf"\b({_KIND}(?:{_DASH}\d{{1,4}}[A-Z]{{0,3}})?(?:[\-–−]\d{{1,3}})?|(?:SC|TO|DO|SMA|SMB|SMC)[\-–−]?\d{{2,3}}[A-Z]{{0,2}})\b"
)
CODE = re.compile(r"\b(CASE\s\d{2,4}[A-Z]{0,2}(?:[\-–−]\d{2})?|(?!REV)[A-Z]{1,3}0\d{3}[A-Z])\b")
STOP = frozenset(
    ("CASE", "ISSUE", "BODY", "NO", "LEAD", "LEADS", "PACKAGE", "PLASTIC", "SMALL", "OUTLINE", "DUAL", "FLAT", "QUAD", "THIN",
     "MM", "SMD", "SMT", "THT", "TYPE", "WITH", "REV", "IN", "OF", "AND", "THE", "FOR", "OR", "BY")
)  # fmt: skip
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-–−.]*")
_SPACED = re.compile(r"(?<=[A-Za-z0-9])(?: [\-–−] ?|[\-–−] )(?=[A-Za-z0-9])")  # of a part number set in wide letters
_REVISED = re.compile(r"(\d{3,4}[A-Z]{1,2})[\-–−]\d{2}")  # a maker's case with its revision
_CHIP = re.compile(r"\d{4,5}")  # a size of chips: 01005, 0603, 2512
_OF_CHIP = re.compile(rf"[A-Z]{{1,4}}({_CHIP.pattern})")  # with the letters of a series: RC2512
_PINS = r"(?:lead|ld|l|pin|terminal|ball|bump|pad|contact|circuit|position)s?\b"
_COUNT = re.compile(rf"\b(\d{{1,4}}){_DASH}{_PINS}", re.IGNORECASE)
_FAMILY_AND_COUNT = re.compile(rf"([A-Za-z]{{3,}}){_DASH}(\d{{1,4}})")
_CASE_AND_COUNT = re.compile(rf"([A-Za-z]{{2,}}{_DASH}\d{{2,3}})[\-–−](\d{{1,2}})")
_OF_PINS = re.compile(
    r"(?:SOIC|SO|SOP|QFN|DFN|QFP|DIP|SON)$", re.IGNORECASE
)  # families whose number is that of their pins
_SIZE = re.compile(r"(?<![\d.])(\d{1,2}(?:\.\d{1,2})?)\s*(?:mm)?\s*[xX×*]\s*(\d{1,2}(?:\.\d{1,2})?)(?![\d.])")
MIN_CASE_DIGITS = 5  # of a case number such as 646-06; shorter numbers say nothing


def tokens(package: str) -> list[str]:
    """The parts of a package name that can identify it on a page."""
    found = {plain(p) for p in _PART.findall(package)} | {plain(package)}
    named = sorted({t for t in found if len(t) > 1 and t not in STOP and not _is_number(t)} | sizes(package))
    return named or sorted(t for t in found if _CHIP.fullmatch(t))


def sizes(text: str) -> set[str]:
    """The sizes of bodies in a text, one way to write each: "2.5 x 2.0 mm" is 2.5X2. Whole numbers may count pins."""
    told = (m.groups() for m in _SIZE.finditer(text) if "." in m[0] or "mm" in m[0])
    return {"X".join(f"{float(v):g}" for v in sides) for sides in told}


def _is_number(token: str) -> bool:
    return token.isdigit() and len(token) < MIN_CASE_DIGITS


def is_count(token: str) -> bool:
    """Whether a part of a name says how many terminals there are and nothing else: 8LEAD."""
    return re.fullmatch(rf"\d{{1,4}}{_PINS}", token, re.IGNORECASE) is not None


def words_of(text: str) -> set[str]:
    """Normalised words of a page, and pairs of neighbours, so that "SOIC - 14" equals "SOIC-14"; 936A-02 is a 936A too.

    What dashes with spaces beside them join is one word as well: "B4B -XH -A" is B4BXHA.
    """
    found = _PART.findall(text)
    known = set(found)
    found += [p for p in _PART.findall(_SPACED.sub("-", text)) if p not in known]
    parts = [plain(p) for p in found]
    chips = {m[1] for p in parts if (m := _OF_CHIP.fullmatch(p))}
    unrevised = {plain(m[1]) for p in found if (m := _REVISED.fullmatch(p))}
    return set(parts) | chips | unrevised | sizes(text) | {a + b for a, b in pairwise(parts)}


def families(text: str) -> set[str]:
    """The package families that a text names, as they are compared."""
    return {plain(m) for m in FAMILY.findall(text)}


def first_name(text: str) -> str | None:
    """The first name of a package that a page prints: its family, else a maker's code of it."""
    found = FAMILY.search(text) or CODE.search(text)
    return found[1].strip() if found else None


def begun_by(asked: str, text: str) -> frozenset[str]:
    """Longer names on a page that begin with one word of the asked name or say its family and count apart.

    TSSOP begins TSSOP-14, and SOIC-14 is the same as "14-Lead ... SOIC" and as a SOIC that no number is printed for;
    SOP begins no SSOP and SOT-23 no SOT-236. SOT-23-5 is the same as "5-Lead ... SOT-23".
    """
    found: set[str] = set()
    for part in _PART.findall(asked):
        if plain(part) in STOP or not re.search("[A-Za-z]{2}", part):
            continue
        groups = re.findall(r"[A-Za-z]+|\d+", part)
        tail = r"(?![A-Za-z])" if groups[-1].isalpha() else r"(?!\d)"
        longer = rf"(?<![A-Za-z0-9]){_DASH.join(groups)}{tail}(?:[\-–−]?\d{{1,3}}\b)?"
        found |= {plain(m[0]) for m in re.finditer(longer, text, re.IGNORECASE)}
        if cased := _CASE_AND_COUNT.fullmatch(part):
            case = _DASH.join(re.findall(r"[A-Za-z]+|\d+", cased[1]))
            alone = re.search(rf"(?<![A-Za-z0-9]){case}(?![A-Za-z0-9]|[\-–−]\d)", text, re.IGNORECASE)
            found |= {plain(part)} if alone and cased[2] in _COUNT.findall(text) else set()
        if split := _FAMILY_AND_COUNT.fullmatch(part):
            alone = re.search(rf"(?<![A-Za-z0-9]){split[1]}(?![A-Za-z0-9])", text, re.IGNORECASE)
            counts = _COUNT.findall(text)
            if alone and split[2] in counts:
                found.add(plain(part))
            elif (
                alone
                and not counts
                and _OF_PINS.search(split[1])
                and not re.search(rf"{split[1]}{_DASH}\d", text, re.IGNORECASE)
            ):
                found.add(
                    plain(split[1])
                )  # an outline of a whole family: the number of pins chooses a row of its table
    return frozenset(found)


def of_series(lines: list[Word], package: str | None) -> list[tuple[Box, bool]]:
    """The places of lines that name the part asked for, or another one of its series, and which of both; none without both.

    Where a line is the very name that was asked for, longer ones are those of other parts: X-10 is no X-10-B.
    """
    asked = [
        t for t in tokens(package or "") if len(t) >= SERIES_LEAST and _form(t) not in ("A" * len(t), "9" * len(t))
    ]  # fmt: skip
    found = []
    for line in (w for w in lines if w.turn == 0) if asked else ():
        words = words_of(line.text)
        own = any(w.startswith(a) for w in words for a in asked)
        if own or any(_of_series(w, a) for w in words for a in asked):
            found.append((line.box, own, plain(line.text) == plain(package or "")))
    whole = any(exact for _, _, exact in found)
    names = [(box, exact if whole else own) for box, own, exact in found]
    return names if len({own for _, own in names}) > 1 else []


def _of_series(word: str, asked: str) -> bool:
    """Whether a word begins as the name asked for, with letters and digits at the same places."""
    return word[:SERIES_ALIKE] == asked[:SERIES_ALIKE] and _form(word[: len(asked)]) == _form(asked)


def _form(name: str) -> str:
    return re.sub("[A-Z]", "A", re.sub("[0-9]", "9", name))
