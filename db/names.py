"""Names that processes and command lines share. It imports nothing heavy: a command's help needs no more than this."""

from __future__ import annotations

from enum import StrEnum

GPU, CPU, LIGHT = "gpu", "cpu", "light"
QUEUES = (GPU, CPU, LIGHT)
DEFAULT_TENANT = "default"


class Role(StrEnum):
    """What a user may do; each role may do what the one before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"
