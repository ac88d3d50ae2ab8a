"""Signatures verify with the standardwebhooks library (v1) and with cryptography's own ed25519 (v1a)."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from db.webhooks.signing_keys import new_private_key, new_secret, public_key
from worker.webhooks.sign import BadSigningKey, headers

BODIES = st.text(st.characters(exclude_categories=["Cs"]), max_size=200).map(str.encode)
IDS = st.from_regex(r"[a-zA-Z0-9_-]{1,60}", fullmatch=True)


@given(message_id=IDS, body=BODIES)
def test_v1_verifies_with_the_library(message_id: str, body: bytes) -> None:
    secret = new_secret()
    signed = headers(message_id, int(time.time()), body, [secret])
    Webhook(secret).verify(body, signed, json_parse=False)
    for other in (body + b"x", b""):
        if other != body:
            with pytest.raises(WebhookVerificationError):
                Webhook(secret).verify(other, signed, json_parse=False)


def test_v1_is_what_the_library_signs_for_a_moment_in_utc() -> None:
    secret, moment = new_secret(), datetime(2026, 3, 29, 2, 30, tzinfo=UTC)
    ours = headers("msg_1", int(moment.timestamp()), b"{}", [secret])["webhook-signature"]
    assert ours == Webhook(secret).sign("msg_1", moment, "{}")


@given(message_id=IDS, timestamp_s=st.integers(0, 2**33), body=st.binary(max_size=200))
def test_v1a_verifies_with_the_public_key(message_id: str, timestamp_s: int, body: bytes) -> None:
    private = new_private_key()
    signed = headers(message_id, timestamp_s, body, [private])
    version, signature = signed["webhook-signature"].split(",")
    assert version == "v1a"
    key = _verifier(public_key(private))
    key.verify(base64.b64decode(signature), f"{message_id}.{timestamp_s}.".encode() + body)
    with pytest.raises(InvalidSignature):
        key.verify(base64.b64decode(signature), f"{message_id}.{timestamp_s + 1}.".encode() + body)


def test_while_a_secret_rotates_old_and_new_both_verify() -> None:
    old, new, private = new_secret(), new_secret(), new_private_key()
    signed = headers("evt_1", int(time.time()), b"{}", [new, old, private])
    assert [part.split(",")[0] for part in signed["webhook-signature"].split(" ")] == ["v1", "v1", "v1a"]
    for secret in (old, new):
        Webhook(secret).verify(b"{}", signed)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(b"{}", signed)


def test_the_id_and_the_seconds_go_out_as_given() -> None:
    signed = headers("evt_1", 1_700_000_000, b"{}", [new_secret()])
    assert (signed["webhook-id"], signed["webhook-timestamp"]) == ("evt_1", "1700000000")


def test_a_private_key_carries_its_public_half_and_the_seed_alone_will_do() -> None:
    private = new_private_key()
    raw = base64.b64decode(private.removeprefix("whsk_"))
    assert public_key(private) == "whpk_" + base64.b64encode(raw[32:]).decode()
    assert public_key("whsk_" + base64.b64encode(raw[:32]).decode()) == public_key(private)


def test_secrets_are_long_and_never_the_same() -> None:
    assert len({new_secret() for _ in range(50)}) == 50
    assert len(base64.b64decode(new_secret().removeprefix("whsec_"))) == 32


@pytest.mark.parametrize(
    "key",
    [
        "",
        "secret",
        "whsec_",
        "whsec_%%%",
        "whsec_é",
        "whsk_AAAA",
        "whpk_" + "A" * 43 + "=",
        "whsk_" + base64.b64encode(b"x" * 64).decode(),
    ],
)
def test_a_bad_key_is_refused_without_being_repeated(key: str) -> None:
    with pytest.raises(BadSigningKey) as refused:
        headers("evt_1", 0, b"", [key])
    assert key.partition("_")[2][:20] not in str(refused.value) or not key.partition("_")[2]


def _verifier(public: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix("whpk_")))
