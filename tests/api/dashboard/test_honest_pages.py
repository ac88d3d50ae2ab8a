"""What pages must not say twice, or wrongly; and that a demonstration model is called one wherever it is met."""

from __future__ import annotations

import html
import re
from collections import Counter
from uuid import UUID

import pytest

from db.access.users import Role
from db.documents.kinds.video import DEMO_NOTICE
from db.failures import Failure
from db.jobs.jobs import NewJob
from tests.api.dashboard.conftest import Enter
from tests.api.dashboard.test_pages import EVIL, sheet
from tests.api.dashboard.visitor import Visitor
from tests.api.running_app import RunningApp
from tests.e2e.job_seeder import PROVENANCE, SPOKEN, JobSeeder, video_result

SEEN_NOTICE = html.escape(DEMO_NOTICE, quote=False)
CONTROL = re.compile(r"<(a|button)\b([^>]*)>(.*?)</\1>", re.DOTALL)
FACT = re.compile(r'<div class="fact"><span>([^<]+)</span>')


def chat_job(seeder: JobSeeder, model: str = "bm3-nano") -> UUID:
    """A finished conversation that this model answered."""
    params = {"messages": [{"role": "user", "content": f"What do you see? {EVIL}"}]}
    job_id = seeder.job(NewJob(seeder.tenant_id, "chat.complete", "gpu", params))
    _, epoch = seeder.begin(0)
    counts = {"finish_reason": "stop", "prompt_tokens": 3, "completion_tokens": 4}
    seeder.finish(job_id, epoch, {"text": "A wall.", **counts, "provenance": {**PROVENANCE, "model": model}})
    return job_id


def ended_video(seeder: JobSeeder, **provenance: object) -> UUID:
    seeder.video("a.mp4")
    job_id, epoch = seeder.begin(16_000)
    seeder.speak(job_id, epoch, SPOKEN)
    result = video_result(8, 16_000)
    seeder.finish(job_id, epoch, {**result, "provenance": {**PROVENANCE, **provenance}})
    return job_id


@pytest.mark.parametrize("path", ["/submit", "/chat", "/live"])
def test_a_demonstration_model_is_named_before_anything_is_sent(here: RunningApp, ann: Visitor, path: str) -> None:
    here.worker(demo=False)
    assert '<p class="note warn" role="status" data-demo hidden>' in ann.get(path).text
    here.worker(demo=True)
    page = ann.get(path).text
    assert '<p class="note warn" role="status" data-demo>' in page
    assert SEEN_NOTICE in page
    assert "&#34;nano&#34;" in page, "the script knows by name which choice to warn of"


def test_a_demonstration_model_is_named_while_the_job_waits_and_when_it_has_ended(
    here: RunningApp, ann: Visitor, seeder: JobSeeder
) -> None:
    here.worker(demo=True)
    waiting = seeder.video("a.mp4")
    assert SEEN_NOTICE in ann.get(f"/jobs/{waiting}").text
    seeder.begin()
    ended = ended_video(seeder, demo=True)
    here.worker(demo=False)
    assert SEEN_NOTICE in ann.get(f"/jobs/{ended}").text, "what answered was one, whatever answers now"
    real = ended_video(seeder, demo=False)
    assert SEEN_NOTICE not in ann.get(f"/jobs/{real}").text


def test_an_ended_job_says_what_it_took_and_a_running_one_when_it_is_ready(ann: Visitor, seeder: JobSeeder) -> None:
    ended_video(seeder)  # what a video takes is measured by it
    finished = ended_video(seeder)
    seeder.video("b.mp4")
    failed, epoch = seeder.begin()
    seeder.fail(failed, epoch, Failure.INVALID_MEDIA, "no video stream")
    seeder.video("c.mp4")
    running, _ = seeder.begin()
    for job_id in (finished, failed):
        facts = FACT.findall(ann.get(f"/jobs/{job_id}").text)
        assert [facts.count("Took"), facts.count("Ready")] == [1, 0]
    facts = FACT.findall(ann.get(f"/jobs/{running}").text)
    assert facts.count("Took") == 0
    for job_id in (finished, failed, running):
        facts = FACT.findall(ann.get(f"/jobs/{job_id}").text)
        assert len(facts) == len({*facts}), facts


def test_no_button_and_no_file_stands_twice_on_a_jobs_page(ann: Visitor, seeder: JobSeeder) -> None:
    seeder.video("waiting.mp4")
    waiting, _ = seeder.begin()
    for job_id in (waiting, ended_video(seeder), sheet(seeder), chat_job(seeder)):
        page = ann.get(f"/jobs/{job_id}").text
        always_seen = re.sub(r"<(table|dialog).*?</\1>", "", page[page.index("<main") :], flags=re.DOTALL)
        names = Counter(_name(found) for found in CONTROL.finditer(always_seen))
        assert [name for name, count in names.items() if count > 1] == [], job_id
        downloads = page[page.index("<h2>Downloads") :].partition("</ul>")[0]
        files = re.findall(r'href="([^"]+)"', downloads)
        assert len(files) == len({*files}), files
        assert page.count("<h2>Downloads") == 1


def _name(control: re.Match[str]) -> str:
    label = re.search(r'aria-label="([^"]+)"', control[2])
    return label[1] if label else re.sub(r"<[^>]+>", "", control[3]).strip()


def test_a_model_that_several_workers_serve_stands_once_on_the_workers_page(here: RunningApp, ann: Visitor) -> None:
    here.worker()
    here.worker(name="w2", queues=("gpu", "cpu"))
    page = ann.get("/fleet").text
    models = page[page.index("<h2>Models") :].partition("</section>")[0]
    assert models.count("<b>nano</b>") == 1
    assert "cpu, gpu" in models
    assert 'data-name="workers">2<' in models


def test_a_conversation_is_shown_as_one_and_text_is_never_markup(ann: Visitor, seeder: JobSeeder) -> None:
    page = ann.get(f"/jobs/{chat_job(seeder)}").text
    assert '<p class="words">A wall.</p>' in page
    assert "What do you see? &lt;img" in page
    assert EVIL not in page


def test_the_chat_page_offers_pictures_and_videos_of_the_tenant_alone(
    here: RunningApp, enter: Enter, seeder: JobSeeder
) -> None:
    ann, bob = enter("ann"), enter("bob", Role.OPERATOR, "other")
    seeder.asset(f"{EVIL}.png", b"x", "image/png")
    seeder.asset("clip.mp4", b"x", "video/mp4")
    seeder.asset("sheet.pdf", b"x", "application/pdf")
    page = ann.get("/chat").text
    assert "clip.mp4</option>" in page
    assert "sheet.pdf" not in page
    assert EVIL not in page
    assert "clip.mp4" not in bob.get("/chat").text
    assert "questions wait" in page, "no worker is up"
    viewer = enter("eve", Role.VIEWER)
    assert viewer.get("/chat").status_code == 403
    assert 'href="/chat"' not in viewer.get("/jobs").text
