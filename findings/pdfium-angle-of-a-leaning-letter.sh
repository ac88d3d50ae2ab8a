#!/usr/bin/env bash
# PDFium's angle of a character is that of its upright, not of its line: level text that leans is said to be turned.
#
# What: FPDFText_GetCharAngle() gives "the rotation angle of character". For a text matrix that shears the letters, as programs
# make italics of an upright font, it gives the lean (16.7 degrees for a shear of 0.3), although the text runs level; with the
# text turned by a quarter the same shear changes nothing. FPDFText_GetMatrix() has the line: atan2(b, a) is 0.
# Why it matters: readers that sort letters into lines by this angle take such titles for oblique text and lose them
# (datasheets of several makers of connectors set theirs so).
# Seen: pypdfium2 5.15.2, 2026-12-01.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pypdfium2==5.15.2
cat >"$folder/see.py" <<'PY'
import importlib.metadata
import math

import pypdfium2 as pdfium
import pypdfium2.raw as raw


def document(matrix: str) -> bytes:
    """A page with one word in Helvetica under a text matrix; the cross-reference table is computed."""
    text = f"BT /F 20 Tf {matrix} Tm (Title) Tj ET"
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R /Resources << /Font << /F {font} >> >> >>",
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
    ]
    data, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n".encode()
    start = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    data += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    return data + f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()


def angles(matrix: str) -> tuple[float, float]:
    """Degrees by FPDFText_GetCharAngle and by the line of FPDFText_GetMatrix, of the first letter."""
    page = pdfium.PdfDocument(document(matrix))[0].get_textpage()
    found = raw.FS_MATRIX()
    assert raw.FPDFText_GetMatrix(page, 0, found)
    angle = math.degrees(raw.FPDFText_GetCharAngle(page, 0))
    return round(angle, 1), round(math.degrees(math.atan2(found.b, found.a)), 1)


print("pypdfium2", importlib.metadata.version("pypdfium2"))
seen = {}
for name, matrix in (
    ("level", "1 0 0 1 50 100"),
    ("level, leaning", "1 0 0.3 1 50 100"),
    ("upwards", "0 1 -1 0 100 50"),
    ("upwards, leaning", "0 1 -1 0.3 100 50"),
):
    seen[name] = angles(matrix)
    print(f"{name:17s} angle {seen[name][0]:5.1f}  line of the matrix {seen[name][1]:5.1f}")
assert seen["level"] == (0.0, 0.0)
assert seen["level, leaning"] == (16.7, 0.0), "leaning letters have the angle of their line now"
assert seen["upwards"] == (270.0, 90.0)
assert seen["upwards, leaning"] == (270.0, 90.0), "the lean counts for turned text as well now"
PY
"$folder/venv/bin/python" "$folder/see.py"
