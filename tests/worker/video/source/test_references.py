"""Pictures that nothing refers to, told from the headers of ITU-T H.264 (7.4.1) and H.265 (table 7-1) alone."""

from __future__ import annotations

import pytest

from worker.video.source.references import disposable_test, entry_test

START = b"\x00\x00\x01"
AVCC = bytes([1, 100, 0, 31, 0xFF])  # four bytes of length before each unit
SEI, SLICE, OTHER_SLICE, KEY, REFRESH = b"\x06\x05", b"\x01\x9a", b"\x41\x9a", b"\x65\x88", b"\x61\x9a"


def annex_b(*units: bytes) -> bytes:
    return b"".join(START + unit for unit in units)


def prefixed(*units: bytes) -> bytes:
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


def hvcc(layers: int) -> bytes:
    return bytes([1, *[0] * 20, layers << 3 | 3])


def hevc(kind: int, temporal_id: int) -> bytes:
    return bytes([kind << 1, temporal_id + 1, 0x80])


@pytest.mark.parametrize(
    ("units", "disposable"),
    [
        ((SLICE,), True),
        ((SLICE, SLICE), True),
        ((SEI, SLICE), True),
        ((OTHER_SLICE,), False),
        ((SLICE, OTHER_SLICE), False),
        ((OTHER_SLICE, SLICE), False),
        ((KEY,), False),
        ((SEI,), False),  # no picture at all
        ((), False),
    ],
)
def test_h264_pictures_without_a_reference_may_be_left_out(units: tuple[bytes, ...], *, disposable: bool) -> None:
    assert disposable_test("h264", None)(annex_b(*units)) is disposable
    assert disposable_test("h264", AVCC)(prefixed(*units)) is disposable


def test_a_last_unit_of_a_single_byte_is_read_too() -> None:
    assert not disposable_test("h264", None)(annex_b(SLICE, OTHER_SLICE[:1]))
    assert not disposable_test("h264", AVCC)(prefixed(SLICE, OTHER_SLICE[:1]))


@pytest.mark.parametrize("layers", [1, 2, 3, 7])
def test_hevc_pictures_of_the_highest_sub_layer_may_be_left_out(layers: int) -> None:
    test, top = disposable_test("hevc", hvcc(layers)), layers - 1
    assert test(prefixed(hevc(0, top)))
    assert test(prefixed(hevc(39, top), hevc(14, top)))  # a message before the slice
    assert not test(prefixed(hevc(1, top)))
    assert not test(prefixed(hevc(19, 0)))
    assert not test(prefixed(hevc(16, top)))
    assert not test(prefixed(hevc(32, top)))
    if top:
        assert not test(prefixed(hevc(0, top - 1)))


@pytest.mark.parametrize(
    ("codec", "extradata"), [("hevc", None), ("hevc", hvcc(1)[:21]), ("hevc", b"\0" + hvcc(1)[1:]), ("vp9", None)]
)
def test_without_a_header_that_says_so_every_picture_is_needed(codec: str, extradata: bytes | None) -> None:
    assert not disposable_test(codec, extradata)(prefixed(hevc(0, 0)))
    assert not disposable_test(codec, extradata)(annex_b(hevc(0, 0)))


def test_hevc_without_a_number_of_sub_layers_keeps_every_picture() -> None:
    assert not disposable_test("hevc", hvcc(0))(prefixed(hevc(0, 0)))


def test_h264_is_entered_at_a_whole_keyframe_and_not_where_the_picture_is_refreshed_bit_by_bit() -> None:
    for test, packet in ((entry_test("h264", None), annex_b), (entry_test("h264", AVCC), prefixed)):
        assert test(packet(SEI, KEY))
        assert not test(packet(SEI, REFRESH))
    assert entry_test("hevc", None)(annex_b(REFRESH))
