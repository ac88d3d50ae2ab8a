"""Video captioned through a model server: our own door for OpenAI's programs, with nano behind it, as the server."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.documents.kinds.base import MediaInput
from db.documents.kinds.video import VideoCaptionParams, VideoCaptionResult, Window
from tests.e2e.service import service
from worker.bm3.scenes.scenes import Scene
from worker.bm3.scenes.write import Format, write_video
from worker.context import LocalContext
from worker.engines.openai import OpenAIEngine
from worker.engines.spec import ModelSpec
from worker.video.handler import caption_video


@pytest.mark.slow
@pytest.mark.processes
def test_a_scene_is_captioned_through_a_server_that_forgets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in write_video(Scene(1_000_003), tmp_path / "scene.mp4", Format(6_000)):
        pass
    with service(tmp_path / "service") as running:
        monkeypatch.setenv("FAR_KEY", running.key)
        far = OpenAIEngine(ModelSpec.parse(f"far=openai:{running.url}/openai/v1?model=nano&key_variable=FAR_KEY"))
        params = VideoCaptionParams(
            video=MediaInput(asset_id="x"),
            fps=1,
            window=Window(vision_ms=4000),
            max_frame_pixels=128 * 128,
            max_tokens_per_chunk=16,
        )
        job = LocalContext(far, tmp_path / "scene.mp4")
        result = caption_video(params, job)
        with running.client() as client:
            asked = [one.kind for one in client.jobs(kind="chat.complete")]
    assert isinstance(result, VideoCaptionResult)
    assert result.resent is not None
    assert (result.resent.requests, result.chunks, len(asked)) == (3, 3, 3)
    assert result.resent.prompt_tokens > 0
    assert 0 < result.resent.resent_tokens < result.resent.prompt_tokens
    assert result.tokens_out > 0
