#!/usr/bin/env bash
# PDFium gives a CropBox as it is written, also where it reaches beyond the MediaBox.
#
# What: the PDF specification (ISO 32000, 14.11.2) intersects the crop box with the media box. pypdfium2's
# `PdfPage.get_cropbox()` returns the numbers of the file; only `get_bbox()` (FPDF_GetPageBoundingBox) gives the visible
# part, and rendering and `get_size()` follow that one.
# Why it matters: whoever turns page coordinates into boxes of the picture with `get_cropbox()` is off by the difference,
# here by 50 points, on files that every viewer shows alike.
# Seen: pypdfium2 5.15.2, 2026-11-30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pypdfium2==5.15.2
cat >"$folder/see.py" <<'PY'
import importlib.metadata

import pypdfium2 as pdfium


def document(crop: str) -> bytes:
    """A page of 200 x 100 points with a crop box of its own; the cross-reference table is computed."""
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /CropBox [{crop}] /Resources << >> >>",
    ]
    data, places = b"%PDF-1.7\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{text}\nendobj\n".encode()
    start = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    data += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    return data + f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()


page = pdfium.PdfDocument(document("-50 -20 250 90"))[0]
print("pypdfium2", importlib.metadata.version("pypdfium2"))
print("written    CropBox [-50 -20 250 90], MediaBox [0 0 200 100]")
print("cropbox   ", page.get_cropbox())
print("bbox      ", page.get_bbox())
print("size      ", page.get_size())
assert page.get_cropbox() == (-50, -20, 250, 90), "get_cropbox() is clipped to the page now"
assert page.get_bbox() == (0, 0, 200, 90), "get_bbox() is another box now"
assert page.get_size() == (200, 90), "the size no longer follows the visible part"
PY
"$folder/venv/bin/python" "$folder/see.py"
