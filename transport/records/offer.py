"""Offers, what a framework does with them, and offers to take resources back."""

from __future__ import annotations

from enum import auto
from typing import Annotated

from transport.record import Record, number
from transport.records.address import URL
from transport.records.domain import DomainInfo
from transport.records.enumeration import Enumeration
from transport.records.executor import ExecutorInfo
from transport.records.ids import AgentID, ExecutorID, FrameworkID, OfferID, OperationID
from transport.records.resource import Resource
from transport.records.task import TaskGroupInfo, TaskInfo
from transport.records.time_info import Unavailability
from transport.records.value import Attribute, Value


class Filters(Record):
    """For how long a framework does not want again what it refused."""

    refuse_seconds: Annotated[float | None, number(1, 5.0)] = None


class Request(Record):
    """A scheduler's hint at what it could use; accepted, and ignored by the allocator."""

    agent_id: Annotated[AgentID | None, number(1)] = None
    resources: Annotated[tuple[Resource, ...], number(2)] = ()


class Offer(Record):
    """Resources of one agent, offered to one role of one framework."""

    class Operation(Record):
        """One thing that a framework does with offered resources; the field of its `type` says what."""

        class Type(Enumeration):
            """What is done."""

            UNKNOWN = auto(), 0
            LAUNCH = auto(), 1
            LAUNCH_GROUP = auto(), 6
            RESERVE = auto(), 2
            UNRESERVE = auto(), 3
            CREATE = auto(), 4
            DESTROY = auto(), 5
            GROW_VOLUME = auto(), 11
            SHRINK_VOLUME = auto(), 12
            CREATE_DISK = auto(), 13
            DESTROY_DISK = auto(), 14

        class Launch(Record):
            """Start tasks, each in a container of its own."""

            task_infos: Annotated[tuple[TaskInfo, ...], number(1)] = ()

        class LaunchGroup(Record):
            """Start tasks together, under one executor, all or none."""

            executor: Annotated[ExecutorInfo, number(1)]
            task_group: Annotated[TaskGroupInfo, number(2)]

        class Reserve(Record):
            """Reserve resources, one level deeper than they are; operators may give a `source`."""

            source: Annotated[tuple[Resource, ...], number(2)] = ()
            resources: Annotated[tuple[Resource, ...], number(1)] = ()

        class Unreserve(Record):
            """Take the last level of reservation off."""

            resources: Annotated[tuple[Resource, ...], number(1)] = ()

        class Create(Record):
            """Make persistent volumes on reserved disk."""

            volumes: Annotated[tuple[Resource, ...], number(1)] = ()

        class Destroy(Record):
            """Delete persistent volumes and what is in them."""

            volumes: Annotated[tuple[Resource, ...], number(1)] = ()

        class GrowVolume(Record):
            """Make a persistent volume larger by `addition`."""

            volume: Annotated[Resource, number(1)]
            addition: Annotated[Resource, number(2)]

        class ShrinkVolume(Record):
            """Make a persistent volume smaller by `subtract`."""

            volume: Annotated[Resource, number(1)]
            subtract: Annotated[Value.Scalar, number(2)]

        class CreateDisk(Record):
            """Make raw storage a mount or block disk."""

            source: Annotated[Resource, number(1)]
            target_type: Annotated[Resource.DiskInfo.Source.Type, number(2)]
            target_profile: Annotated[str | None, number(3)] = None

        class DestroyDisk(Record):
            """Make a mount or block disk raw storage again."""

            source: Annotated[Resource, number(1)]

        type: Annotated[Type | None, number(1)] = None
        id: Annotated[OperationID | None, number(12)] = None
        launch: Annotated[Launch | None, number(2)] = None
        launch_group: Annotated[LaunchGroup | None, number(7)] = None
        reserve: Annotated[Reserve | None, number(3)] = None
        unreserve: Annotated[Unreserve | None, number(4)] = None
        create: Annotated[Create | None, number(5)] = None
        destroy: Annotated[Destroy | None, number(6)] = None
        grow_volume: Annotated[GrowVolume | None, number(13)] = None
        shrink_volume: Annotated[ShrinkVolume | None, number(14)] = None
        create_disk: Annotated[CreateDisk | None, number(15)] = None
        destroy_disk: Annotated[DestroyDisk | None, number(16)] = None

    id: Annotated[OfferID, number(1)]
    framework_id: Annotated[FrameworkID, number(2)]
    agent_id: Annotated[AgentID, number(3)]
    hostname: Annotated[str, number(4)]
    url: Annotated[URL | None, number(8)] = None
    domain: Annotated[DomainInfo | None, number(11)] = None
    resources: Annotated[tuple[Resource, ...], number(5)] = ()
    attributes: Annotated[tuple[Attribute, ...], number(7)] = ()
    executor_ids: Annotated[tuple[ExecutorID, ...], number(6)] = ()
    unavailability: Annotated[Unavailability | None, number(9)] = None
    allocation_info: Annotated[Resource.AllocationInfo | None, number(10)] = None


class InverseOffer(Record):
    """A request to give resources back before a machine goes away."""

    id: Annotated[OfferID, number(1)]
    url: Annotated[URL | None, number(2)] = None
    framework_id: Annotated[FrameworkID, number(3)]
    agent_id: Annotated[AgentID | None, number(4)] = None
    unavailability: Annotated[Unavailability, number(5)]
    resources: Annotated[tuple[Resource, ...], number(6)] = ()
