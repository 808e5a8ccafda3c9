"""Which address of this machine others see."""

from __future__ import annotations

import socket

from transport.pid import Address


def own_host(toward: Address) -> str:
    """The address of this machine from which `toward` is reached, and so can reach back.

    Raises OSError when there is no way, or `toward` cannot be the name of a host.
    """
    try:
        family, _, _, _, where = socket.getaddrinfo(*toward, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(where)  # chooses a route; nothing is sent
            host: str = probe.getsockname()[0]
    except UnicodeError:  # from the codec of host names
        raise OSError(0, "this cannot be the name of a host") from None
    return host
