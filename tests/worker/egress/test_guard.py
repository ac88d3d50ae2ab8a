"""Which addresses the guard lets through, in every costume an inner address may wear."""

from __future__ import annotations

import ipaddress
import time

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.documents.addresses import is_public
from db.failures import Failure
from worker.egress.guard import Guard, resolve
from worker.errors import Permanent

INNER = [
    "0.0.0.0",  # noqa: S104 - nothing is bound
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
]
OUTER = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "2a00:1450::1"]


@pytest.mark.parametrize("address", INNER)
def test_inner_addresses_are_refused(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    with pytest.raises(Permanent) as refused:
        _guard(address).addresses("host.example", 80, 1.0)
    assert refused.value.code is Failure.BLOCKED_ADDRESS
    assert address not in str(refused.value), "the address would tell outsiders what our name server knows"


@pytest.mark.parametrize("address", OUTER)
def test_public_addresses_pass(address: str) -> None:
    assert _guard(address).addresses("host.example", 80, 1.0) == [address]


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_inside_an_ipv6_one_is_refused(inner: ipaddress.IPv4Address) -> None:
    number = int(inner)
    costumes = [
        number,
        0xFFFF << 32 | number,
        0x64FF9B << 96 | number,
        0x2002 << 112 | number << 80,
        0x2001 << 112 | ~number & 0xFFFFFFFF,
    ]
    for costume in costumes:
        assert not is_public(ipaddress.IPv6Address(costume))


@given(st.ip_addresses())
def test_what_python_calls_private_is_never_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_link_local:
        assert not is_public(address)


@given(
    st.lists(st.sampled_from(OUTER), max_size=3), st.sampled_from(INNER), st.lists(st.sampled_from(OUTER), max_size=3)
)
def test_one_inner_address_among_public_ones_condemns_the_name(before: list[str], inner: str, after: list[str]) -> None:
    with pytest.raises(Permanent):
        _guard(*before, inner, *after).addresses("host.example", 80, 1.0)


def test_the_administrator_may_allow_a_network() -> None:
    guard = Guard.allowing(["10.0.0.0/8", "fd00::/8"])
    assert guard.allows("10.9.8.7")
    assert guard.allows("fd00::1")
    assert guard.allows("8.8.8.8")
    for other in ("192.168.0.1", "::ffff:10.9.8.7", "nonsense", ""):
        assert not guard.allows(other)
    with pytest.raises(ValueError, match="host bits"):
        Guard.allowing(["10.0.0.1/8"])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "::1"])
def test_every_spelling_of_this_machine_is_refused(host: str) -> None:
    with pytest.raises(Permanent) as refused:
        Guard().addresses(host, 80, 5.0)
    assert refused.value.code is Failure.BLOCKED_ADDRESS


def test_a_name_that_leads_nowhere_is_a_connection_error() -> None:
    for host in ("a" * 64 + ".example", "", "\N{SNOWMAN}" * 100):
        with pytest.raises((httpcore.ConnectError, Permanent)):
            Guard().addresses(host, 80, 5.0)
    with pytest.raises(httpcore.ConnectError):
        _guard().addresses("host.example", 80, 1.0)


def test_a_name_server_that_never_answers_does_not_hold_us() -> None:
    began = time.monotonic()
    with pytest.raises((httpcore.ConnectTimeout, httpcore.ConnectError)):
        resolve("a.name.that.takes.longer.than.nothing.invalid", 80, 0.0)
    assert time.monotonic() - began < 2


def _guard(*addresses: str) -> Guard:
    return Guard(resolver=lambda *_: addresses)
