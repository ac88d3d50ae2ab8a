"""Files whose bytes come with the request: kept as assets, each content once."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from starlette.concurrency import run_in_threadpool

from api.auth import Caller
from api.deps import Services
from api.errors import Problem, field_problem
from db.assets import assets, sniff
from db.assets.assets import NewAsset, Verified
from db.assets.verify import type_objection
from db.jobs import quotas
from db.schema.base import new_id
from db.schema.tables import Asset

PIECE_BYTES = 1 << 20
LONGEST_NAME = 255


@dataclass(frozen=True)
class Named:
    """What the sender says of a file; what it is decide its bytes."""

    filename: str
    media_type: str = "application/octet-stream"


class Arriving:
    """A file on its way to the store: its bytes in a temporary file, and what they say."""

    def __init__(self, path: Path, file: IO[bytes], most_bytes: int) -> None:
        self.path = path
        self._file, self._most = file, most_bytes
        self._digest, self._head, self._size = hashlib.sha256(), b"", 0

    def add(self, piece: bytes) -> None:
        """More of its bytes. Raises a 413 problem beyond the limit."""
        self._size += len(piece)
        if self._size > self._most:
            raise Problem(
                413,
                "file_too_large",
                f"a file of one request may have {self._most} bytes: begin an upload (/v1/uploads)",
            )
        self._digest.update(piece)
        if len(self._head) < sniff.HEAD_BYTES:
            self._head += piece[: sniff.HEAD_BYTES - len(self._head)]
        self._file.write(piece)

    def verified(self, pointer: str) -> Verified:
        """What its bytes say, all of them written. Raises a 422 problem for what no kind of job could read."""
        self._file.flush()
        found = Verified(self._size, self._digest.hexdigest(), sniff.sniff(self._head))
        objection = type_objection(found.sniffed_type)
        if self._size == 0 or objection is not None:
            detail = objection[1] if objection is not None else "the file is empty"
            raise field_problem(pointer, detail, "unknown_format")
        return found


async def receive(services: Services, caller: Caller, at: datetime, named: Named, body: AsyncIterator[bytes]) -> Asset:
    """The asset of a body as it arrives. Raises problems, and QuotaExceeded; nothing of it is kept then."""
    with _arriving(services) as arriving:
        async for piece in body:
            await run_in_threadpool(arriving.add, piece)
        return await run_in_threadpool(_kept_file, services, caller, at, named, arriving, "/")


def receive_all(
    services: Services, caller: Caller, at: datetime, named: Named, pieces: Iterable[bytes], pointer: str
) -> Asset:
    """The same of bytes that are here already."""
    with _arriving(services) as arriving:
        for piece in pieces:
            arriving.add(piece)
        return _kept_file(services, caller, at, named, arriving, pointer)


def keep(
    services: Services, caller: Caller, at: datetime, named: Named, found: Verified, store: Callable[[str], None]
) -> Asset:
    """The asset of checked bytes: one that is here already, or a new one that `store` puts under its key.

    Raises QuotaExceeded; the bytes are removed then.
    """
    with services.database.read() as session:
        twin = assets.with_content(session, caller.tenant_id, found.sha256, found.size_bytes)
        if twin is not None:
            return twin
        quotas.check_bytes(session, caller.tenant, found.size_bytes)
    name = named.filename[-LONGEST_NAME:] or "unnamed"
    new = NewAsset(new_id(), caller.tenant_id, name, named.media_type, found.size_bytes, found.sha256)
    store(new.object_key)
    try:
        with services.database.write() as session:
            quotas.check_bytes(session, caller.tenant, found.size_bytes)
            return assets.add_ready(session, at, new, found)
    except quotas.QuotaExceeded:
        services.objects.delete(new.object_key)
        raise


@contextmanager
def _arriving(services: Services) -> Iterator[Arriving]:
    with tempfile.NamedTemporaryFile(prefix="bm3-received-") as file:
        yield Arriving(Path(file.name), file, services.api.max_file_bytes)


def _kept_file(
    services: Services, caller: Caller, at: datetime, named: Named, arriving: Arriving, pointer: str
) -> Asset:
    found = arriving.verified(pointer)
    media_type = found.sniffed_type or "application/octet-stream"
    return keep(
        services, caller, at, named, found, lambda key: services.objects.put_file(key, arriving.path, media_type)
    )
