"""Why an export cannot be made."""

from __future__ import annotations


class ExportError(Exception):
    """One sentence that says what is wrong and what to do."""
