"""Opens the object store that the settings name."""

from __future__ import annotations

from db.settings import Settings
from db.storage.local import LocalObjects
from db.storage.objects import ObjectStore


def open_store(settings: Settings) -> ObjectStore:
    """The store the settings name."""
    if settings.object_store == "local":
        return LocalObjects(settings.data_dir / "store")
    from db.storage.s3 import S3Objects  # here, because boto3 takes long to load where the local store is used
    from db.storage.s3_client import S3Config

    place = S3Config(
        settings.s3_bucket,
        settings.s3_prefix,
        settings.s3_region,
        settings.s3_endpoint_url,
        settings.s3_public_endpoint_url,
    )
    return S3Objects(place)
