"""Text that would run in a browser that takes it for HTML."""

from __future__ import annotations

EVIL = "<img src=x onerror=alert(1)>\"'</script><script>alert(2)</script>"


def is_harmless(page: str) -> None:
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    assert "onerror=alert(1)>\"'</script>" not in page
