"""What holds where nothing else is said."""

from __future__ import annotations

DEFAULT_SERVER = "http://127.0.0.1:8080"
ANSWER_S = 30.0
"""How long an answer to a request may take."""
PIECE_S, PART_S, CHECK_S, READ_S = 120.0, 300.0, 600.0, 600.0
"""How long may take: a piece of an upload, a part of it straight to the store, its check, and a result as bytes."""
CONNECT_S = 10.0
PATIENCE_S = 300.0
"""How long an upload goes on without a byte that arrives."""
SETTLE_POLL_S = 0.5  # between looks whether the server has checked an uploaded file
