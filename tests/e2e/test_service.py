"""The product as its users meet it: all processes, real HTTP, real video, real webhooks."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import openai
import pytest
import webvtt
from PIL import Image
from standardwebhooks import Webhook

from bm3vl import ChatResult, Client, JobView, VideoCaptionResult, finished, result_of
from bm3vl.errors import Invalid, JobFailed
from tests.e2e.service import Service, service
from tests.receiver import Received, receiver

WAIT_S = 60.0


def caption(client: Client, video: Path, **params: object) -> JobView:
    asset = client.upload(video)
    return client.submit("video.caption", {"video": {"asset_id": asset.id}, **params}, cache="bypass")


def test_captions_appear_while_the_video_is_watched_and_the_files_agree(
    client: Client, video: Path, tmp_path: Path
) -> None:
    job = caption(client, video)
    growing = []
    for event in client.watch(job):
        if event.type == "cue" and not growing:
            growing = [*webvtt.from_string(client.read(job, "captions.vtt").decode())]
            assert client.job(job).state == "running"
    done = finished(client.job(job))
    vtt = client.download(job, "captions.vtt", tmp_path / "captions.vtt")
    whole = webvtt.read(str(vtt))
    assert 0 < len(growing) < len(whole) == result_of(done, VideoCaptionResult).cues == 15
    assert [cue.text for cue in whole][: len(growing)] == [cue.text for cue in growing]
    lines = client.read(job, "captions.jsonl").decode().splitlines()
    assert [json.loads(line)["text"] for line in lines] == [cue.text for cue in whole]
    assert {file.name for file in client.files(job)} >= {"captions.vtt", "captions.srt", "captions.json"}


def test_the_signed_webhook_arrives(client: Client, video: Path) -> None:
    with receiver() as hooks:
        endpoint = client.post("/v1/webhooks", {"url": hooks.url("/ok"), "events": ["job.succeeded"]})
        job = caption(client, video, end_ms=4000)
        client.wait(job)
        deadline = time.monotonic() + WAIT_S
        while not (mine := about(hooks.received, str(job.id))) and time.monotonic() < deadline:
            time.sleep(0.05)
        client.remove(f"/v1/webhooks/{endpoint['id']}")
    assert len(mine) == 1
    body = Webhook(endpoint["secret"]).verify(mine[0].body, mine[0].headers)
    assert body["type"] == "job.succeeded"


def about(received: list[Received], job_id: str) -> list[Received]:
    """The requests that speak of a job; jobs of other tests may end meanwhile."""
    return [one for one in received if job_id in one.body.decode()]


def test_a_running_job_is_canceled_and_keeps_its_cues(client: Client, video: Path) -> None:
    job = caption(client, video)
    began = None
    for event in client.watch(job):
        if event.type == "cue" and began is None:
            began = time.monotonic()
            client.cancel(job)
    ended = client.job(job)
    assert ended.state == "canceled"
    assert began is not None
    assert time.monotonic() - began < 20
    assert 0 < ended.progress.cues < 15


def test_a_job_may_wait_for_its_upload(client: Client, video: Path) -> None:
    size = video.stat().st_size
    upload = client.post("/v1/uploads", {"filename": "later.mp4", "media_type": "video/mp4", "size_bytes": size})
    params = {"video": {"asset_id": upload["asset"]["id"]}, "end_ms": 2000}
    job = client.submit("video.caption", params)
    assert job.state == "awaiting_input"
    client.upload(video, asset_id=upload["asset"]["id"])
    assert client.wait(job).state == "succeeded"


def test_the_same_work_is_not_done_twice(client: Client, video: Path) -> None:
    asset = client.upload(video)
    params = {"video": {"asset_id": asset.id}, "end_ms": 6000, "prompt": "Once."}
    first = client.wait(client.submit("video.caption", params))
    second = client.submit("video.caption", params)
    assert second.state == "succeeded"
    assert second.cached_from == first.id
    assert client.read(second, "captions.srt") == client.read(first, "captions.srt")


def test_a_broken_file_gives_the_cues_up_to_the_break_and_says_so(client: Client, video: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    whole = video.read_bytes()
    broken.write_bytes(whole[: len(whole) * 6 // 10])
    job = caption(client, broken)
    with pytest.raises(JobFailed) as caught:
        client.wait(job)
    assert caught.value.code == "truncated_media"
    assert client.job(job).progress.cues > 3
    assert any(event.type == "job.gap" for event in client.history(job).events)


def test_programs_for_openai_are_answered(running: Service) -> None:
    picture = io.BytesIO()
    Image.fromarray(np.full((64, 64, 3), 200, np.uint8)).save(picture, "PNG")
    url = f"data:image/png;base64,{base64.b64encode(picture.getvalue()).decode()}"
    question: list[Any] = [{"type": "text", "text": "What is shown?"}, {"type": "image_url", "image_url": {"url": url}}]
    asked: list[Any] = [{"role": "user", "content": question}]
    with openai.OpenAI(base_url=f"{running.url}/v1", api_key=running.key) as client:
        (model,) = client.models.list()
        whole = client.chat.completions.create(model=model.id, messages=asked, max_tokens=24)
        chunks = [*client.chat.completions.create(model=model.id, messages=asked, max_tokens=24, stream=True, seed=1)]
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert said == whole.choices[0].message.content != ""
    assert sum(bool(chunk.choices[0].delta.content) for chunk in chunks) > 1


def test_a_chat_is_answered_at_once_where_one_waits(client: Client, tmp_path: Path) -> None:
    picture = tmp_path / "red.png"
    Image.fromarray(np.full((32, 32, 3), (255, 0, 0), np.uint8)).save(picture)
    image = {"type": "image", "image": {"base64": base64.b64encode(picture.read_bytes()).decode()}}
    content = [image, {"type": "text", "text": "What colour?"}]
    job = client.submit("chat.complete", {"messages": [{"role": "user", "content": content}]}, wait_s=30)
    assert job.state == "succeeded"
    assert "255,0,0" in result_of(job, ChatResult).text


def test_a_batch_is_taken_whole_or_not_at_all(client: Client) -> None:
    good = {"kind": "chat.complete", "params": {"messages": [{"role": "user", "content": "hello"}]}}
    jobs = client.submit_batch([good, good])
    assert all(client.wait(job).state == "succeeded" for job in jobs)
    before = client.get("/v1/jobs", limit=1)["items"][0]["id"]
    with pytest.raises(Invalid):
        client.submit_batch([good, {"kind": "chat.complete", "params": {}}])
    assert client.get("/v1/jobs", limit=1)["items"][0]["id"] == before


def test_a_private_address_is_refused_unless_the_administrator_allows_it(client: Client) -> None:
    job = client.submit("video.caption", {"video": {"url": "http://10.1.2.3/film.mp4"}})
    with pytest.raises(JobFailed) as caught:
        client.wait(job)
    assert caught.value.code == "blocked_address"


def test_a_url_is_fetched_and_captioned(client: Client) -> None:
    with receiver() as web:
        job = client.submit("video.caption", {"video": {"url": web.url("/bytes/5000")}})
        with pytest.raises(JobFailed) as caught:
            client.wait(job)
    assert caught.value.code == "invalid_media"


def test_the_doctor_finds_a_healthy_service_healthy(running: Service) -> None:
    report = subprocess.run(
        [sys.executable, "-m", "db", "doctor"], env=running.environment, capture_output=True, text=True, timeout=60
    )
    assert report.returncode == 0, report.stdout
    assert "fail" not in report.stdout


@pytest.mark.slow
def test_a_job_tells_what_it_cost(tmp_path: Path, video: Path) -> None:
    models = {"BM3_WORKER_MODELS": "fake=fake?delay_ms=100"}
    with service(tmp_path, **models, BM3_WORKER_GPU_HOUR_PRICE="3600") as running, running.client() as client:
        asset = client.upload(video)
        wanted = {"video": {"asset_id": asset.id}}
        both = client.submit_batch(
            [{"kind": "video.caption", "params": {**wanted, "prompt": word}} for word in ("one", "two")]
        )
        done = [client.wait(job) for job in both]
        spent = sum(job.cost.amount for job in done if job.cost)
        attempts = [attempt for job in done for attempt in client.history(job).attempts]
        wall = max(a.ended_at for a in attempts if a.ended_at) - min(a.started_at for a in attempts)
        usage = client.get("/v1/usage")
    # One unit of currency a second: jobs that ran at once share the time, so both together cost no more than it took.
    assert 0.5 < spent <= wall.total_seconds() + 0.5
    assert usage["cost_last_day"] == pytest.approx(spent, abs=0.01)
    assert sum(a.cost or 0 for a in attempts) == pytest.approx(spent, abs=0.01)
    assert done[0].cost is not None
    assert done[0].cost.per_video_hour == pytest.approx(done[0].cost.amount * 120, rel=0.01)  # half a minute
