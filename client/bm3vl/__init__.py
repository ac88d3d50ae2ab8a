"""The Python SDK of BM3-VL; the command `bm3vl` is built on it. `AsyncClient` is the same with `await`.

with Client("http://gpu-box:8080", key) as client:
    asset = client.upload(Path("lecture.mp4"))
    job = client.submit("video.caption", {"video": {"asset_id": str(asset.id)}})
    for event in client.watch(job):
        ...
    client.download(job, "captions.vtt", Path("lecture.vtt"))
    result = result_of(client.job(job), VideoCaptionResult)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bm3vl._async.client import AsyncClient
    from bm3vl._sync.client import Client
    from bm3vl.answers import finished, result_of
    from bm3vl.documents.answers.assets import AssetView
    from bm3vl.documents.answers.fleet import ModelView, WorkerView
    from bm3vl.documents.answers.jobs import JobView
    from bm3vl.documents.answers.keys import KeyView
    from bm3vl.documents.answers.search import SearchHit
    from bm3vl.documents.answers.webhooks import DeliveryView, EndpointView
    from bm3vl.documents.kinds.chat import ChatResult
    from bm3vl.documents.kinds.datasheet import DatasheetResult
    from bm3vl.documents.kinds.video import Cue, VideoCaptionResult
    from bm3vl.events import ServerSentEvent

__all__ = [
    "AssetView",
    "AsyncClient",
    "ChatResult",
    "Client",
    "Cue",
    "DatasheetResult",
    "DeliveryView",
    "EndpointView",
    "JobView",
    "KeyView",
    "ModelView",
    "SearchHit",
    "ServerSentEvent",
    "VideoCaptionResult",
    "WorkerView",
    "finished",
    "result_of",
]

_HOMES = {
    "WorkerView": "documents.answers.fleet",
    "ModelView": "documents.answers.fleet",
    "KeyView": "documents.answers.keys",
    "EndpointView": "documents.answers.webhooks",
    "DeliveryView": "documents.answers.webhooks",
    "AssetView": "documents.answers.assets",
    "AsyncClient": "_async.client",
    "ChatResult": "documents.kinds.chat",
    "Client": "_sync.client",
    "Cue": "documents.kinds.video",
    "DatasheetResult": "documents.kinds.datasheet",
    "JobView": "documents.answers.jobs",
    "SearchHit": "documents.answers.search",
    "ServerSentEvent": "events",
    "VideoCaptionResult": "documents.kinds.video",
    "finished": "answers",
    "result_of": "answers",
}


def __getattr__(name: str) -> Any:
    """What the package exports, imported when it is first asked for: the command's help should not wait for HTTP."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
