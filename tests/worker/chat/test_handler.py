"""`chat.complete`: both content formats reach the engine as pictures and words, and bad media are refused by code."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from db.documents.kinds.base import MediaInput
from db.documents.kinds.chat import ChatParams
from db.failures import Failure
from tests.worker.video.footage import cut_off, grey, numbered, remuxed, write_video
from worker.chat.handler import complete_chat
from worker.chat.picture import read_picture
from worker.chat.video import read_frames
from worker.context import LocalContext
from worker.engines import load_engine
from worker.errors import Permanent, Stopped


class Folder(LocalContext):
    """Finds each input by its asset id in a folder, and keeps the live text."""

    def __init__(self, folder: Path) -> None:
        super().__init__(load_engine("fake"), folder)
        self.folder, self.said = folder, ""

    def fetch(self, media: MediaInput) -> Path:
        return self.folder / str(media.asset_id)

    def text(self, piece: str) -> None:
        self.said += piece


def ask(*parts: dict[str, Any], **more: Any) -> ChatParams:
    return ChatParams.model_validate({"messages": [{"role": "user", "content": list(parts)}], **more})


def test_text_only_as_a_plain_string(tmp_path: Path) -> None:
    job = Folder(tmp_path)
    result = complete_chat(ChatParams.model_validate({"messages": [{"role": "user", "content": "Hello there"}]}), job)
    assert result.text == job.said == "You said: Hello there"
    assert result.finish_reason == "stop"
    assert result.provenance.engine == "fake"
    assert result.prompt_tokens > 0


def test_an_answer_that_is_cut_says_length(tmp_path: Path) -> None:
    assert (
        complete_chat(ask({"type": "text", "text": "a b c d e f g"}, max_tokens=4), Folder(tmp_path)).finish_reason
        == "length"
    )


def test_an_answer_ends_before_its_stop_text_live_and_whole(tmp_path: Path) -> None:
    job = Folder(tmp_path)
    result = complete_chat(ask({"type": "text", "text": "one, two; three; four"}, stop=["; th", "four"]), job)
    assert result.text == job.said == "You said: one, two"
    assert result.finish_reason == "stop"


def test_what_only_looks_like_the_beginning_of_a_stop_text_is_said(tmp_path: Path) -> None:
    job = Folder(tmp_path)
    result = complete_chat(ask({"type": "text", "text": "END of E"}, stop=["ENDED", "E.", "X"]), job)
    assert result.text == "You said: END of E"
    assert result.text.startswith(job.said)
    assert job.said.startswith("You said: END of")


def test_an_answer_says_what_it_took(tmp_path: Path) -> None:
    timings = complete_chat(ask({"type": "text", "text": "Hello there"}), Folder(tmp_path)).timings
    assert timings is not None
    assert timings.first_token_s is not None
    assert timings.first_token_s >= 0
    assert timings.tokens_per_second is None or timings.tokens_per_second > 0


def test_an_engine_that_cannot_hold_a_schema_says_so(tmp_path: Path) -> None:
    with pytest.raises(Permanent) as refused:
        complete_chat(ask({"type": "text", "text": "x"}, response_schema={"type": "object"}), Folder(tmp_path))
    assert refused.value.code is Failure.UNSUPPORTED


def test_images_and_videos_are_really_looked_at(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), (10, 200, 30)).save(tmp_path / "a.png")
    write_video(tmp_path / "b.mp4", (grey(80) for _ in range(60)))
    params = ask(
        {"type": "image", "image": {"asset_id": "a.png"}},
        {"type": "video", "video": {"asset_id": "b.mp4"}, "fps": 2},
        {"type": "text", "text": "What is this?"},
    )
    text = complete_chat(params, Folder(tmp_path)).text
    assert "an image of mean colour 10,200,30" in text
    assert "a video of 4 frames" in text
    assert "What is this?" in text


def test_the_forms_others_use_are_the_same_inputs() -> None:
    data = base64.b64encode(b"picture").decode()
    params = ask(
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}", "detail": "high"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "image", "image": "https://example.com/b.png"},
        {"type": "video_url", "video_url": {"url": "https://example.com/c.mp4"}},
    )
    parts = params.messages[0].content
    assert not isinstance(parts, str)
    inputs = [getattr(part, part.type) for part in parts]
    assert inputs[0] == MediaInput(base64=data)
    assert [media.url for media in inputs[1:]] == [
        f"https://example.com/{name}" for name in ("a.png", "b.png", "c.mp4")
    ]
    assert ChatParams.model_validate_json(params.model_dump_json()) == params


@pytest.mark.parametrize(
    "body",
    [
        {"messages": []},
        {"messages": [{"role": "user", "content": []}]},
        {"messages": [{"role": "assistant", "content": "I speak last"}]},
        {"messages": [{"role": "user", "content": [{"type": "image", "image": "file:///etc/passwd"}]}]},
        {"messages": [{"role": "user", "content": [{"type": "sound", "sound": "x"}]}]},
        {
            "messages": [
                {"role": "system", "content": [{"type": "image", "image": "https://a.b/c"}]},
                {"role": "user", "content": "x"},
            ]
        },
        {"messages": [{"role": "user", "content": "x", "name": "unknown field"}]},
    ],
)
def test_what_is_no_conversation_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ChatParams.model_validate(body)


def test_a_long_video_gives_no_more_frames_than_allowed(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", numbered(300))
    for limit in (1, 2, 7, 64):
        options = (
            ask({"type": "video", "video": {"asset_id": "x"}, "max_frames": limit, "fps": 5}).messages[0].content[0]
        )
        frames = read_frames(path, options, load_engine("fake"))  # type: ignore[arg-type]
        assert max(1, min(50, limit) - 2) <= len(frames) <= limit


def test_a_video_that_breaks_off_is_no_shorter_video(tmp_path: Path) -> None:
    whole = remuxed(write_video(tmp_path / "v.mp4", numbered(120)), tmp_path / "w.mp4", {"movflags": "faststart"})
    cut_off(whole, tmp_path / "cut.mp4", 0.8)
    with pytest.raises(Permanent) as caught:
        complete_chat(ask({"type": "video", "video": {"asset_id": "cut.mp4"}}), Folder(tmp_path))
    assert caught.value.code is Failure.TRUNCATED_MEDIA


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "png")
    return buffer.getvalue()


WHOLE = png(Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", Failure.INVALID_MEDIA),
        (b"no image", Failure.INVALID_MEDIA),
        (WHOLE[: len(WHOLE) // 2], Failure.INVALID_MEDIA),
        (png(Image.new("RGB", (2, 2))), Failure.INVALID_MEDIA),
        (WHOLE[:16] + (100_000).to_bytes(4, "big") * 2 + WHOLE[24:], None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Failure.INVALID_MEDIA),
    ],
)
def test_what_is_no_image_is_refused(tmp_path: Path, data: bytes, code: Failure | None) -> None:
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(Permanent) as caught:
        read_picture(tmp_path / "a")
    assert caught.value.code is code or (
        code is None and caught.value.code in (Failure.TOO_LARGE, Failure.INVALID_MEDIA)
    )


def test_transparency_is_white_and_rotation_is_applied(tmp_path: Path) -> None:
    Image.new("RGBA", (8, 6), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert read_picture(tmp_path / "clear.png").min() == 255
    turned = Image.new("RGB", (20, 10))
    exif = turned.getexif()
    exif[0x0112] = 6  # the camera was held upright
    turned.save(tmp_path / "turned.jpg", exif=exif)
    assert read_picture(tmp_path / "turned.jpg").shape == (20, 10, 3)


def test_it_can_be_stopped_while_it_speaks(tmp_path: Path) -> None:
    class Stopping(Folder):
        def text(self, piece: str) -> None:
            raise Stopped

    with pytest.raises(Stopped):
        complete_chat(ask({"type": "text", "text": "x"}), Stopping(tmp_path))
