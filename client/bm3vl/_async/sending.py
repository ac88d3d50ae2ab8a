"""The bytes of an upload on their way: in pieces as large as the way takes, again after every break, until patience ends."""

from __future__ import annotations

from typing import BinaryIO

import httpx

from bm3vl._async import runtime
from bm3vl._async.transport import AsyncTransport
from bm3vl.answers import parsed
from bm3vl.defaults import CONNECT_S, PART_S, PIECE_S
from bm3vl.documents.answers.assets import PartUrls, UploadView
from bm3vl.errors import ApiError, ClientError, ConnectionFailed, Refused
from bm3vl.pieces import OFFSET_TYPE, URLS_A_CALL, OnProgress, Patience, PieceSize, piece_of


async def send(
    transport: AsyncTransport, file: BinaryIO, state: UploadView, patience_s: float, tell: OnProgress
) -> None:
    """Send what is missing of an upload whose state the service has told. Raises ClientError when it cannot go on."""
    by_parts = state.mode == "multipart"
    await (_send_parts if by_parts else _send_at_offset)(transport, file, state, Patience(patience_s), tell)


async def _send_at_offset(
    transport: AsyncTransport, file: BinaryIO, state: UploadView, patience: Patience, tell: OnProgress
) -> None:
    """PATCH pieces; after a break ask where to go on."""
    url, size, offset, piece = str(state.url), state.asset.size_bytes, state.offset_bytes or 0, PieceSize()
    is_known = True
    while offset < size or not is_known:
        tell(offset, size)
        try:
            if not is_known:
                before, offset, is_known = offset, await _offset(transport, url), True
                if offset > before:
                    patience.progress()
                continue
            data = await runtime.unblocked(piece_of, file, offset, piece.bytes)
            offset = await _patch(transport, url, offset, data, piece)
            patience.progress()
        except ClientError as error:
            is_known = False
            await runtime.sleep(patience.pause_s(error))


async def _offset(transport: AsyncTransport, url: str) -> int:
    answer = await transport.call("HEAD", url, repeatable=False)
    return int(answer.headers["upload-offset"])


async def _patch(transport: AsyncTransport, url: str, offset: int, data: bytes, piece: PieceSize) -> int:
    """Send one piece and return the offset after it: the same one when the piece was too large for the way."""
    headers = {"Upload-Offset": str(offset), "Content-Type": OFFSET_TYPE}
    try:
        answer = await transport.call("PATCH", url, headers=headers, content=data, timeout=PIECE_S)
    except ConnectionFailed:
        piece.broken()
        raise
    except ApiError as error:
        if error.status != 413 or error.problem.get("code") == "upload_too_long":
            raise
        piece.too_large()
        return offset
    piece.arrived()
    return int(answer.headers["upload-offset"])


async def _send_parts(
    transport: AsyncTransport, file: BinaryIO, state: UploadView, patience: Patience, tell: OnProgress
) -> None:
    """PUT the missing parts straight to the object store; its addresses carry their own authorization and expire."""
    size, sent, done = state.asset.size_bytes, state.offset_bytes or 0, set(state.parts_done or [])
    whole = range(1, (state.parts or 0) + 1)
    async with httpx.AsyncClient(timeout=httpx.Timeout(PART_S, connect=CONNECT_S)) as store:
        while missing := [number for number in whole if number not in done]:
            tell(sent, size)
            try:
                for part in (await _addresses(transport, state, missing)).parts:
                    first = (part.number - 1) * (state.part_bytes or size)
                    await _put(store, part.url, await runtime.unblocked(piece_of, file, first, part.size_bytes))
                    done.add(part.number)
                    sent += part.size_bytes
                    patience.progress()
                    tell(sent, size)
            except ClientError as error:
                await runtime.sleep(patience.pause_s(error))


async def _addresses(transport: AsyncTransport, state: UploadView, missing: list[int]) -> PartUrls:
    """Where the next parts go."""
    wanted = {"numbers": missing[:URLS_A_CALL]}
    return parsed(PartUrls, await transport.json("POST", str(state.parts_url), json=wanted))


async def _put(store: httpx.AsyncClient, url: str, data: bytes) -> None:
    try:
        answer = await store.put(url, content=data)
    except httpx.TransportError as error:
        raise ConnectionFailed(f"the object store: {error or type(error).__name__}") from error
    if answer.status_code == 413:
        raise Refused(
            f"a proxy before the object store refuses a part of {len(data) >> 20} MiB (413): have its limit raised"
        )
    if not answer.is_success:  # 403 too: the next try gets a fresh address
        raise ConnectionFailed(f"the object store answered {answer.status_code}")
