"""Addresses as FFmpeg is given them: this machine's end of a tunnel, and what a server is told that it was called by."""

from __future__ import annotations

import pytest

from worker.video.live.opening import _local, _tcurl


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("rtsp://camera.example/1", "rtsp://127.0.0.1:9/1"),
        ("rtsp://camera.example:8554/a/b?c=d&e", "rtsp://127.0.0.1:9/a/b?c=d&e"),
        ("rtsps://ann:s3cret@camera.example/1#part", "rtsp://ann:s3cret@127.0.0.1:9/1"),  # the tunnel does TLS
        ("rtsp://ann@x:b@camera.example", "rtsp://ann@x:b@127.0.0.1:9"),
        ("rtmps://host/live/key", "rtmp://127.0.0.1:9/live/key"),
    ],
)
def test_the_same_address_at_this_machine(url: str, local: str) -> None:
    assert _local(url, 9) == local


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("rtmp://host/live/key", "rtmp://host/live"),
        ("rtmps://ann:s3cret@host:443/live/key?x=1", "rtmps://host:443/live"),
        ("rtmp://host//live/a/b", "rtmp://host/live"),
        ("rtmp://host", "rtmp://host/"),
    ],
)
def test_a_server_hears_its_own_name_and_application_and_no_password(url: str, told: str) -> None:
    assert _tcurl(url) == told
