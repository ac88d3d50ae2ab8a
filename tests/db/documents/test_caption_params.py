"""What may be asked of a captioning job together, and what may not."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from db.documents.kinds.live import LiveOptions
from db.documents.kinds.video import VideoCaptionParams

ASSET = {"asset_id": "018f0000-0000-7000-8000-000000000000"}


@pytest.mark.parametrize("video", [{"url": "https://example.com/a.m3u8"}, ASSET])
def test_live_input_is_an_address_or_an_upload(video: dict[str, str]) -> None:
    assert VideoCaptionParams.model_validate({"video": video, "live": {}}).live == LiveOptions()


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"video": {"base64": "AAAA"}}, "an address, or an upload that still grows"),
        ({"video": ASSET, "mode": "parallel"}, "leave mode out"),
        ({"video": ASSET, "start_ms": 1}, "no start_ms"),
        ({"video": ASSET, "end_ms": 1000}, "no start_ms, end_ms"),
        ({"video": ASSET, "max_duration_ms": 1000}, "live.max_duration_ms"),
    ],
)
def test_what_live_input_cannot_be_asked(params: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        VideoCaptionParams.model_validate({**params, "live": {}})


def test_an_address_that_can_be_nothing_else_is_live() -> None:
    assert VideoCaptionParams.model_validate({"video": {"url": "rtsp://camera.example/1"}}).live == LiveOptions()
    assert VideoCaptionParams.model_validate({"video": {"url": "https://example.com/a.mp4"}}).live is None
