"""Somebody who looks on while a job is worked on, and connects again whenever the link breaks."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from tests.faults.retrying_client import RetryingClient

SILENT_S = 30.0  # the api says something more often than that
AGAIN_S = 0.3
Delivered = tuple[int, int, str]


@dataclass
class Notes:
    """What somebody was told of a job: its cues (start and end in ms, text) as they came, and whether it has ended."""

    job_id: UUID
    told: list[Delivered] = field(default_factory=list)
    ended: bool = False


class Watcher:
    """Follows one job to its end."""

    def __init__(self, client: RetryingClient, job_id: UUID) -> None:
        self.notes = Notes(job_id)
        self._client, self._job_id, self._position = client, job_id, ""
        threading.Thread(target=self._watch, name=f"watch-{job_id}", daemon=True).start()

    def _watch(self) -> None:
        while not self.notes.ended:
            try:
                self._listen()
            except httpx.HTTPError:
                time.sleep(AGAIN_S)

    def _listen(self) -> None:
        headers = {"Authorization": f"Bearer {self._client.token}"}
        if self._position:
            headers["Last-Event-ID"] = self._position
        url = f"{self._client.url}/v1/jobs/{self._job_id}/events"
        with httpx.stream("GET", url, headers=headers, timeout=SILENT_S, trust_env=False) as answer:
            answer.raise_for_status()
            for event in _events(answer.iter_lines()):
                self._hear(event)
                if self.notes.ended:
                    return

    def _hear(self, event: dict[str, str]) -> None:
        if event.get("event") == "cue":
            cue: dict[str, Any] = json.loads(event["data"])
            self.notes.told.append((cue["start_ms"], cue["end_ms"], cue["text"]))
        self.notes.ended = event.get("event") == "end"
        self._position = event.get("id", self._position)


def _events(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """The fields of each event that has arrived whole."""
    fields: dict[str, str] = {}
    for line in lines:
        if not line:
            yield fields
            fields = {}
        else:
            name, _, value = line.partition(": ")
            fields[name] = value
