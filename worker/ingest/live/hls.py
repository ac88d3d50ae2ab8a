"""HTTP Live Streaming (RFC 8216): a playlist is asked again and again, its new segments are fetched in order.

FFmpeg gets the segments as one body and no address, so no playlist can lead it anywhere.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urljoin

import httpx
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from db.failures import Failure
from worker.errors import Permanent
from worker.live_feed import SourceDown

EDGE_SEGMENTS = 2  # before the live edge, where watching begins
STALLED_TARGETS = 4  # so many segment lengths without a new segment: the source has broken off
TARGET_S = (1.0, 60.0)  # bounds of the segment length that a playlist claims: it decides how often it is fetched
LEAST_PAUSE_S, MOST_PAUSE_S = 0.3, 10.0
GOOD_PX = 360  # lines of the cheapest variant that is taken: models see less
MOST_SEGMENTS = 20_000  # of one playlist


class WholeAnswer(Protocol):
    """A whole answer."""

    @property
    def body(self) -> bytes:
        """All bytes of the answer's body."""

    @property
    def url(self) -> httpx.URL:
        """The address that answered, after redirects."""


Get = Callable[[str, int | None, int | None], WholeAnswer]
"""address, first byte, how many (None: all) -> the answer."""


@dataclass(frozen=True)
class _Ahead:
    """A segment that is to be fetched."""

    sequence: int
    segment: Any
    address: str


class HlsReader:
    """A playlist, and how far it has been read; what a segment starts anew (`stretch`) ends with a discontinuity."""

    def __init__(self, address: str, get: Get, text: bytes) -> None:
        self._get = get
        self._address, first = self._media_playlist(address, text)
        self._next: int | None = None  # sequence number of the next segment
        self._ahead: list[_Ahead] = []
        self._seen = first
        self._keys: dict[str, bytes] = {}
        self._init: str | None = None  # address of the header that the segments of a stretch share
        self.is_over = False

    def stretch(self, stop: threading.Event) -> Iterator[bytes]:
        """Bytes of segments up to the next discontinuity or the end. Raises SourceDown, Permanent."""
        begun = False
        while not stop.is_set():
            if not self._ahead and not self._more(stop):
                return
            one = self._ahead[0]
            if begun and self._is_new_stretch(one):
                return
            if not begun:
                yield self._header(one)
            del self._ahead[0]
            self._next, begun = one.sequence + 1, True
            yield self._segment(one)

    def _more(self, stop: threading.Event) -> bool:
        """Wait for new segments; False at the end of the playlist."""
        waited_s = 0.0
        playlist, self._seen = self._seen, None
        while not stop.is_set():
            playlist = playlist or self._loaded()
            self._ahead = self._new_in(playlist)
            if self._ahead:
                return True
            if playlist.is_endlist:
                self.is_over = True
                return False
            target_s = min(max(float(playlist.target_duration or 2), TARGET_S[0]), TARGET_S[1])
            if waited_s > STALLED_TARGETS * target_s:
                raise SourceDown("the playlist does not grow any more")
            pause_s = min(max(target_s / 3, LEAST_PAUSE_S), MOST_PAUSE_S)
            stop.wait(pause_s)
            waited_s += pause_s
            playlist = None
        return False

    def _loaded(self) -> Any:
        got = self._get(self._address, None, None)
        return self._parsed(got.body, str(got.url))

    def _new_in(self, playlist: Any) -> list[_Ahead]:
        first = int(playlist.media_sequence or 0)
        found = [
            _Ahead(first + place, segment, urljoin(playlist.base_uri or self._address, segment.uri))
            for place, segment in enumerate(playlist.segments[:MOST_SEGMENTS])
        ]
        if self._next is None and not playlist.is_endlist:
            return found[-EDGE_SEGMENTS:]
        if self._next is not None and found and found[-1].sequence < self._next - len(found):
            return found[-EDGE_SEGMENTS:]  # the server has started its count anew
        return [one for one in found if self._next is None or one.sequence >= self._next]

    def _is_new_stretch(self, one: _Ahead) -> bool:
        return bool(one.segment.discontinuity) or _init_of(one) != self._init

    def _header(self, one: _Ahead) -> bytes:
        self._init = _init_of(one)
        return b"" if self._init is None else self._get(self._init, *_range_of(one.segment.init_section)).body

    def _segment(self, one: _Ahead) -> bytes:
        body = self._get(one.address, *_range_of(one.segment)).body
        key = one.segment.key
        if key is None or key.method in (None, "NONE"):
            return body
        if key.method != "AES-128" or not key.uri:
            raise Permanent(Failure.UNSUPPORTED, f"the stream is encrypted with {str(key.method)[:20]}")
        address = urljoin(one.address, key.absolute_uri or key.uri)
        if address not in self._keys:
            self._keys = {address: self._get(address, None, None).body}
        return _decrypted(body, self._keys[address], key.iv, one.sequence)

    def _media_playlist(self, address: str, text: bytes) -> tuple[str, Any]:
        """The playlist of segments behind an address, by way of a list of variants if need be."""
        playlist = self._parsed(text, address)
        if not playlist.is_variant:
            return address, playlist
        chosen = urljoin(address, _variant(playlist))
        got = self._get(chosen, None, None)
        media = self._parsed(got.body, str(got.url))
        if media.is_variant:
            raise Permanent(Failure.FETCH_FAILED, "a playlist of playlists of playlists")
        return chosen, media

    def _parsed(self, text: bytes, address: str) -> Any:
        import m3u8  # here: few jobs have a playlist

        try:
            playlist = m3u8.loads(text.decode("utf-8", "replace"), uri=address)
        except Exception as error:  # of whatever a server sends the parser raises many kinds
            raise SourceDown("the playlist cannot be read") from error
        for segment in playlist.segments[:MOST_SEGMENTS]:
            if not segment.uri:
                raise SourceDown("the playlist cannot be read")
        return playlist


def _variant(playlist: Any) -> str:
    """The cheapest variant with pictures large enough, else the one with the largest."""

    def lines(one: Any) -> int:
        resolution = one.stream_info.resolution
        return int(resolution[1]) if resolution else 0

    ranked = sorted(playlist.playlists, key=lambda one: int(one.stream_info.bandwidth or 0))
    good = [one for one in ranked if lines(one) >= GOOD_PX]
    return str((good[0] if good else max(ranked, key=lines)).uri)


def _init_of(one: _Ahead) -> str | None:
    section = one.segment.init_section
    return None if section is None else urljoin(one.address, section.absolute_uri or section.uri)


def _range_of(part: Any) -> tuple[int | None, int | None]:
    """First byte and size of `length[@start]`; None for the whole."""
    written = getattr(part, "byterange", None)
    if not written:
        return None, None
    size, _, start = str(written).partition("@")
    return int(start or 0), int(size)


def _decrypted(body: bytes, key: bytes, vector: str | None, sequence: int) -> bytes:
    """AES-128 in CBC mode; without a vector the sequence number is it (RFC 8216, 5.2)."""
    try:
        start = int(vector, 16) if vector else sequence
        cipher = Cipher(algorithms.AES(key), modes.CBC(start.to_bytes(16, "big"))).decryptor()
        padded = cipher.update(body) + cipher.finalize()
        plain = PKCS7(128).unpadder()
        return plain.update(padded) + plain.finalize()
    except (ValueError, OverflowError) as error:
        raise SourceDown("a segment cannot be decrypted") from error
