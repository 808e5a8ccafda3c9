"""Which addresses may be asked."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

#: Addresses of IPv6 by which a router reaches one of IPv4, which are its last 32 bits (RFC 6052).
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


class Refused:
    """Networks that nobody is to be asked in, like `169.254.0.0/16`; raises ValueError for what is none."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(network) for network in networks]

    def __contains__(self, address: str) -> bool:
        """Whether an address is in one of them, in whatever form; raises ValueError for what is none."""
        plain = ipaddress.ip_address(address.partition("%")[0])
        return any(one in network for one in _forms(plain) for network in self._networks)


def _forms(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """The address, and those of IPv4 that it stands for."""
    forms = [address]
    if isinstance(address, ipaddress.IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour]
        # The first block holds those that merely have zeros before them.
        if address in _TRANSLATED or int(address) < 1 << 32:
            inner.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
        forms += [one for one in inner if one is not None]
    return forms
