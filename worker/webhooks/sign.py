"""Standard Webhooks signatures: v1 (HMAC-SHA256, `whsec_`) and v1a (ed25519, `whsk_` to sign, `whpk_` to verify).

Specification: https://www.standardwebhooks.com, "Webhook signatures". A `whsk_` holds the 32-byte seed followed by
the 32-byte public key, as other implementations write it; the bare seed is read as well.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from db.webhooks.signing_keys import PRIVATE, SECRET, SEED_BYTES


class BadSigningKey(ValueError):
    """Not a `whsec_` or `whsk_` key; the message does not repeat it."""


def headers(message_id: str, timestamp_s: int, body: bytes, keys: Sequence[str]) -> dict[str, str]:
    """The three headers of one attempt.

    One signature per key, newest key first: while a secret is rotated the old one still verifies. The id stays the
    same over all attempts, the timestamp (Unix seconds) is this attempt's.
    """
    content = f"{message_id}.{timestamp_s}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(_signature(key, content) for key in keys),
    }


def _signature(key: str, content: bytes) -> str:
    if key.startswith(SECRET):
        secret = _decoded(key, SECRET)
        return "v1," + _base64(hmac.new(secret, content, hashlib.sha256).digest())
    return "v1a," + _base64(_ed25519(key).sign(content))


def _ed25519(key: str) -> Ed25519PrivateKey:
    raw = _decoded(key, PRIVATE)
    if len(raw) not in (SEED_BYTES, 2 * SEED_BYTES):
        raise BadSigningKey(f"a {PRIVATE} key has 32 or 64 bytes, not {len(raw)}")
    private = Ed25519PrivateKey.from_private_bytes(raw[:SEED_BYTES])
    if raw[SEED_BYTES:] not in (b"", private.public_key().public_bytes_raw()):
        raise BadSigningKey("the two halves of the key do not belong together")
    return private


def _decoded(key: str, prefix: str) -> bytes:
    if not key.startswith(prefix):
        raise BadSigningKey(f"a signing key starts with {SECRET} or {PRIVATE}")
    try:
        raw = base64.b64decode(key.removeprefix(prefix), validate=True)
    except ValueError:  # what is no ASCII raises no binascii.Error
        raise BadSigningKey("a signing key is base64 after its prefix") from None
    if not raw:
        raise BadSigningKey("a signing key is not empty")
    return raw


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
