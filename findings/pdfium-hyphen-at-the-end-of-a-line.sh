#!/usr/bin/env bash
# PDFium hands out a hyphen that ends a line as U+0002, also where it parts no word.
#
# What: FPDFText_GetUnicode gives 0x2 for the "-" of "D-" where another line follows, although the file says "-" and the
# glyph is drawn. FPDFText_IsHyphen tells that it is one; pypdfium2's get_text_range() gives U+FFFE in its place, and joins
# the lines.
# Why it matters: names that end with a sign, such as D- or VREF-, lose it: D+ and D- read "D+" and "D". Control codes are
# usually dropped as no letters.
# Seen: pypdfium2 5.15.2, 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pypdfium2==5.15.2 reportlab==4.4.4
cat >"$folder/see.py" <<'PY'
import importlib.metadata
import io

import pypdfium2 as pdfium
import pypdfium2.raw as raw
from reportlab.pdfgen.canvas import Canvas

file = io.BytesIO()
canvas = Canvas(file, pagesize=(200, 200))
canvas.drawString(50, 150, "D-")
canvas.drawString(50, 100, "VDD")
canvas.save()
text = pdfium.PdfDocument(file.getvalue())[0].get_textpage()
codes = [raw.FPDFText_GetUnicode(text.raw, i) for i in range(2)]
print("pypdfium2", importlib.metadata.version("pypdfium2"))
print("written    'D-', and 'VDD' on the next line")
print("codes     ", [hex(code) for code in codes], "hyphen:", raw.FPDFText_IsHyphen(text.raw, 1))
print("text      ", repr(text.get_text_range()))
assert codes == [0x44, 0x2], "the hyphen has its own code now"
assert raw.FPDFText_IsHyphen(text.raw, 1) == 1, "the hyphen is told no more"
assert "D-" not in text.get_text_range(), "the text has its hyphen now"
PY
"$folder/venv/bin/python" "$folder/see.py"
