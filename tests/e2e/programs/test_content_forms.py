"""Every form in which Qwen's and OpenAI's users write what a model is shown, through all processes and both doors.

The scripted engine says what reached it: colours of images, numbers of frames, the time of the first.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from PIL import Image

from bm3vl import AsyncClient, ChatResult, Client, result_of
from tests.e2e.service import Service
from tests.worker.video.footage import numbered, write_video

COLOURS = {"red": (255, 0, 0), "blue": (0, 0, 255), "grey": (90, 90, 90), "white": (255, 255, 255)}
RED, BLUE = "an image of mean colour 255,0,0", "an image of mean colour 0,0,255"
FRAMES = [f"{{web}}/{name}.png" for name in COLOURS]

FORMS: dict[str, tuple[dict[str, Any], str]] = {
    "image by address": ({"type": "image", "image": "{web}/red.png"}, RED),
    "image without a type": ({"image": "{web}/red.png"}, RED),
    "image in base64": ({"type": "image", "image": "data:image;base64,{red64}"}, RED),
    "image_url": ({"type": "image_url", "image_url": {"url": "{web}/red.png"}}, RED),
    "image_url in base64": (
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,{red64}", "detail": "high"}},
        RED,
    ),
    "image_url as a word": ({"type": "image_url", "image_url": "{web}/red.png"}, RED),
    "image that was uploaded": ({"type": "image", "image": {"asset_id": "{red_asset}"}}, RED),
    "image of given pixels": (
        {"type": "image", "image": "{web}/red.png", "min_pixels": 50176, "max_pixels": 50176},
        RED,
    ),
    "image of given sides": (
        {"type": "image", "image": "{web}/red.png", "resized_height": 280, "resized_width": 420},
        RED,
    ),
    "video by address": (
        {"type": "video", "video": "{web}/clip.mp4", "fps": 1.0, "max_pixels": 151200},
        "6 frames, t=0.0",
    ),
    "video without fps": ({"type": "video", "video": "{web}/clip.mp4"}, "12 frames, t=0.0"),
    "video that was uploaded": (
        {"type": "video", "video": {"asset_id": "{clip_asset}"}, "nframes": 4},
        "4 frames, t=0.0",
    ),
    "video of total pixels": (
        {
            "type": "video",
            "video": "{web}/clip.mp4",
            "min_pixels": 4096,
            "max_pixels": 262144,
            "total_pixels": 20971520,
        },
        "12 frames, t=0.0",
    ),
    "stretch of a video": (
        {"type": "video", "video": "{web}/clip.mp4", "fps": 2, "video_start": 2.0, "video_end": 4.0},
        "4 frames, t=2.0",
    ),
    "video_url": ({"type": "video_url", "video_url": {"url": "{web}/clip.mp4"}, "fps": 2}, "12 frames, t=0.0"),
    "video in base64": ({"type": "video_url", "video_url": {"url": "data:video/mp4;base64,{clip64}"}}, "12 frames"),
    "video as its pictures": ({"type": "video", "video": FRAMES, "sample_fps": "1"}, "4 frames, t=0.0"),
    "video as pictures of fps": ({"type": "video", "video": FRAMES, "fps": "1.0"}, "4 frames, t=0.0"),
    "video as pictures of raw_fps": ({"type": "video", "video": FRAMES, "raw_fps": 30, "sample_fps": 2}, "4 frames"),
}


class Shelf:
    """Files on a web server of this machine, and what stands for them in a form."""

    def __init__(self, folder: Path, web: str, client: Client) -> None:
        self.folder, self.web = folder, web
        self.words = {
            "{web}": web,
            "{red64}": base64.b64encode((folder / "red.png").read_bytes()).decode(),
            "{clip64}": base64.b64encode((folder / "clip.mp4").read_bytes()).decode(),
            "{red_asset}": str(client.upload(folder / "red.png").id),
            "{clip_asset}": str(client.upload(folder / "clip.mp4").id),
        }

    def filled(self, form: Any) -> Any:
        """The form with its places filled in."""
        match form:
            case dict():
                return {name: self.filled(part) for name, part in form.items()}
            case list():
                return [self.filled(part) for part in form]
            case str():
                return functools.reduce(lambda text, word: text.replace(word, self.words[word]), self.words, form)
        return form


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def shelf(running: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    folder = tmp_path_factory.mktemp("shelf")
    for name, colour in COLOURS.items():
        Image.new("RGB", (128, 96), colour).save(folder / f"{name}.png")
    write_video(folder / "clip.mp4", numbered(24, 160, 96), rate=4)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        with running.client() as client:
            yield Shelf(folder, f"http://127.0.0.1:{web.server_address[1]}", client)
        web.shutdown()


@pytest.fixture
def theirs(running: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[openai.OpenAI]:
    """OpenAI's client, told by its environment alone where we are."""
    monkeypatch.setenv("OPENAI_BASE_URL", f"{running.url}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", running.key)
    with openai.OpenAI() as client:
        yield client


def question(*parts: dict[str, Any]) -> list[Any]:
    return [{"role": "user", "content": [*parts, {"type": "text", "text": "Describe it."}]}]


@pytest.mark.parametrize("name", FORMS)
def test_a_form_shows_the_same_through_both_doors(
    shelf: Shelf, client: Client, theirs: openai.OpenAI, name: str
) -> None:
    form, seen = FORMS[name]
    asked = question(shelf.filled(form))
    own = client.chat(asked)
    answer = theirs.chat.completions.create(model="fake", messages=asked)
    assert f"{seen}" in own.text
    assert own.text.endswith("| Describe it.")
    assert answer.choices[0].message.content == own.text


def test_pictures_and_videos_stand_beside_each_other(shelf: Shelf, client: Client, theirs: openai.OpenAI) -> None:
    parts = [{"type": "image", "image": f"{shelf.web}/{name}.png"} for name in ("red", "blue")]
    asked = question(*parts, {"type": "video", "video": f"{shelf.web}/clip.mp4", "nframes": 2})
    said = theirs.chat.completions.create(model="fake", messages=asked).choices[0].message.content or ""
    assert said.startswith(f"You said: {RED} | {BLUE} | a video of 2 frames")
    assert client.chat(asked).text == said


def test_pictures_of_pillow_and_files_of_this_machine_are_sent(shelf: Shelf, client: Client) -> None:
    with Image.open(shelf.folder / "red.png") as red:
        assert RED in client.chat(question({"type": "image", "image": red})).text
        said = client.chat(question({"type": "video", "video": [red, red, str(shelf.folder / "blue.png"), red]})).text
    assert "a video of 4 frames" in said
    for place in (shelf.folder / "red.png", str(shelf.folder / "red.png"), f"file://{shelf.folder}/red.png"):
        assert RED in client.chat(question({"type": "image", "image": place})).text
    assert "12 frames" in client.chat(question({"type": "video", "video": shelf.folder / "clip.mp4"})).text


def test_a_batch_of_conversations_is_answered_one_by_one(shelf: Shelf, client: Client) -> None:
    asked = [question({"type": "image", "image": f"{shelf.web}/{name}.png"}) for name in ("red", "blue")]
    jobs = client.submit_batch([{"kind": "chat.complete", "params": {"messages": one}} for one in asked])
    said = [result_of(client.wait(job), ChatResult).text for job in jobs]
    assert [RED in said[0], BLUE in said[1]] == [True, True]


def test_what_its_package_begins_with_runs_as_it_is_written(shelf: Shelf, theirs: openai.OpenAI) -> None:
    response = theirs.responses.create(model="fake", instructions="Talk like a pirate.", input="How are you?")
    assert response.output_text == "You said: Talk like a pirate. | How are you?"
    parts: Any = [
        {"type": "input_text", "text": "What is it?"},
        {"type": "input_image", "image_url": f"{shelf.web}/red.png"},
    ]
    seen = theirs.responses.create(model="fake", input=[{"role": "user", "content": parts}])
    assert seen.output_text == f"You said: What is it? | {RED}"
    told = [
        event.delta
        for event in theirs.responses.create(model="fake", input="Say it.", stream=True)
        if event.type == "response.output_text.delta"
    ]
    assert "".join(told) == "You said: Say it."
    asked: list[Any] = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Who?"}]
    completion = theirs.chat.completions.create(model="fake", messages=asked)
    assert completion.choices[0].message.content == "You said: Be brief. | Who?"


def test_the_asynchronous_clients_are_answered_too(running: Service, shelf: Shelf) -> None:
    asked = question({"type": "image", "image": f"{shelf.web}/red.png"})

    async def both() -> tuple[str, str]:
        async with openai.AsyncOpenAI(base_url=f"{running.url}/v1", api_key=running.key) as theirs:
            stream = await theirs.chat.completions.create(model="fake", messages=asked, stream=True)
            said = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
        async with AsyncClient(running.url, running.key) as ours:
            return (await ours.chat(asked)).text, said

    own, said = asyncio.run(both())
    assert own == said == f"You said: {RED} | Describe it."
