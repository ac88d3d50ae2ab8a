"""Which coded pictures no other picture refers to, read from their NAL headers without decoding them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

PacketTest = Callable[[bytes], bool]
IsReference = Callable[[bytes], bool | None]
"""Of the first two bytes of a NAL unit: may others refer to this slice? None when the unit is no slice."""
START_CODE = b"\x00\x00\x01"
HVCC_LAYERS_AT = 21  # constantFrameRate(2) numTemporalLayers(3) temporalIdNested(1) lengthSizeMinusOne(2)


def disposable_test(codec: str, extradata: bytes | None) -> PacketTest:
    """A test of one packet of `codec`: True only when the packet may be left out without harm to any other picture."""
    data = extradata or b""
    if codec == "h264":
        width = _length_bytes(data, at=4)
        return lambda packet: _no_references(_units(packet, width), _h264_reference)
    if codec == "hevc" and len(data) > HVCC_LAYERS_AT and data[0] == 1:
        reference = partial(_hevc_reference, layers=data[HVCC_LAYERS_AT] >> 3 & 7)
        width = _length_bytes(data, at=HVCC_LAYERS_AT)
        return lambda packet: _no_references(_units(packet, width), reference)
    return lambda _: False


def entry_test(codec: str, extradata: bytes | None) -> PacketTest:
    """A test of one keyframe of `codec`: whether all shown after it can be decoded from there.

    H.264 also calls those keyframes from which the picture is refreshed bit by bit (ITU-T H.264, D.2.8, recovery point).
    """
    if codec != "h264":
        return lambda _: True
    width = _length_bytes(extradata or b"", at=4)
    return lambda packet: any(unit[0] & 31 == 5 for unit in _units(packet, width) if unit)


def _length_bytes(extradata: bytes, at: int) -> int:
    """Bytes of the length before each NAL unit (avcC, hvcC); 0 means start codes (Annex B)."""
    return (extradata[at] & 3) + 1 if len(extradata) > at and extradata[0] == 1 else 0


def _no_references(units: Iterator[bytes], reference: IsReference) -> bool:
    verdicts = [verdict for verdict in map(reference, units) if verdict is not None]
    return bool(verdicts) and not any(verdicts)


def _h264_reference(unit: bytes) -> bool | None:
    """`nal_ref_idc` is 0 for pictures that nothing refers to (ITU-T H.264, 7.4.1)."""
    return unit[0] >> 5 & 3 != 0 if unit[0] & 31 in (1, 2, 3, 4, 5) else None


def _hevc_reference(unit: bytes, layers: int) -> bool | None:
    """Even types below 16 serve no picture of their own sub-layer (ITU-T H.265, table 7-1); only in the highest
    sub-layer does that mean no picture at all. `layers` is 0 when the header does not say how many there are."""
    kind, temporal_id = unit[0] >> 1 & 63, (unit[1] & 7) - 1 if len(unit) > 1 else 0
    highest = layers > 0 and temporal_id >= layers - 1
    return not (highest and kind < 16 and kind % 2 == 0) if kind < 32 else None


def _units(packet: bytes, width: int) -> Iterator[bytes]:
    return _prefixed(packet, width) if width else _start_coded(packet)


def _prefixed(packet: bytes, width: int) -> Iterator[bytes]:
    at = 0
    while at + width < len(packet):
        yield packet[at + width : at + width + 2]
        at += width + int.from_bytes(packet[at : at + width], "big")


def _start_coded(packet: bytes) -> Iterator[bytes]:
    at = packet.find(START_CODE)
    while 0 <= at < len(packet) - len(START_CODE):
        yield packet[at + 3 : at + 5]
        at = packet.find(START_CODE, at + 3)
