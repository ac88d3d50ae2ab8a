"""The Python SDK of BM3-VL; the command `bm3vl` is built on it.

with Client("http://gpu-box:8080", key) as client:
    asset = client.upload(Path("lecture.mp4"))
    job = client.submit("video.caption", {"video": {"asset_id": asset["id"]}})
    for event in client.watch(job["id"]):
        ...
    client.download(job["id"], "captions.vtt", Path("lecture.vtt"))
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bm3vl.ended import finished
    from bm3vl.sdk import Client

__all__ = ["Client", "finished"]

_HOMES = {"Client": "sdk", "finished": "ended"}


def __getattr__(name: str) -> Any:
    """What the package exports, imported when it is first asked for: the command's help should not wait for HTTP."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
