"""The Python SDK: one `Client` for a server, plain dictionaries for its documents (their fields stand in /openapi.json).

with Client("http://gpu-box:8080", key) as client:
    asset = client.upload(Path("lecture.mp4"))
    job = client.submit("video.caption", {"video": {"asset_id": asset["id"]}})
    for event in client.watch(job["id"]):
        ...
    client.download(job["id"], "captions.vtt", Path("lecture.vtt"))
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bm3vl import sse, uploads
from bm3vl.defaults import PATIENCE_S
from bm3vl.ended import finished as finished
from bm3vl.sending import OnProgress
from bm3vl.sse import ServerSentEvent
from bm3vl.transport import Transport

TRACKS = frozenset({"captions.vtt", "captions.srt", "captions.json", "captions.jsonl", "chapters.vtt", "result.json"})


class Client:
    """A connection to one server. Methods raise the errors of `client.errors`."""

    def __init__(self, base_url: str, api_key: str, *, timeout_s: float = 30.0, retries: int = 5) -> None:
        self.transport = Transport(base_url, api_key, timeout_s=timeout_s, retries=retries)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.transport.close()

    # Inputs

    def upload(
        self,
        path: Path,
        on_progress: OnProgress = uploads.untold,
        *,
        asset_id: str | None = None,
        patience_s: float = PATIENCE_S,
    ) -> dict[str, Any]:
        """Upload a file and return the checked asset. An upload of the same bytes that broke off goes on, a day later too.

        Raises UploadBroken after `patience_s` seconds without a byte that arrives.
        """
        return uploads.upload(self.transport, path, on_progress, asset_id=asset_id, patience_s=patience_s)

    # Jobs

    def submit(self, kind: str, params: dict[str, Any], *, wait_s: int = 0, **envelope: Any) -> dict[str, Any]:
        """Submit a job (`envelope`: labels, priority, webhook, cache). Sent with an idempotency key: a retry after a
        broken connection cannot submit it twice. `wait_s` waits that long for its end."""
        headers = {"Idempotency-Key": str(uuid.uuid4())} | ({"Prefer": f"wait={wait_s}"} if wait_s else {})
        body = {"kind": kind, "params": params, **envelope}
        timeout = 30.0 + wait_s
        return dict(
            self.transport.json("POST", "/v1/jobs", json=body, headers=headers, repeatable=True, timeout=timeout)
        )

    def submit_batch(self, jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Submit several jobs, all or none; each is a `{"kind", "params", ...}`."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        answer = self.transport.json("POST", "/v1/jobs/batch", json={"jobs": jobs}, headers=headers, repeatable=True)
        return list(answer["jobs"])

    def job(self, job_id: str) -> dict[str, Any]:
        """One job with its progress."""
        return dict(self.transport.json("GET", f"/v1/jobs/{job_id}"))

    def jobs(self, *, most: int | None = None, **filters: Any) -> Iterator[dict[str, Any]]:
        """The jobs that match, newest first, page by page as they are asked for."""
        return self.pages("/v1/jobs", most=most, **filters)

    def cancel(self, job_id: str) -> dict[str, Any]:
        """Cancel a job; one that has ended stays as it is."""
        return dict(self.transport.json("POST", f"/v1/jobs/{job_id}/cancel", repeatable=True))

    def retry(self, job_id: str, **changes: Any) -> dict[str, Any]:
        """Do a finished job again as a new one (`start`: checkpoint or zero; `params`: changed parameters)."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        path = f"/v1/jobs/{job_id}/retry"
        return dict(self.transport.json("POST", path, json=changes, headers=headers, repeatable=True))

    def delete(self, job_id: str) -> None:
        """Forget a job and its files."""
        self.transport.call("DELETE", f"/v1/jobs/{job_id}")

    def history(self, job_id: str) -> dict[str, Any]:
        """A job's events and attempts."""
        return dict(self.transport.json("GET", f"/v1/jobs/{job_id}/history"))

    def watch(self, job_id: str, last_id: str | None = None) -> Iterator[ServerSentEvent]:
        """Events of a job until its end, across broken connections and server restarts."""
        return sse.follow(self.transport, f"/v1/jobs/{job_id}/events", sleep=time.sleep, last_id=last_id)

    def wait(self, job_id: str) -> dict[str, Any]:
        """The job once it has succeeded; raises JobFailed when it ended otherwise."""
        for _ in self.watch(job_id):
            pass
        return finished(self.job(job_id))

    # Results

    def files(self, job_id: str) -> list[dict[str, Any]]:
        """The result files of a job."""
        return list(self.transport.json("GET", f"/v1/jobs/{job_id}/files"))

    def read(self, job_id: str, name: str) -> bytes:
        """A result as bytes: `captions.vtt`, `result.json`, or the name of a file."""
        folder = "" if name in TRACKS else "files/"
        return self.transport.call("GET", f"/v1/jobs/{job_id}/{folder}{name}", timeout=600.0).content

    def download(self, job_id: str, name: str, path: Path) -> Path:
        """A result as a local file, which appears whole or not at all."""
        partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
        try:
            partial.write_bytes(self.read(job_id, name))
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        return path

    # Everything else is a plain resource

    def get(self, path: str, **query: Any) -> Any:
        """Any other resource, for example `client.get("/v1/workers")`."""
        return self.transport.json("GET", path, params=query)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Create or act on any other resource."""
        return self.transport.json("POST", path, json=body)

    def remove(self, path: str) -> None:
        """Delete any other resource."""
        self.transport.call("DELETE", path)

    def pages(self, path: str, *, most: int | None = None, **query: Any) -> Iterator[dict[str, Any]]:
        """Every item of a list, following its cursors."""
        cursor, left = None, most
        while left is None or left > 0:
            wanted = {"limit": min(100, left or 100), **query} | ({"cursor": cursor} if cursor else {})
            page = self.transport.json("GET", path, params=wanted)
            yield from page["items"]
            cursor = page["next_cursor"]
            left = None if left is None else left - len(page["items"])
            if cursor is None:
                return
