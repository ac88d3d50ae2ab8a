"""Conversations as Qwen writes them: every form is shown as qwen-vl-utils shows it, but fetched by us."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError
from qwen_vl_utils import extract_vision_info, fetch_image, fetch_video, vision_process

from db.documents.kinds.base import MediaInput
from db.documents.kinds.chat import ChatParams
from db.failures import Failure
from tests.worker.video.footage import number, numbered, sample_clip, write_video
from worker.chat.handler import complete_chat
from worker.context import LocalContext
from worker.engine.protocol import Answer, ChatRequest, OnText
from worker.engines.fake import FakeEngine
from worker.engines.spec import ModelSpec
from worker.errors import Permanent

pytestmark = pytest.mark.slow

PATCH_PX = {28: 14, 32: 16}  # the steps of sizes, and the patches that qwen-vl-utils asks for


class Watching(FakeEngine):
    """Keeps what it is shown; its pictures have sides in steps of `factor_px`."""

    factor_px = 28

    def __init__(self, factor_px: int) -> None:
        super().__init__(ModelSpec.parse("watching=fake:"))
        self.factor_px = factor_px
        self.shown: list[dict[str, Any]] = []

    def chat(self, request: ChatRequest, on_text: OnText | None = None) -> Answer:
        self.shown = extract_vision_info(list(request.messages))
        return super().chat(request, on_text)


class Files(LocalContext):
    """Finds inputs by the last part of their address, and inline ones in themselves."""

    def fetch(self, media: MediaInput) -> Path:
        if media.base64 is not None:
            path = self._media / "inline"
            path.write_bytes(base64.b64decode(media.base64))
            return path
        return self._media / str(media.asset_id or media.url).rpartition("/")[2]


def shown(folder: Path, part: dict[str, Any], factor_px: int = 28) -> Any:
    """What the engine is shown of a part: an image's pixels, or a video's frames."""
    engine = Watching(factor_px)
    params = ChatParams.model_validate({"messages": [{"role": "user", "content": [part]}]})
    stored = ChatParams.model_validate_json(params.model_dump_json())
    assert stored == params
    complete_chat(stored, Files(engine, folder))
    (only,) = engine.shown
    return only[only["type"]]


def read_by_av(element: dict[str, Any]) -> tuple[torch.Tensor, dict[str, Any], float]:
    """A reader for qwen-vl-utils as its own readers are: today's torchvision has none, and the others need FFmpeg."""
    with av.open(element["video"]) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        rate = float(container.streams.video[0].average_rate or 0)
    first, last, count = vision_process.calculate_video_frame_range(element, len(frames), rate)
    wanted = vision_process.smart_nframes(element, total_frames=count, video_fps=rate)
    indexes = torch.linspace(first, last, wanted).round().long().tolist()
    video = torch.from_numpy(np.stack([frames[index] for index in indexes])).permute(0, 3, 1, 2)
    return video, {"fps": rate, "frames_indices": indexes, "total_num_frames": count}, wanted / count * rate


@pytest.fixture
def their_videos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vision_process.VIDEO_READER_BACKENDS, "av", read_by_av)
    monkeypatch.setattr(vision_process, "FORCE_QWENVL_VIDEO_READER", "av")
    vision_process.get_video_reader_backend.cache_clear()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    with av.open(str(sample_clip("bikes.mp4"))) as container:
        next(container.decode(video=0)).to_image().save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


SIZES: list[dict[str, Any]] = [
    {"max_pixels": 50176, "min_pixels": 50176},
    {"resized_height": 280, "resized_width": 420},
    {"min_pixels": 4 * 28 * 28},
    {"max_pixels": 1280 * 28 * 28},
    {"min_pixels": 2_000_000},
]


@pytest.mark.parametrize("factor_px", PATCH_PX)
@pytest.mark.parametrize("size", SIZES)
def test_an_image_is_the_one_that_qwen_vl_utils_makes(photo: Path, size: dict[str, Any], factor_px: int) -> None:
    ours = shown(photo.parent, {"type": "image", "image": "https://example.com/photo.png", **size}, factor_px)
    theirs = fetch_image({"image": str(photo), **size}, image_patch_size=PATCH_PX[factor_px])
    assert np.array_equal(ours, np.asarray(theirs))


@pytest.mark.parametrize(
    "image",
    [
        "https://example.com/photo.png",
        {"url": "https://example.com/photo.png"},
        {"asset_id": "photo.png"},
        "data:image;base64,{}",
        "data:image/png;base64,{}",
        "data:image/png;charset=utf-8;base64,{}",
    ],
)
@pytest.mark.parametrize("form", ["image", "image_url"])
def test_every_way_to_name_an_image_shows_the_same(photo: Path, image: Any, form: str) -> None:
    if isinstance(image, str):
        image = image.replace("{}", base64.b64encode(photo.read_bytes()).decode())
    ours = shown(photo.parent, {"type": form, form: image, "max_pixels": 200_000})
    assert np.array_equal(ours, np.asarray(fetch_image({"image": str(photo), "max_pixels": 200_000})))


VIDEOS: list[dict[str, Any]] = [
    {"fps": 1.0, "max_pixels": 360 * 420},
    {"fps": 5, "min_pixels": 4 * 32 * 32, "max_pixels": 256 * 32 * 32, "total_pixels": 20480 * 32 * 32},
    {"nframes": 7, "max_pixels": 200_000},
    {"nframes": 30, "total_pixels": 600_000, "min_pixels": 16 * 28 * 28},
    {"fps": 2, "video_start": 1.0, "video_end": 3.5, "resized_height": 280, "resized_width": 280},
    {"video_end": 2.0, "nframes": 4, "resized_height": 100, "resized_width": 500},
    {"fps": 25, "max_frames": 10, "max_pixels": 150_000},
    {"fps": 0.1, "min_frames": 8, "max_pixels": 150_000},
]


@pytest.mark.usefixtures("their_videos")
@pytest.mark.parametrize("factor_px", PATCH_PX)
@pytest.mark.parametrize("options", VIDEOS)
def test_frames_of_a_video_are_those_of_qwen_vl_utils(tmp_path: Path, options: dict[str, Any], factor_px: int) -> None:
    path = write_video(tmp_path / "v.mp4", numbered(150, 320, 240), rate=30)
    ours = shown(tmp_path, {"type": "video", "video": "https://example.com/v.mp4", **options}, factor_px)
    theirs = fetch_video({"video": str(path), "max_frames": 64, **options}, image_patch_size=PATCH_PX[factor_px])
    assert len(ours) == len(theirs)
    assert {frame.pixels.shape for frame in ours} == {(*theirs.shape[2:], 3)}
    numbers = [number(picture.permute(1, 2, 0).numpy()) for picture in theirs]
    assert [number(frame.pixels) for frame in ours] == numbers
    assert [frame.pts_ms for frame in ours] == [round(1000 * index / 30) for index in numbers]


@pytest.mark.usefixtures("their_videos")
def test_pictures_of_a_real_video_look_like_those_of_qwen_vl_utils(tmp_path: Path) -> None:
    clip = sample_clip("bikes.mp4")
    (tmp_path / "bikes.mp4").symlink_to(clip)
    options = {"nframes": 6, "max_pixels": 150_000}
    ours = shown(tmp_path, {"video": {"asset_id": "bikes.mp4"}, **options})
    theirs = fetch_video({"video": str(clip), **options}).permute(0, 2, 3, 1).numpy()
    assert float(np.abs(np.stack([frame.pixels for frame in ours]) - theirs).mean()) < 4


@pytest.mark.parametrize("factor_px", PATCH_PX)
@pytest.mark.parametrize("options", [{"sample_fps": 1.0, "max_pixels": 150_000}, {"total_pixels": 200_000}])
@pytest.mark.parametrize("count", [4, 3])
def test_a_list_of_pictures_is_a_video(tmp_path: Path, options: dict[str, Any], factor_px: int, count: int) -> None:
    pictures = [Image.new("RGB", (320, 200), (80 * index, 0, 0)) for index in range(count)]
    for index, picture in enumerate(pictures):
        picture.save(tmp_path / f"{index}.png")
    names = [f"https://example.com/{index}.png" for index in range(count)]
    ours = shown(tmp_path, {"type": "video", "video": names, **options}, factor_px)
    theirs = fetch_video({"video": list(pictures), **options}, image_patch_size=PATCH_PX[factor_px])
    rows = [theirs[index].permute(1, 2, 0).numpy() for index in range(count)]  # theirs repeats the last to be even
    assert [frame.pixels.shape for frame in ours] == [row.shape for row in rows]
    assert [int(frame.pixels.mean()) for frame in ours] == [int(row.mean()) for row in rows]
    rate = options.get("sample_fps", 2.0)
    assert [frame.pts_ms for frame in ours] == [round(1000 * index / rate) for index in range(count)]


def test_published_examples_of_qwen_are_taken_word_for_word() -> None:
    """Their content, with an address in the place of a file of the reader's own machine."""
    place = "https://example.com/x"
    for part in [
        {"type": "image", "image": place},
        {"type": "image", "image": "data:image;base64,/9j/"},
        {"type": "image", "image": place, "resized_height": 280, "resized_width": 420},
        {"type": "image", "image": place, "min_pixels": 50176, "max_pixels": 50176},
        {"type": "video", "video": [place] * 4, "sample_fps": "1"},
        {"type": "video", "video": [place] * 4, "fps": "1.0"},
        {"type": "video", "video": place, "max_pixels": 360 * 420, "fps": 1.0},
        {"type": "video", "video": place, "min_pixels": 4096, "max_pixels": 262144, "total_pixels": 20971520},
        {"type": "video", "video": [place] * 2, "raw_fps": 30, "sample_fps": 2},
        {"image": place},
        {"video": place},
    ]:
        asked = {"messages": [{"role": "user", "content": [part, {"text": "Describe this."}]}]}
        ChatParams.model_validate(asked)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"image": "x.png", "min_pixels": 9, "max_pixels": 8}, "min_pixels is above max_pixels"),
        ({"image": "x.png", "resized_height": 9}, "resized_height and resized_width"),
        ({"image": "x.png", "min_pixels": 1 << 40}, "less than or equal"),
        ({"video": "x.mp4", "fps": 1, "nframes": 4}, "fps or nframes"),
        ({"video": "x.mp4", "video_start": 4, "video_end": 3}, "video_start must be before video_end"),
        ({"video": []}, "at least 1"),
        ({"image": "x.png", "video": "x.mp4"}, "Unable to extract tag"),
        ({"image": "x.png", "nframes": 4}, "Extra inputs"),
    ],
)
def test_contradictions_are_refused_before_there_is_a_job(part: dict[str, Any], said: str) -> None:
    named = {key: f"https://a.b/{value}" if isinstance(value, str) else value for key, value in part.items()}
    with pytest.raises(ValidationError, match=said):
        ChatParams.model_validate({"messages": [{"role": "user", "content": [named]}]})


@pytest.mark.parametrize(
    ("part", "code", "said"),
    [
        ({"nframes": 200}, Failure.BAD_PARAMS, "nframes is 200: there are only 150 frames"),
        ({"video_start": 60}, Failure.BAD_PARAMS, "leave no frame of 5.00 s"),
        ({"nframes": 100, "min_pixels": 1 << 23}, Failure.TOO_LARGE, "100 frames of"),
        ({"nframes": 100, "resized_height": 4000, "resized_width": 4000}, Failure.TOO_LARGE, "lower nframes"),
    ],
)
def test_what_does_not_fit_the_video_says_what_to_do(
    tmp_path: Path, part: dict[str, Any], code: Failure, said: str
) -> None:
    write_video(tmp_path / "v.mp4", numbered(150, 320, 240), rate=30)
    with pytest.raises(Permanent, match=said) as refused:
        shown(tmp_path, {"video": {"asset_id": "v.mp4"}, **part})
    assert refused.value.code is code


def test_a_small_budget_alone_is_kept_where_theirs_fails(photo: Path) -> None:
    picture = shown(photo.parent, {"image": {"asset_id": "photo.png"}, "max_pixels": 1000})
    assert picture.shape == (28, 28, 3)


def test_a_strip_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (4000, 5)).save(tmp_path / "strip.png")
    with pytest.raises(Permanent, match="too long a strip"):
        shown(tmp_path, {"image": {"asset_id": "strip.png"}, "max_pixels": 100_000})


def test_a_video_of_one_picture_is_one_frame(tmp_path: Path) -> None:
    write_video(tmp_path / "v.mp4", numbered(1))
    assert len(shown(tmp_path, {"video": {"asset_id": "v.mp4"}})) == 1
