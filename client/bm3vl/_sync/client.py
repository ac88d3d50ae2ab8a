# Made of bm3vl/_async by python -m tests.client.generate: change it there.
"""The client: one object for a server, pydantic documents for its answers."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bm3vl._sync import downloads, shown, uploads, watching
from bm3vl._sync.keys import Keys
from bm3vl._sync.tenants import Tenants
from bm3vl._sync.transport import Transport
from bm3vl._sync.webhooks import Webhooks
from bm3vl.answers import JobRef, Params, finished, job_id, jsonable, parsed, result_of
from bm3vl.defaults import ANSWER_S, PATIENCE_S, READ_S
from bm3vl.documents.answers.assets import AssetView
from bm3vl.documents.answers.events import ProgressEvent
from bm3vl.documents.answers.fleet import ModelView, QueueView, UsageView, WorkerView
from bm3vl.documents.answers.jobs import Batch, FileView, History, JobView
from bm3vl.documents.answers.search import SearchHit
from bm3vl.documents.answers.states import TERMINAL
from bm3vl.documents.kinds.chat import ChatResult
from bm3vl.events import ServerSentEvent
from bm3vl.pieces import OnProgress, untold

TRACKS = frozenset({"captions.vtt", "captions.srt", "captions.json", "captions.jsonl", "chapters.vtt", "result.json"})


def unheeded(progress: ProgressEvent) -> None:
    """Nobody wants to know."""


class Client:
    """A connection to one server. Methods raise the errors of `bm3vl.errors`; jobs are given by id or as they came."""

    def __init__(self, base_url: str, api_key: str, *, timeout_s: float = ANSWER_S, retries: int = 5) -> None:
        self.transport = Transport(base_url, api_key, timeout_s=timeout_s, retries=retries)
        self.webhooks = Webhooks(self.transport)
        self.keys = Keys(self.transport)
        self.tenants = Tenants(self.transport)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.transport.close()

    # Inputs

    def upload(
        self,
        path: Path,
        on_progress: OnProgress = untold,
        *,
        asset_id: str | None = None,
        patience_s: float = PATIENCE_S,
    ) -> AssetView:
        """Upload a file and return the checked asset. An upload of the same bytes that broke off goes on, a day later too.

        Raises UploadBroken after `patience_s` seconds without a byte that arrives.
        """
        return uploads.upload(self.transport, path, on_progress, asset_id=asset_id, patience_s=patience_s)

    # Jobs

    def submit(self, kind: str, params: Params, *, wait_s: int = 0, **envelope: Any) -> JobView:
        """Submit a job: `params` as a dictionary or as the document of its kind (VideoCaptionParams ...), `envelope`: labels,
        priority, webhook, cache. Sent with an idempotency key: a retry after a
        broken connection cannot submit it twice. `wait_s` waits that long for its end."""
        headers = {"Prefer": f"wait={wait_s}"} if wait_s else {}
        body = {"kind": kind, "params": params, **envelope}
        return parsed(JobView, self._once("/v1/jobs", body, headers, timeout=ANSWER_S + wait_s))

    def submit_batch(self, jobs: list[dict[str, Any]]) -> list[JobView]:
        """Submit several jobs, all or none; each is a `{"kind", "params", ...}`."""
        return parsed(Batch, self._once("/v1/jobs/batch", {"jobs": jobs}, {})).jobs

    def chat(
        self, messages: Sequence[Mapping[str, Any]], *, timeout_s: float | None = None, **params: Any
    ) -> ChatResult:
        """The answer to a conversation in Qwen's or OpenAI's form. Besides what the server takes, a picture or video may be
        a file of this machine (a Path, a path, `file://`), which is uploaded, or an image of Pillow; a video may be a list
        of those. Raises as `wait` does, and FileNotFoundError."""
        content = shown.sendable(self.transport, messages)
        job = self.submit("chat.complete", {"messages": content, **params}, wait_s=20)
        ended = finished(job) if job.state in TERMINAL else self.wait(job, timeout_s=timeout_s)
        return result_of(ended, ChatResult)

    def job(self, job: JobRef) -> JobView:
        """One job with its progress."""
        return parsed(JobView, self.transport.json("GET", f"/v1/jobs/{job_id(job)}"))

    def jobs(self, *, most: int | None = None, **filters: Any) -> Iterator[JobView]:
        """The jobs that match, newest first, page by page as they are asked for."""
        for item in self.pages("/v1/jobs", most=most, **filters):
            yield parsed(JobView, item)

    def cancel(self, job: JobRef) -> JobView:
        """Cancel a job; one that has ended stays as it is."""
        answer = self.transport.json("POST", f"/v1/jobs/{job_id(job)}/cancel", repeatable=True)
        return parsed(JobView, answer)

    def live(self, url: str, *, live: Params | None = None, **params: Any) -> JobView:
        """Caption a live source (rtsp, rtmp, srt, http stream, HLS) as it happens; `live`: max_duration_ms, give_up_ms, record,
        max_record_bytes. Follow it with `watch`, end it with `stop`."""
        return self.submit("video.caption", {"video": {"url": url}, "live": live or {}, **params})

    def stop(self, job: JobRef) -> JobView:
        """End a job that follows live input in good order: within seconds it succeeds, with all that was captioned."""
        answer = self.transport.json("POST", f"/v1/jobs/{job_id(job)}/stop", repeatable=True)
        return parsed(JobView, answer)

    def retry(self, job: JobRef, **changes: Any) -> JobView:
        """Do a finished job again as a new one (`start`: checkpoint or zero; `params`: changed parameters)."""
        return parsed(JobView, self._once(f"/v1/jobs/{job_id(job)}/retry", changes, {}))

    def delete(self, job: JobRef) -> None:
        """Forget a job and its files."""
        self.transport.call("DELETE", f"/v1/jobs/{job_id(job)}")

    def history(self, job: JobRef) -> History:
        """A job's events and attempts."""
        return parsed(History, self.transport.json("GET", f"/v1/jobs/{job_id(job)}/history"))

    def watch(
        self, job: JobRef, last_id: str | None = None, *, timeout_s: float | None = None
    ) -> Iterator[ServerSentEvent]:
        """Events of a job until its end, across broken connections and server restarts.

        Raises WaitTimeout when the job has not ended within `timeout_s` seconds; the job goes on.
        """
        path = f"/v1/jobs/{job_id(job)}/events"
        for event in watching.follow(self.transport, path, last_id=last_id, timeout_s=timeout_s):
            yield event

    def wait(
        self,
        job: JobRef,
        *,
        timeout_s: float | None = None,
        on_progress: Callable[[ProgressEvent], None] = unheeded,
    ) -> JobView:
        """The job once it has succeeded; `on_progress` hears how far it is. Raises JobFailed when it ended otherwise,
        WaitTimeout when it has not ended within `timeout_s` seconds."""
        for event in self.watch(job, timeout_s=timeout_s):
            if event.type == "progress":
                on_progress(parsed(ProgressEvent, event.data))
        return finished(self.job(job))

    # Results

    def search(self, q: str, *, most: int | None = None, **filters: Any) -> Iterator[SearchHit]:
        """The captions that hold the words of `q`, newest job first: `"red car" driv* -blue` (filters: job_id, label as
        `name:value`, created_after, created_before)."""
        for item in self.pages("/v1/search", most=most, q=q, **filters):
            yield parsed(SearchHit, item)

    def files(self, job: JobRef) -> list[FileView]:
        """The result files of a job."""
        answer = self.transport.json("GET", f"/v1/jobs/{job_id(job)}/files")
        return [parsed(FileView, item) for item in answer]

    def read(self, job: JobRef, name: str) -> bytes:
        """A result as bytes: `captions.vtt`, `result.json`, or the name of a file."""
        answer = self.transport.call("GET", _place(job, name), timeout=READ_S)
        return answer.content

    def download(self, job: JobRef, name: str, path: Path) -> Path:
        """A result as a local file, piece by piece, which appears whole or not at all."""
        return downloads.download(self.transport, _place(job, name), path)

    # The server

    def models(self) -> list[ModelView]:
        """The models that living workers hold resident; jobs may name them."""
        return [parsed(ModelView, item) for item in self.transport.json("GET", "/v1/models")]

    def workers(self) -> list[WorkerView]:
        """Every worker process heard of (administrators only)."""
        return [parsed(WorkerView, item) for item in self.transport.json("GET", "/v1/workers")]

    def drain(self, worker_id: str) -> WorkerView:
        """Let a worker hand its jobs back at their checkpoints and take no more (administrators only)."""
        return parsed(WorkerView, self.transport.json("POST", f"/v1/workers/{worker_id}/drain"))

    def queues(self) -> list[QueueView]:
        """The queues, with the caller's own jobs in each."""
        return [parsed(QueueView, item) for item in self.transport.json("GET", "/v1/queues")]

    def usage(self) -> UsageView:
        """What the tenant uses now, and its limits."""
        return parsed(UsageView, self.transport.json("GET", "/v1/usage"))

    # Everything else is a plain resource

    def get(self, path: str, **query: Any) -> Any:
        """Any other resource as it came, for example `client.get("/v1/tenants")`."""
        return self.transport.json("GET", path, params=query)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Create or act on any other resource."""
        return self.transport.json("POST", path, json=body)

    def remove(self, path: str) -> None:
        """Delete any other resource."""
        self.transport.call("DELETE", path)

    def pages(self, path: str, *, most: int | None = None, **query: Any) -> Iterator[dict[str, Any]]:
        """Every item of a list, following its cursors."""
        for item in self.transport.pages(path, most=most, **query):
            yield item

    def _once(self, path: str, body: dict[str, Any], headers: dict[str, str], **more: Any) -> Any:
        """POST what must not happen twice: a key lets the server tell a repeat from a new request."""
        named = {"Idempotency-Key": str(uuid.uuid4()), **headers}
        return self.transport.json("POST", path, json=jsonable(body), headers=named, repeatable=True, **more)


def _place(job: JobRef, name: str) -> str:
    folder = "" if name in TRACKS else "files/"
    return f"/v1/jobs/{job_id(job)}/{folder}{name}"
