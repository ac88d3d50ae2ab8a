"""Which object store the settings name."""

from __future__ import annotations

from db.objects import ObjectStore
from db.objects_local import LocalObjects
from db.objects_s3 import S3Config, S3Objects
from db.settings import Settings


def open_objects(settings: Settings) -> ObjectStore:
    """The store that uploads and results are kept in."""
    if settings.object_store == "local":
        return LocalObjects(settings.data_dir / "objects")
    return S3Objects(S3Config(settings.s3_bucket, region=settings.s3_region, endpoint_url=settings.s3_endpoint_url))
