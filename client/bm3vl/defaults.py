"""What holds where nothing else is said."""

from __future__ import annotations

DEFAULT_SERVER = "http://127.0.0.1:8080"
PATIENCE_S = 300.0
"""How long an upload goes on without a byte that arrives."""
