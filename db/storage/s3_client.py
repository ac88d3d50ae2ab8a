"""A boto3 client as an object store needs it, and what its errors mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from boto3.exceptions import S3UploadFailedError
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from db.storage.objects import (
    BadRange,
    ObjectError,
    ObjectMissing,
    ObjectStoreRefused,
    ObjectStoreUnavailable,
    UploadMissing,
)


class Taken(ObjectError):
    """A conditional put found the key in use."""


_ERRORS: dict[str, type[ObjectError]] = {
    "404": ObjectMissing,
    "NoSuchKey": ObjectMissing,
    "NoSuchUpload": UploadMissing,
    "416": BadRange,
    "InvalidRange": BadRange,
    **dict.fromkeys(
        ("403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"), ObjectStoreRefused
    ),
}


@dataclass(frozen=True, slots=True)
class S3Config:
    """Where the bucket is; without keys boto3 looks for them in its usual places (environment, instance role)."""

    bucket: str
    prefix: str = ""
    region: str = "us-east-1"
    endpoint_url: str | None = None
    # What browsers and clients reach, where that differs from what this process reaches.
    public_endpoint_url: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None


def connect(config: S3Config, endpoint_url: str | None) -> Any:
    """A boto3 client that any S3 understands and that gives up in time."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name=config.region,
        aws_access_key_id=config.access_key_id,
        aws_secret_access_key=config.secret_access_key,
        config=Config(
            signature_version="s3v4",
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "max_attempts": 4},
            # Path style and checksums only where S3 asks for them: what MinIO, Ceph and moto all take.
            s3={"addressing_style": "path" if endpoint_url else "auto"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


@contextmanager
def calls(key: str) -> Iterator[None]:
    """Turn what boto3 raises in the block into ObjectErrors that name the key."""
    try:
        yield
    except ClientError as error:
        raise translated(error, key) from error
    except S3UploadFailedError as error:
        if isinstance(error.__context__, ClientError):  # boto3's own way to say what the store has said
            raise translated(error.__context__, key) from error
        raise ObjectStoreUnavailable(f"{key}: {error}") from error
    except BotoCoreError as error:
        raise ObjectStoreUnavailable(f"{key}: {error}") from error


def translated(error: ClientError, key: str) -> ObjectError:
    """What an answer of the store means."""
    code = str(error.response["Error"].get("Code"))
    if code == "PreconditionFailed":
        return Taken(key)
    known = _ERRORS.get(code, ObjectStoreUnavailable)
    return known(key if known in (ObjectMissing, UploadMissing, BadRange) else f"{key}: {code}")
