"""Objects in an S3 bucket: presigned multipart uploads straight to it, everything else through boto3."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from db.storage.objects import (
    ObjectBody,
    ObjectInfo,
    ObjectStore,
    ObjectStoreUnavailable,
    StoreUpload,
    UploadMismatch,
    UploadMissing,
    UploadProgress,
)
from db.storage.rules import MAX_URLS_A_CALL, check_folder, check_key, clip_range, completed_before, part_size_bytes
from db.storage.s3_client import S3Config, Taken, calls, connect, translated

_LIFECYCLE_RULE = "bm3-abandoned-uploads"
_KEYS_A_DELETE = 1000


class S3Objects(ObjectStore):
    """Objects under `prefix` of one bucket. A client is safe to share between threads."""

    def __init__(self, config: S3Config) -> None:
        self.bucket = config.bucket
        self._prefix = check_folder(config.prefix) if config.prefix else ""
        self._client = connect(config, config.endpoint_url)
        self._signer = connect(config, config.public_endpoint_url or config.endpoint_url)

    def check(self) -> None:
        with calls(self.bucket):
            self._client.list_objects_v2(Bucket=self.bucket, Prefix=self._prefix, MaxKeys=1)

    def put(self, key: str, data: bytes, media_type: str) -> None:
        with calls(key):
            self._client.put_object(**self._at(key), Body=data, ContentType=media_type)

    def put_file(self, key: str, path: Path, media_type: str) -> None:
        where = self._at(key)
        with calls(key):
            self._client.upload_file(str(path), where["Bucket"], where["Key"], ExtraArgs={"ContentType": media_type})

    def put_if_absent(self, key: str, data: bytes, media_type: str) -> bool:
        """False may also mean that our own first try arrived and its answer was lost."""
        try:
            with calls(key):
                self._client.put_object(**self._at(key), Body=data, ContentType=media_type, IfNoneMatch="*")
        except Taken:
            return False
        return True

    def head(self, key: str) -> ObjectInfo:
        with calls(key):
            found = self._client.head_object(**self._at(key))
        return ObjectInfo(key, found["ContentLength"], found["LastModified"])

    def open_range(self, key: str, start: int = 0, end: int | None = None) -> ObjectBody:
        if start == 0 and end is None:
            return self._open(key, {})
        # Clipped here: S3 would answer a range that starts at the end or before 0 with the whole object.
        start, stop = clip_range(self.head(key).size_bytes, start, end)
        return self._open(key, {"Range": f"bytes={start}-{stop - 1}"})

    def delete(self, key: str) -> None:
        with calls(key):
            self._client.delete_object(**self._at(key))

    def delete_prefix(self, prefix: str) -> int:
        keys = [self._prefix + info.key for info in self.list_prefix(check_folder(prefix))]
        for at in range(0, len(keys), _KEYS_A_DELETE):
            self._delete_keys(prefix, keys[at : at + _KEYS_A_DELETE])
        return len(keys)

    def list_prefix(self, prefix: str) -> Iterator[ObjectInfo]:
        full = self._prefix + (check_folder(prefix) if prefix else "")
        with calls(prefix):
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=full):
                for found in page.get("Contents", ()):
                    key = found["Key"].removeprefix(self._prefix)
                    yield ObjectInfo(key, found["Size"], found["LastModified"])

    def start_upload(self, key: str, size_bytes: int, media_type: str) -> StoreUpload:
        part_bytes = part_size_bytes(size_bytes)
        with calls(key):
            answer = self._client.create_multipart_upload(**self._at(key), ContentType=media_type)
        return StoreUpload(answer["UploadId"], key, size_bytes, part_bytes)

    def part_urls(self, upload: StoreUpload, numbers: Sequence[int], expires_s: int = 3600) -> dict[int, str]:
        """A PUT URL for each part number; the part's exact length is signed into it."""
        if len(numbers) > MAX_URLS_A_CALL:
            raise UploadMismatch(f"at most {MAX_URLS_A_CALL} URLs a call")
        if not all(1 <= number <= upload.parts for number in numbers):
            raise UploadMismatch(f"parts are numbered 1 to {upload.parts}")
        return {number: self._part_url(upload, number, expires_s) for number in numbers}

    def upload_progress(self, upload: StoreUpload) -> UploadProgress:
        """The parts that have arrived with the size they must have; the others have to be sent (again)."""
        good = [part["PartNumber"] for part in self._parts(upload) if _is_whole(upload, part)]
        return UploadProgress(sum(upload.part_bytes(number) for number in good), tuple(sorted(good)))

    def complete_upload(self, upload: StoreUpload) -> ObjectInfo:
        try:
            parts = self._parts(upload)
            _check_parts(upload, parts)
            named = [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in parts]
            with calls(upload.key):
                self._client.complete_multipart_upload(
                    **self._at(upload.key), UploadId=upload.id, MultipartUpload={"Parts": named}
                )
        except UploadMissing:
            return completed_before(self, upload)
        return self.head(upload.key)

    def abort_upload(self, upload: StoreUpload) -> None:
        try:
            with calls(upload.key):
                self._client.abort_multipart_upload(**self._at(upload.key), UploadId=upload.id)
        except UploadMissing:
            return

    def abort_abandoned(self, older_than_s: float) -> int:
        """The sweeper's way, for stores that do not keep the lifecycle rule."""
        before = datetime.now(UTC) - timedelta(seconds=older_than_s)
        with calls(self.bucket):
            pages = self._client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self.bucket, Prefix=self._prefix
            )
            old = [found for page in pages for found in page.get("Uploads", ()) if found["Initiated"] <= before]
        for found in old:
            self.abort_upload(StoreUpload(found["UploadId"], found["Key"].removeprefix(self._prefix), 1, 1))
        return len(old)

    def keep_lifecycle_rule(self, days: int) -> None:
        """Have the bucket itself drop uploads abandoned for `days`; its other rules are kept."""
        rule = {
            "ID": _LIFECYCLE_RULE,
            "Status": "Enabled",
            "Filter": {"Prefix": self._prefix},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": days},
        }
        before = self._lifecycle_rules()
        if rule in before:
            return
        others = [kept for kept in before if kept.get("ID") != _LIFECYCLE_RULE]
        with calls(self.bucket):
            self._client.put_bucket_lifecycle_configuration(
                Bucket=self.bucket, LifecycleConfiguration={"Rules": [*others, rule]}
            )

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self._prefix + check_key(key)}

    def _open(self, key: str, which: dict[str, str]) -> ObjectBody:
        with calls(key):
            found = self._client.get_object(**self._at(key), **which)

        def read(size_bytes: int) -> bytes:
            with calls(key):
                chunk: bytes = found["Body"].read(size_bytes)
                return chunk

        return ObjectBody(found["ContentLength"], read, found["Body"].close)

    def _delete_keys(self, prefix: str, keys: list[str]) -> None:
        with calls(prefix):
            answer = self._client.delete_objects(
                Bucket=self.bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
            )
        if errors := answer.get("Errors"):
            raise ObjectStoreUnavailable(f"{len(errors)} objects under {prefix} were not deleted")

    def _part_url(self, upload: StoreUpload, number: int, expires_s: int) -> str:
        part = {"UploadId": upload.id, "PartNumber": number, "ContentLength": upload.part_bytes(number)}
        with calls(upload.key):
            url: str = self._signer.generate_presigned_url(
                "upload_part", Params={**self._at(upload.key), **part}, ExpiresIn=expires_s, HttpMethod="PUT"
            )
        return url

    def _parts(self, upload: StoreUpload) -> list[dict[str, Any]]:
        with calls(upload.key):
            pages = self._client.get_paginator("list_parts").paginate(**self._at(upload.key), UploadId=upload.id)
            return [part for page in pages for part in page.get("Parts", ())]

    def _lifecycle_rules(self) -> list[dict[str, Any]]:
        try:
            found: list[dict[str, Any]] = self._client.get_bucket_lifecycle_configuration(Bucket=self.bucket)["Rules"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchLifecycleConfiguration":
                return []
            raise translated(error, self.bucket) from error
        return found


class S3Inputs(S3Objects):
    """A bucket of somebody else's that jobs may name as input: only read, under any key its owner made."""

    def _at(self, key: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": key}


def _is_whole(upload: StoreUpload, part: dict[str, Any]) -> bool:
    number = part["PartNumber"]
    return bool(number <= upload.parts and part["Size"] == upload.part_bytes(number))


def _check_parts(upload: StoreUpload, parts: list[dict[str, Any]]) -> None:
    good = {part["PartNumber"] for part in parts if _is_whole(upload, part)}
    bad = sorted(set(range(1, upload.parts + 1)) - good)
    if bad or len(parts) != upload.parts:
        raise UploadMismatch(f"{len(bad)} of {upload.parts} parts are missing or of the wrong size, first: {bad[:5]}")
