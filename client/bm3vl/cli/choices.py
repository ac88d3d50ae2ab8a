"""Values that options take. The documents have the same ones; importing those takes longer than showing help may."""

from __future__ import annotations

from typing import Literal

Start = Literal["checkpoint", "zero"]
DatasheetReader = Literal["vector", "vlm", "both"]
DeliveryOutcome = Literal["pending", "delivered", "failed"]
