"""Maintenance of machines."""

from __future__ import annotations

from typing import Annotated

from transport.record import Record, number
from transport.records.inverse_offer_status import InverseOfferStatus
from transport.records.machine import MachineID
from transport.records.time_info import Unavailability

#: The protobuf package of the messages declared here.
PROTO_PACKAGE = "mesos.v1.maintenance"


class Window(Record):
    """Machines that are away at the same time."""

    machine_ids: Annotated[tuple[MachineID, ...], number(1)] = ()
    unavailability: Annotated[Unavailability, number(2)]


class Schedule(Record):
    """All the maintenance that is planned."""

    windows: Annotated[tuple[Window, ...], number(1)] = ()


class ClusterStatus(Record):
    """Which machines are being emptied, and which are down."""

    class DrainingMachine(Record):
        """A machine that is being emptied, and how frameworks answered."""

        id: Annotated[MachineID, number(1)]
        statuses: Annotated[tuple[InverseOfferStatus, ...], number(2)] = ()

    draining_machines: Annotated[tuple[DrainingMachine, ...], number(1)] = ()
    down_machines: Annotated[tuple[MachineID, ...], number(2)] = ()
