"""Documents made to cost more than they are worth: bombs of nesting, size, compression and number."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

A4 = "0 0 595 842"


def pdf(content: bytes, box: str = A4, forms: Sequence[bytes] = (), packed: bool = True) -> bytes:
    """One page drawn by `content`; form i is named /F{i} and may draw the next one."""
    streams = [content, *forms]
    named = " ".join(f"/F{i} {4 + i + 1} 0 R" for i in range(len(forms)))
    shared = f"/Resources << /XObject << {named} >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] /Contents 4 0 R {shared} >>".encode(),
    ]
    for i, stream in enumerate(streams):
        form = f"/Type /XObject /Subtype /Form /BBox [{A4}] {shared} " if i else ""
        body = zlib.compress(stream) if packed else stream
        filtered = "/Filter /FlateDecode " if packed else ""
        objects.append(f"<< {form}{filtered}/Length {len(body)} >>\nstream\n".encode() + body + b"\nendstream")
    return _numbered(objects)


def locked() -> bytes:
    """A page that only a password opens."""
    content = b"<< /Length 0 >>\nstream\n\nendstream"
    lock = f"<< /Filter /Standard /V 1 /R 2 /P -4 /O <{'51' * 32}> /U <{'73' * 32}> >>".encode()
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>"
    root, kids = b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    return _numbered([root, kids, page, content, lock], f"/Encrypt 5 0 R /ID [<{'0f' * 16}> <{'0f' * 16}>]")


def _numbered(objects: Sequence[bytes], more: str = "") -> bytes:
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = "".join(f"{at:010d} 00000 n \n" for at in places)
    size = len(objects) + 1
    out += f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R {more} >>\n".encode()
    return out + f"startxref\n{out.rindex(b'xref')}\n%%EOF\n".encode()


def nested(levels: int, copies: int) -> bytes:
    """Forms that each draw the next one several times: copies ** levels strokes from a few hundred bytes."""
    forms = [f"/F{i + 1} Do ".encode() * copies for i in range(levels)] + [b"0 0 m 9 9 l S"]
    return pdf(b"/F0 Do", forms=forms)


def png(width: int, height: int, pixels: bytes = b"") -> bytes:
    """A grey picture that says it has a size and holds less."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")
