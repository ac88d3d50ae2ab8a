"""Fresh keys to sign webhooks with (Standard Webhooks): `whsec_` shared secrets and `whsk_` ed25519 keys."""

from __future__ import annotations

import base64
import secrets

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SECRET, PRIVATE, PUBLIC = "whsec_", "whsk_", "whpk_"
SECRET_BYTES = 32
SEED_BYTES = 32


def new_secret() -> str:
    """A fresh `whsec_` secret, shared with the receiver."""
    return SECRET + _base64(secrets.token_bytes(SECRET_BYTES))


def new_private_key() -> str:
    """A fresh `whsk_` key: seed and public key, as other implementations write it."""
    key = Ed25519PrivateKey.generate()
    return PRIVATE + _base64(key.private_bytes_raw() + key.public_key().public_bytes_raw())


def public_key(private_key: str) -> str:
    """The `whpk_` that verifies what this `whsk_` signs."""
    seed = base64.b64decode(private_key.removeprefix(PRIVATE))[:SEED_BYTES]
    return PUBLIC + _base64(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
