"""Which uploads are refused for what they are: those that are known to be no media, and no others."""

from __future__ import annotations

import pytest

from db.assets import sniff
from db.assets.verify import Verified, objection, type_objection
from db.failures import Failure
from db.schema.tables import Asset

MEDIA = [
    None,
    "application/octet-stream",
    "application/pdf",
    "image/png",
    "video/mp4",
    "video/x-matroska",
    "audio/mpeg",
]


@pytest.mark.parametrize("sniffed", MEDIA)
def test_media_and_what_nothing_is_known_of_is_taken(sniffed: str | None) -> None:
    assert type_objection(sniffed) is None


@pytest.mark.parametrize(
    ("sniffed", "code"), [(sniff.PLAYLIST, Failure.UNSUPPORTED), (sniff.PLAIN_TEXT, Failure.INVALID_MEDIA)]
)
def test_playlists_and_texts_are_refused(sniffed: str, code: Failure) -> None:
    refused = type_objection(sniffed)
    assert refused is not None
    assert refused[0] is code


@pytest.mark.parametrize(
    ("size", "digest", "fits"),
    [(7, "a" * 64, True), (7, None, True), (6, "a" * 64, False), (8, None, False), (7, "b" * 64, False)],
)
def test_the_bytes_have_to_be_those_that_were_declared(size: int, digest: str | None, *, fits: bool) -> None:
    refused = objection(Asset(size_bytes=size, sha256=digest), Verified(7, "a" * 64, "video/mp4"))
    assert (refused is None) is fits
