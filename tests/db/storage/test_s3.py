"""What only S3 does: signed part URLs, the completion check over parts, the bucket's lifecycle rule, errors by name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from db.storage.objects import ObjectStoreRefused, ObjectStoreUnavailable, UploadMismatch, UploadMissing
from db.storage.rules import MAX_URLS_A_CALL, MIN_PART_BYTES
from db.storage.s3 import S3Inputs, S3Objects
from db.storage.s3_client import S3Config
from tests.conformance.stores import PLAIN, put_part, s3_objects
from tests.faults.tcp_gate import gate_to
from tests.receiver import receiver
from tests.servers import S3Place
from worker.dispatcher.sweep import Sweeper

GIB = 1 << 30


def test_a_client_that_lost_its_place_asks_which_parts_are_there(s3: S3Place) -> None:
    store, full = s3_objects(s3), b"x" * MIN_PART_BYTES
    upload = store.start_upload("assets/a", 2 * MIN_PART_BYTES + 7, PLAIN)
    urls = store.part_urls(upload, [1, 2, 3])
    put_part(urls[2], full)
    put_part(urls[3], b"short")  # 5 of 7 bytes
    progress = store.upload_progress(upload)
    assert (progress.parts_done, progress.bytes_done) == ((2,), MIN_PART_BYTES)
    with pytest.raises(UploadMismatch, match=r"2 of 3 parts .*\[1, 3\]"):
        store.complete_upload(upload)
    put_part(urls[1], full)
    put_part(urls[3], b"7 bytes")
    assert store.complete_upload(upload).size_bytes == upload.size_bytes
    assert store.read("assets/a").endswith(b"x7 bytes")


def test_a_part_beyond_the_declared_size_is_refused(s3: S3Place) -> None:
    store = s3_objects(s3)
    upload = store.start_upload("assets/a", 5, PLAIN)
    put_part(store.part_urls(upload, [1])[1], b"123456")
    with pytest.raises(UploadMismatch):
        store.complete_upload(upload)
    assert not store.exists("assets/a")


def test_an_object_of_another_size_is_no_completed_upload(s3: S3Place) -> None:
    store = s3_objects(s3)
    upload = store.start_upload("assets/a", 5, PLAIN)
    store.abort_upload(upload)
    store.put("assets/a", b"other", PLAIN)
    store.put("assets/a", b"another", PLAIN)
    with pytest.raises(UploadMissing):
        store.complete_upload(upload)


def test_part_urls_are_bounded_and_sign_the_length(s3: S3Place) -> None:
    store = s3_objects(s3)
    upload = store.start_upload("assets/a", GIB, PLAIN)
    urls = store.part_urls(upload, range(1, MAX_URLS_A_CALL + 1), expires_s=60)
    assert len(set(urls.values())) == MAX_URLS_A_CALL
    query = parse_qs(urlsplit(urls[1]).query)
    assert query["X-Amz-Expires"] == ["60"]
    assert "content-length" in query["X-Amz-SignedHeaders"][0].split(";")
    for numbers in (range(1, MAX_URLS_A_CALL + 2), [0], [upload.parts + 1]):
        with pytest.raises(UploadMismatch):
            store.part_urls(upload, numbers)


def test_urls_point_to_the_public_endpoint(s3: S3Place) -> None:
    store = S3Objects(
        S3Config(
            s3.bucket,
            endpoint_url=s3.endpoint_url,
            public_endpoint_url="https://files.example.org",
            access_key_id=s3.access_key_id,
            secret_access_key=s3.secret_access_key,
        )
    )
    url = store.part_urls(store.start_upload("a", 5, PLAIN), [1])[1]
    assert url.startswith(f"https://files.example.org/{s3.bucket}/a?")


def test_the_lifecycle_rule_joins_the_ones_that_are_there(s3: S3Place) -> None:
    store, client = s3_objects(s3), _client(s3)
    other = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "x/"}, "Expiration": {"Days": 9}}
    client.put_bucket_lifecycle_configuration(Bucket=s3.bucket, LifecycleConfiguration={"Rules": [other]})
    store.keep_lifecycle_rule(days=3)
    store.keep_lifecycle_rule(days=2)
    rules = {rule["ID"]: rule for rule in client.get_bucket_lifecycle_configuration(Bucket=s3.bucket)["Rules"]}
    assert rules.keys() == {"theirs", "bm3-abandoned-uploads"}
    assert rules["bm3-abandoned-uploads"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 2}


def test_objects_keep_their_media_type_and_prefix(s3: S3Place) -> None:
    s3_objects(s3).put("jobs/1/captions.vtt", b"WEBVTT", "text/vtt")
    found = _client(s3).head_object(Bucket=s3.bucket, Key="bm3/jobs/1/captions.vtt")
    assert found["ContentType"] == "text/vtt"


def test_an_input_bucket_has_keys_we_would_not_make(s3: S3Place, tmp_path: Path) -> None:
    key = "Ünsere Videos/2026 05/../.a b+c.mp4"
    _client(s3).put_object(Bucket=s3.bucket, Key=key, Body=b"video")
    inputs = S3Inputs(S3Config(s3.bucket, "", s3.region, s3.endpoint_url, None, s3.access_key_id, s3.secret_access_key))
    assert inputs.head(key).size_bytes == 5
    inputs.download(key, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"video"


def test_a_bucket_that_is_not_there_is_the_stores_fault(s3: S3Place) -> None:
    store = s3_objects(S3Place(s3.endpoint_url, "nowhere"))
    for ask in (store.check, lambda: store.put("a", b"", PLAIN), lambda: store.keep_lifecycle_rule(1)):
        with pytest.raises(ObjectStoreUnavailable):
            ask()


def test_a_rule_that_stands_is_not_written_again(s3: S3Place) -> None:
    s3_objects(s3).keep_lifecycle_rule(days=2)
    with gate_to(s3.endpoint_url) as gate:
        gate.refuse("PUT", 403, 1)
        s3_objects(replace(s3, endpoint_url=gate.url)).keep_lifecycle_rule(days=2)
        assert gate.refused["PUT"] == 0


def test_the_dispatcher_lets_the_bucket_keep_the_rule_and_goes_on_without(
    s3: S3Place, caplog: pytest.LogCaptureFixture
) -> None:
    with gate_to(s3.endpoint_url) as gate:
        sweeper = Sweeper(s3_objects(replace(s3, endpoint_url=gate.url)))
        gate.refuse("PUT", 403, 1)
        sweeper.keep_lifecycle_rule()
        assert "AccessDenied" in caplog.text
        sweeper.keep_lifecycle_rule()
    rules = _client(s3).get_bucket_lifecycle_configuration(Bucket=s3.bucket)["Rules"]
    assert [rule["ID"] for rule in rules] == ["bm3-abandoned-uploads"]


def test_a_key_without_the_right_is_refused_for_good() -> None:
    with receiver() as broken, pytest.raises(ObjectStoreRefused):
        s3_objects(S3Place(broken.url(""), "status"), prefix="").read("403")


@pytest.mark.parametrize(("bucket", "key"), [("status", "500"), ("lie", "10"), ("garbage", "x")])
def test_a_store_that_misbehaves_is_the_stores_fault(bucket: str, key: str) -> None:
    with receiver() as broken:
        store = s3_objects(S3Place(broken.url(""), bucket), prefix="")
        with pytest.raises(ObjectStoreUnavailable):
            store.read(key)


def test_more_objects_than_one_page_are_listed_and_deleted(s3: S3Place) -> None:
    store, client = s3_objects(s3), _client(s3)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: client.put_object(Bucket=s3.bucket, Key=f"bm3/many/{number}"), range(1005)))
    assert sum(1 for _ in store.list_prefix("many/")) == 1005
    assert store.delete_prefix("many/") == 1005
    assert not list(store.list_prefix(""))


def _client(s3: S3Place) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=s3.endpoint_url,
        region_name=s3.region,
        aws_access_key_id=s3.access_key_id,
        aws_secret_access_key=s3.secret_access_key,
    )
