"""What a framework says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from enum import auto
from typing import Annotated

from transport.record import Record, number
from transport.records.enumeration import Enumeration
from transport.records.ids import FrameworkID
from transport.records.labels import Labels
from transport.records.value import Value


class FrameworkInfo(Record):
    """A framework: who it is, which roles' offers it wants, and what it can deal with.

    `failover_timeout` is how many seconds its tasks outlive its scheduler.
    """

    class Capability(Record):
        """Something the framework can deal with."""

        class Type(Enumeration):
            """What the framework can deal with."""

            UNKNOWN = auto(), 0
            REVOCABLE_RESOURCES = auto(), 1
            TASK_KILLING_STATE = auto(), 2
            GPU_RESOURCES = auto(), 3
            SHARED_RESOURCES = auto(), 4
            PARTITION_AWARE = auto(), 5
            MULTI_ROLE = auto(), 6
            RESERVATION_REFINEMENT = auto(), 7
            REGION_AWARE = auto(), 8

        type: Annotated[Type | None, number(1)] = None

    user: Annotated[str, number(1)]
    name: Annotated[str, number(2)]
    id: Annotated[FrameworkID | None, number(3)] = None
    failover_timeout: Annotated[float | None, number(4, 0.0)] = None
    checkpoint: Annotated[bool | None, number(5, False)] = None
    role: Annotated[str | None, number(6, "*", deprecated=True)] = None
    roles: Annotated[tuple[str, ...], number(12)] = ()
    hostname: Annotated[str | None, number(7)] = None
    principal: Annotated[str | None, number(8)] = None
    webui_url: Annotated[str | None, number(9)] = None
    capabilities: Annotated[tuple[Capability, ...], number(10)] = ()
    labels: Annotated[Labels | None, number(11)] = None
    offer_filters: Annotated[Mapping[str, OfferFilters], number(13)] = {}


class OfferFilters(Record):
    """Which offers a framework does not want."""

    class ResourceQuantities(Record):
        """Amounts by the resource's name."""

        quantities: Annotated[Mapping[str, Value.Scalar], number(1)] = {}

    class MinAllocatableResources(Record):
        """An offer must hold one of these; with none listed any offer will do."""

        quantities: Annotated[tuple[OfferFilters.ResourceQuantities, ...], number(1)] = ()

    min_allocatable_resources: Annotated[MinAllocatableResources | None, number(1)] = None
