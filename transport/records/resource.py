"""The record of one resource as it travels; sums of them are `resources.Resources`."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Record, number
from transport.records.enumeration import Enumeration
from transport.records.ids import ResourceProviderID
from transport.records.labels import Labels
from transport.records.value import Value
from transport.records.volume import Volume


class Resource(Record):
    """One resource of an agent: so much of `name`, and what sets it apart from others of that name.

    `role` and `reservation` are the format from before reservation refinement, `reservations` the one since;
    `reservation_format` converts (mesos-protocol.md §9.5).
    """

    class AllocationInfo(Record):
        """The role to which the resource was offered or allocated."""

        role: Annotated[str | None, number(1)] = None

    class ReservationInfo(Record):
        """One level of a reservation: for which role, by whom, and how it came about."""

        class Type(Enumeration):
            """Declared when the agent was started, or made by an operation."""

            UNKNOWN = auto(), 0
            STATIC = auto(), 1
            DYNAMIC = auto(), 2

        type: Annotated[Type | None, number(4)] = None
        role: Annotated[str | None, number(3)] = None
        principal: Annotated[str | None, number(1)] = None
        labels: Annotated[Labels | None, number(2)] = None

    class DiskInfo(Record):
        """Which disk it is, which volume is on it, and where a container sees it."""

        class Persistence(Record):
            """The disk is a persistent volume of this `id`."""

            id: Annotated[str, number(1)]
            principal: Annotated[str | None, number(2)] = None

        class Source(Record):
            """Where the disk comes from; absent for the agent's work directory."""

            class Type(Enumeration):
                """A folder that is shared out, a mount or block device given whole, or raw storage."""

                UNKNOWN = auto(), 0
                PATH = auto(), 1
                MOUNT = auto(), 2
                BLOCK = auto(), 3
                RAW = auto(), 4

            class Path(Record):
                """A folder, shared out in parts."""

                root: Annotated[str | None, number(1)] = None

            class Mount(Record):
                """A mount point, given whole."""

                root: Annotated[str | None, number(1)] = None

            type: Annotated[Type, number(1)]
            path: Annotated[Path | None, number(2)] = None
            mount: Annotated[Mount | None, number(3)] = None
            vendor: Annotated[str | None, number(7)] = None
            id: Annotated[str | None, number(4)] = None
            metadata: Annotated[Labels | None, number(5)] = None
            profile: Annotated[str | None, number(6)] = None

        persistence: Annotated[Persistence | None, number(1)] = None
        volume: Annotated[Volume | None, number(2)] = None
        source: Annotated[Source | None, number(3)] = None

    class RevocableInfo(Record):
        """Set where the resource may be taken back at any time."""

    class SharedInfo(Record):
        """Set where several tasks may use the resource at once."""

    provider_id: Annotated[ResourceProviderID | None, number(12)] = None
    name: Annotated[str, number(1)]
    type: Annotated[Value.Type, number(2)]
    scalar: Annotated[Value.Scalar | None, number(3)] = None
    ranges: Annotated[Value.Ranges | None, number(4)] = None
    set: Annotated[Value.Set | None, number(5)] = None
    role: Annotated[str | None, number(6, "*", deprecated=True)] = None
    allocation_info: Annotated[AllocationInfo | None, number(11)] = None
    reservation: Annotated[ReservationInfo | None, number(8)] = None
    reservations: Annotated[tuple[ReservationInfo, ...], number(13)] = ()
    disk: Annotated[DiskInfo | None, number(7)] = None
    revocable: Annotated[RevocableInfo | None, number(9)] = None
    shared: Annotated[SharedInfo | None, number(10)] = None
