"""Object stores that all keep the same promises, and uploads to them in pieces."""

from __future__ import annotations

import httpx

from db.storage.local import LocalObjects
from db.storage.objects import (
    ObjectStore,
    StoreUpload,
)
from db.storage.rules import MIN_PART_BYTES
from db.storage.s3 import S3Objects
from db.storage.s3_client import S3Config
from tests.servers import S3Place

PLAIN = "application/octet-stream"


SECOND_PART_BYTES = 1000


def payload() -> tuple[bytes, bytes]:
    return bytes(range(256)) * (MIN_PART_BYTES // 256), b"z" * SECOND_PART_BYTES


def send_part(store: ObjectStore, upload: StoreUpload, number: int, data: bytes) -> None:
    """Send one part the way a client of this store does."""
    if isinstance(store, LocalObjects):
        for at in range(0, len(data), 1 << 20):
            offset = (number - 1) * upload.part_size_bytes + at
            store.append(upload, offset, data[at : at + (1 << 20)])
    elif isinstance(store, S3Objects):
        put_part(store.part_urls(upload, [number])[number], data)


def put_part(url: str, data: bytes) -> None:
    httpx.put(url, content=data, timeout=30).raise_for_status()


def s3_objects(place: S3Place, prefix: str = "bm3/") -> S3Objects:
    return S3Objects(
        S3Config(
            place.bucket,
            prefix=prefix,
            region=place.region,
            endpoint_url=place.endpoint_url,
            access_key_id=place.access_key_id,
            secret_access_key=place.secret_access_key,
        )
    )
