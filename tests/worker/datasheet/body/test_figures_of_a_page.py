"""The body on pages with more than one figure: other packages, boards, side views, modules, and what words say."""

from __future__ import annotations

import pytest

from db.documents.kinds.datasheet import Body, Value
from tests.worker.datasheet.sketch import Sketch
from worker.datasheet.extract import extract
from worker.datasheet.request import ReadingRequest


def outline(sketch: Sketch, length: float, width: float, height: float, off: float = 0.0) -> None:
    """A top view with its sides dimensioned and a side view right below it; numbers with tolerances."""
    sketch.rect(0, 0, length, width)
    sketch.across(-length / 2, length / 2, -width / 2 - 0.6, f"{length:.2f}±0.1")
    sketch.along(-width / 2, width / 2, -length / 2 - 0.9, f"{width:.2f}±0.1")
    y = width / 2 + 0.8 + height / 2
    sketch.rect(0, y, length, height)
    sketch.along(y - height / 2, y + height / 2, -length / 2 - 0.9, f"{height:.2f}±0.1")


def read(sketch: Sketch, package: str | None = None) -> Body:
    return extract([sketch.pdf()], ReadingRequest(package)).body


def nominals(body: Body) -> tuple[float | None, ...]:
    return body.length.nom, body.width.nom, body.height.nom


def two_packages(framed: bool) -> Sketch:
    sketch = Sketch(20.0)
    for name, y, size in (("SOT-89", 620, (4.5, 2.5, 1.5)), ("SOT-223", 320, (6.5, 3.5, 1.6))):
        sketch.at = (300.0, y)
        sketch.text(200, y + 115, name, 14)
        outline(sketch, *size)
        if framed:
            sketch.canvas.rect(130, y - 110, 330, 210)
    return sketch


@pytest.mark.parametrize("framed", [True, False])
@pytest.mark.parametrize(("package", "size"), [("SOT-89", (4.5, 2.5, 1.5)), ("SOT-223", (6.5, 3.5, 1.6))])
def test_the_name_of_the_package_chooses_the_outline(framed: bool, package: str, size: tuple[float, ...]) -> None:
    assert nominals(read(two_packages(framed), package)) == size


SIDE_BY_SIDE = (("XT-238V", (3.2, 2.5, 1.6)), ("XT-238", (3.0, 2.4, 1.5)), ("XTL-3225", (3.1, 2.6, 1.45)))


@pytest.mark.parametrize(("package", "size"), SIDE_BY_SIDE)
def test_the_name_of_the_part_chooses_among_outlines_side_by_side(package: str, size: tuple[float, ...]) -> None:
    sketch = Sketch(20.0)
    for i, (name, outer) in enumerate(SIDE_BY_SIDE):
        sketch.at = (130.0 + 180 * i, 560.0)
        sketch.canvas.setFont("Helvetica-Bold", 12)
        sketch.canvas.drawString(65 + 180 * i, 640 + 0.2 * (i % 2), name)
        outline(sketch, *outer)
    assert nominals(read(sketch, package)) == size


def test_a_larger_number_of_the_land_pattern_is_no_height() -> None:
    sketch = Sketch(30.0, (190.0, 560.0))
    outline(sketch, 4.0, 3.0, 1.2)
    sketch.at = (450.0, 560.0)
    sketch.text(450, 650, "RECOMMENDED LAND PATTERN", 9)
    for x in (-1.5, 1.5):
        sketch.rect(x, 0, 1.0, 2.6)
    sketch.across(-2.0, 2.0, -2.2, "4.00")
    sketch.across(-2.0, -1.0, 1.9, "1.00")
    sketch.along(-1.3, 1.3, -2.8, "2.60")
    assert nominals(read(sketch)) == (4.0, 3.0, 1.2)


def test_a_number_between_no_faces_is_no_height() -> None:
    """The distance of two lines beside the side view is larger than the height, and nothing is drawn at its ends."""
    sketch = Sketch(30.0)
    outline(sketch, 4.0, 3.0, 1.2)
    sketch.along(1.7, 5.4, 3.2, "3.70")
    assert read(sketch).height.nom == 1.2


def test_a_module_with_notched_sides_is_its_outline() -> None:
    sketch = Sketch(12.0)
    left, right, top, bottom = -9.0, 9.0, -12.0, 12.0
    points = [(left, top), (right, top)]
    for i in range(12):  # notches down the right side and up the left one
        y = top + 1.0 + 2 * i * 0.95
        points += [(right, y), (right - 0.3, y), (right - 0.3, y + 0.9), (right, y + 0.9)]
    points += [(right, bottom), (left, bottom)]
    for i in range(12):
        y = bottom - 1.0 - 2 * i * 0.95
        points += [(left, y), (left + 0.3, y), (left + 0.3, y - 0.9), (left, y - 0.9)]
    for a, b in zip(points, [*points[1:], points[0]], strict=True):
        sketch.canvas.line(*sketch.point(*a), *sketch.point(*b))
    sketch.rect(0, 2, 15.0, 17.0)  # the shield on it
    sketch.across(-7.5, 7.5, 11.2, "15.0")
    sketch.along(-6.5, 10.5, 5.0, "17.0")
    sketch.across(left, right, -13.5, "18.0±0.15")
    sketch.along(top, bottom, -11.0, "24.0±0.15")
    assert nominals(read(sketch))[:2] == (24.0, 18.0)


def limits(value: Value) -> tuple[float | None, ...]:
    return value.min, value.nom, value.max


def test_the_height_may_stand_in_the_title() -> None:
    sketch = Sketch(20.0)
    sketch.text(300, 740, "HTSSOP - 1.2 mm max height", 10)
    sketch.rect(0, 0, 4.4, 5.0)
    sketch.across(-2.2, 2.2, -3.2, "4.40±0.1")
    sketch.along(-2.5, 2.5, -3.1, "5.00±0.1")
    body = read(sketch)
    assert limits(body.height) == (None, None, 1.2)
    assert body.height.confidence < 0.9


def test_a_height_in_the_title_and_on_the_drawing_is_confirmed() -> None:
    sketch = Sketch(30.0)
    sketch.text(300, 740, "HTSSOP - 1.2 mm max height", 10)
    sketch.rect(0, 0, 4.4, 5.0)
    sketch.across(-2.2, 2.2, -3.2, "4.40±0.1")
    sketch.along(-2.5, 2.5, -3.1, "5.00±0.1")
    sketch.rect(0, 3.9, 4.4, 1.2)
    sketch.along(3.3, 4.5, -3.1, "1.2 MAX")
    body = read(sketch)
    assert limits(body.height) == (None, None, 1.2)
    assert body.height.confidence > 0.9


def test_a_size_in_words_stands_where_nothing_is_drawn() -> None:
    sketch = Sketch(20.0)
    sketch.text(300, 740, "PACKAGE OUTLINE QFN, 3.0 mm x 2.5 mm x 0.9 mm", 10)
    sketch.across(-0.5, 0.5, 3.0, "0.50")
    sketch.rect(0, 0, 1.0, 0.6)
    assert nominals(read(sketch)) == (3.0, 2.5, 0.9)


@pytest.mark.parametrize(("package", "size"), [("HRP5", (9.4, 8.0, 1.9)), ("TO252-3", (6.5, 5.5, 2.3))])
def test_headings_of_a_column_beside_the_outlines_divide_none_of_them(package: str, size: tuple[float, ...]) -> None:
    """Outlines under their names on the left, what is told of their tapes in small headings on the right."""
    sketch = Sketch(11.0)
    for name, y, outer in (("HRP5", 600, (9.4, 8.0, 1.9)), ("TO252-3", 330, (6.5, 5.5, 2.3))):
        sketch.canvas.setFont("Helvetica-Bold", 15)
        sketch.canvas.drawString(80, y + 95, name)
        sketch.at = (170.0, y)
        outline(sketch, *outer)
        for i, words in enumerate(
            ("<Tape and Reel information>", "Tape carrier", "Quantity pieces", "Direction of feed")
        ):
            sketch.text(430, y + 85 - 24 * i, words, 13)
    assert nominals(read(sketch, package))[:2] == size[:2]


def test_a_remark_in_brackets_stands_between_a_number_and_its_dimension_line() -> None:
    sketch = Sketch(20.0, (300.0, 500.0))
    outline(sketch, 8.8, 8.0, 1.9)
    sketch.rect(0, 0, 9.4, 8.0)
    sketch.across(-4.7, 4.7, -5.6, "")
    sketch.text(300, 616, "(MAX 9.75 with burr)", 7)
    sketch.text(300, 624, "9.40±0.1", 7)
    assert read(sketch).length.nom == 9.4


@pytest.mark.parametrize("note", ["All linear dimensions are in micrometers.", "Dimensions in µm"])
def test_a_page_may_print_its_dimensions_in_micrometres(note: str) -> None:
    sketch = Sketch(40.0)
    for side, words in ((-1, "2400±100"), (1, "2000±100")):
        half = 1.2 if side < 0 else 1.0
        (sketch.across if side < 0 else sketch.along)(-half, half, -1.7, words)
    sketch.rect(0, 0, 2.4, 2.0)
    sketch.text(300, 120, note)
    body = read(sketch)
    assert [limits(v) for v in (body.length, body.width)] == [(2.3, 2.4, 2.5), (1.9, 2.0, 2.1)]


def listed(*rows: tuple[str, str]) -> Body:
    """What is read of a page that lists sizes, a name and a value in each row, beside a small picture."""
    sketch = Sketch(20.0)
    sketch.text(300, 720, "Product dimensions", 11)
    sketch.rect(9, -8, 2.0, 1.2)
    for i, (name, value) in enumerate(rows):
        sketch.canvas.drawString(60, 600 - 16 * i, name)
        sketch.canvas.drawString(300, 600 - 16 * i, value)
    return read(sketch)


def test_a_list_may_give_each_side_a_row() -> None:
    body = listed(("Length(L)", "2.00mm ±0.20mm"), ("Width(W)", "1.25mm ±0.20mm"), ("Thickness(T)", "0.85mm ±0.20mm"))
    assert [limits(v) for v in (body.length, body.width, body.height)] == [
        (1.8, 2.0, 2.2), (1.05, 1.25, 1.45), (0.65, 0.85, 1.05)
    ]  # fmt: skip
    assert all(v.confidence < 0.9 for v in (body.length, body.width, body.height))


@pytest.mark.parametrize(
    "rows",
    [
        (("Length(L)", "2.00mm ±0.20mm"), ("Width(W)", "1.25mm ±0.20mm")),
        (("Cable length", "2.00mm"), ("Width", "1.25mm"), ("Height", "0.85mm")),
        (("Length", "2.00 m"), ("Width", "1.25 m"), ("Height", "0.85 m")),
        (("Length", "2.00mm"), ("Length", "3.00mm"), ("Width", "1.25mm"), ("Height", "0.85mm")),
    ],
)
def test_a_list_that_does_not_give_each_side_once_gives_none(rows: tuple[tuple[str, str], ...]) -> None:
    body = listed(*rows)
    assert (body.length.nom, body.width.nom, body.height.nom) == (None, None, None)
