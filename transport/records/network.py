"""Networks that a container joins."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Record, UInt32, number
from transport.records.enumeration import Enumeration
from transport.records.labels import Labels


class NetworkInfo(Record):
    """A network to join, or, in a status, one that was joined."""

    class Protocol(Enumeration):
        """The version of IP."""

        IPv4 = auto(), 1
        IPv6 = auto(), 2

    class IPAddress(Record):
        """An address that is asked for or was given."""

        protocol: Annotated[NetworkInfo.Protocol | None, number(1, "IPv4")] = None
        ip_address: Annotated[str | None, number(2)] = None

    class PortMapping(Record):
        """A port of the host that leads to one of the container."""

        host_port: Annotated[UInt32, number(1)]
        container_port: Annotated[UInt32, number(2)]
        protocol: Annotated[str | None, number(3)] = None

    ip_addresses: Annotated[tuple[IPAddress, ...], number(5)] = ()
    name: Annotated[str | None, number(6)] = None
    groups: Annotated[tuple[str, ...], number(3)] = ()
    labels: Annotated[Labels | None, number(4)] = None
    port_mappings: Annotated[tuple[PortMapping, ...], number(7)] = ()
