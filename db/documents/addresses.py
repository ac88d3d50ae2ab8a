"""Which addresses belong to the public Internet, and which networks near us an administrator has opened."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Listed one by one because `is_global` calls several of them public, and differs between Python releases.
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier NAT; some clouds keep their metadata service there
        "127.0.0.0/8",
        "168.63.129.16/32",  # a public number, but inside one cloud the machine's own host
        "169.254.0.0/16",  # link-local, with the usual metadata service
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",
        "2001::/23",  # protocol assignments, with Teredo: an IPv4 address inside
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",  # documentation
    )
)
# All of IPv6 that is handed out. Outside it lie loopback, link-local, unique local, multicast, and the prefixes that
# carry an IPv4 address: ::ffff:0:0/96 (mapped), ::/96 and 64:ff9b::/96 (NAT64).
_IPV6_UNICAST = ipaddress.ip_network("2000::/3")


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public Internet and to nothing near us."""
    if address.version == 6 and address not in _IPV6_UNICAST:
        return False
    return address.is_global and not any(address in network for network in _NOT_PUBLIC)


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks from CIDR texts; ValueError for anything else."""
    return tuple(ipaddress.ip_network(text) for text in texts)


def may_be_dialled(text: str, allow: Sequence[Network]) -> bool:
    """Whether an address in text form is public or in one of these networks."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in allow) or is_public(address)
