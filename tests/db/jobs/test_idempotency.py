"""What makes two requests the same: method, path and body, each of them."""

from __future__ import annotations

from db.jobs.idempotency import fingerprint


def test_every_part_of_a_request_counts() -> None:
    same = ("POST", "/v1/jobs", b"{}")
    others = [("PUT", "/v1/jobs", b"{}"), ("POST", "/v1/jobs/1/retry", b"{}"), ("POST", "/v1/jobs", b"{ }")]
    assert fingerprint(*same) == fingerprint(*same)
    assert len({fingerprint(*one) for one in (same, *others)}) == 4
