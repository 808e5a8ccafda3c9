"""How a framework answered an inverse offer."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Record, number
from transport.records.enumeration import Enumeration
from transport.records.ids import FrameworkID
from transport.records.time_info import TimeInfo

#: The protobuf package of the messages declared here.
PROTO_PACKAGE = "mesos.v1.allocator"


class InverseOfferStatus(Record):
    """How a framework answered an inverse offer, and when."""

    class Status(Enumeration):
        """The answer."""

        UNKNOWN = auto(), 1
        ACCEPT = auto(), 2
        DECLINE = auto(), 3

    status: Annotated[Status, number(1)]
    framework_id: Annotated[FrameworkID, number(2)]
    timestamp: Annotated[TimeInfo, number(3)]
