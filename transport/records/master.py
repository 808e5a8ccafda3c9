"""What the leading master says about itself."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Record, UInt32, number
from transport.records.address import Address
from transport.records.domain import DomainInfo
from transport.records.enumeration import Enumeration


class MasterInfo(Record):
    """A master; `ip` is IPv4 in network order as a little-endian number."""

    class Capability(Record):
        """Something this master can do."""

        class Type(Enumeration):
            """What the master can do."""

            UNKNOWN = auto(), 0
            AGENT_UPDATE = auto(), 1
            AGENT_DRAINING = auto(), 2
            QUOTA_V2 = auto(), 3

        type: Annotated[Type | None, number(1)] = None

    id: Annotated[str, number(1)]
    ip: Annotated[UInt32, number(2)]
    port: Annotated[UInt32, number(3, 5050)]
    pid: Annotated[str | None, number(4)] = None
    hostname: Annotated[str | None, number(5)] = None
    version: Annotated[str | None, number(6)] = None
    address: Annotated[Address | None, number(7)] = None
    domain: Annotated[DomainInfo | None, number(8)] = None
    capabilities: Annotated[tuple[Capability, ...], number(9)] = ()
