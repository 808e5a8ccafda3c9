"""Whoever runs something, and the containerizer of its node (`containerizers`, which knows no messages)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from transport.message import Message
from transport.messages.container_spec import ContainerSpec, Limits
from transport.record import Record


class LaunchContainer(Message):
    """Run something in a new container; answered by ContainerLaunched or ContainerEnded.

    A nested one is named `parent.child`, and ends with its parent.
    """

    container_id: str
    spec: ContainerSpec
    #: Whether it is remembered, until ForgetContainer, that it was begun, even if this node dies.
    is_kept: bool = False


class ContainerLaunched(Message):
    """It runs."""

    container_id: str
    process: int
    #: Of its own network, if it has one.
    addresses: tuple[str, ...] = ()
    #: What Docker says of it, in JSON.
    described: bytes = b""


class Limitation(Record):
    """That a container used more than it may, and how much of it: bytes, or a number of ports."""

    kind: Literal["memory", "disk", "ports"]
    message: str
    used: int | None = None
    #: Ranges, both ends included, of the ports that are not its own.
    ports: tuple[tuple[int, int], ...] = ()


class ContainerEnded(Message):
    """It is no more: `status` is as `waitpid` gives it; None when it could not be learned or started."""

    container_id: str
    status: int | None = None
    #: Why it could not be started, or was ended by the containerizer.
    error: str = ""
    #: Why it was ended, when it used too much.
    limitation: Limitation | None = None


class UpdateContainer(Message):
    """Change what a container may use, or all together that are nested in one that runs nothing itself."""

    container_id: str
    limits: Limits
    #: Where those that are nested work, or in folders below it, if there are any.
    directory: str | None = None


class LimitContainer(Message):
    """Destroy a container, which uses more than it may; its end tells why."""

    container_id: str
    limitation: Limitation


class ListContainers(Message):
    """What is there? Answered by ContainersListed."""


class ListedContainer(Record):
    """One that is there, and what it was launched with, as far as that is known of one that was adopted."""

    container_id: str
    process: int | None = None
    #: Whether it does not run yet: its files are being fetched, or it is being made.
    is_launching: bool = False
    #: Whether it was told to end.
    is_ending: bool = False
    directory: str | None = None
    limits: Limits | None = None


class ContainersListed(Message):
    """All that run."""

    containers: tuple[ListedContainer, ...]


class SignalContainer(Message):
    """Send a signal to all processes of a container; one that is no more ignores it."""

    container_id: str
    signal: int


class DestroyContainer(Message):
    """Kill all processes of a container, and of those nested in it.

    Answered by ContainerEnded when they are gone, also when there are none; whoever launched the container
    is told once.
    """

    container_id: str


class AdoptContainer(Message):
    """Tell me from now on of this container; answered by ContainerLaunched or ContainerEnded."""

    container_id: str
    #: What it was launched with, if whoever asks knows that.
    spec: ContainerSpec | None = None
    #: Whether to launch it now if it is certain that it never was; only for one that was to be kept.
    launches: bool = False


class ForgetContainer(Message):
    """Nobody will ask for a container of that id any more: that it was begun need not be remembered."""

    container_id: str


class AwaitContainer(Message):
    """Tell me when a container is no more; answered by ContainerEnded, at once if there is none."""

    container_id: str


class InspectContainer(Message):
    """How is a container? Answered by ContainerInspected."""

    container_id: str


class ContainerInspected(Message):
    """Whether it is there: launched, and not ended."""

    container_id: str
    is_there: bool = False
    #: What its first process finds in its environment, once it runs.
    environment: Mapping[str, str] = {}


class VolumeUsage(Record):
    """How much is in a persistent volume of a container, and may be; None while that was not counted."""

    persistence_id: str
    limit_bytes: int
    used_bytes: int | None = None


class DiskUsage(Record):
    """How much is in the folder that a container works in, and in its volumes."""

    limit_bytes: int | None = None
    used_bytes: int | None = None
    volumes: tuple[VolumeUsage, ...] = ()


class DisksMeasured(Message):
    """What takes up the disk, by container id: from the actor `disk_watch` to `meter`, after each round."""

    usages: Mapping[str, DiskUsage]


class MeasureContainers(Message):
    """What do all containers use? For the actor `meter`; answered by ContainersMeasured, in order."""

    #: Whether it must be measured now, or what was measured within half a second will do.
    anew: bool = True


class ContainerUsage(Record):
    """What a container has used, and uses."""

    #: The number of its first process.
    process: int | None = None
    #: Whether what is nested in it counts here, too, even if that has ended; else only it alone does.
    includes_nested: bool = False
    processes: int = 0
    threads: int = 0
    #: Of all processes since they began, with those that ended among them.
    user_seconds: float = 0.0
    system_seconds: float = 0.0
    #: Resident; that of processes of which several share it counts for each.
    memory_bytes: int = 0
    # What follows is None where nobody counts it.
    #: Periods of the CPU's hard limit that it ran in, those in which it was held up, and for how long.
    cpu_periods: int | None = None
    throttled_periods: int | None = None
    throttled_seconds: float | None = None
    #: With caches; and of that, what is what.
    total_memory_bytes: int | None = None
    anonymous_bytes: int | None = None
    file_bytes: int | None = None
    mapped_file_bytes: int | None = None
    swap_bytes: int | None = None
    unevictable_bytes: int | None = None
    kernel_bytes: int | None = None
    kernel_tcp_bytes: int | None = None
    memory_limit_bytes: int | None = None
    soft_memory_limit_bytes: int | None = None
    #: In an order: how often pressure was low, medium, critical.
    memory_pressure: tuple[int, int, int] | None = None
    read_bytes: int | None = None
    written_bytes: int | None = None
    received_bytes: int | None = None
    received_packets: int | None = None
    received_errors: int | None = None
    received_dropped: int | None = None
    sent_bytes: int | None = None
    sent_packets: int | None = None
    sent_errors: int | None = None
    sent_dropped: int | None = None
    disk_bytes: int | None = None
    disk_limit_bytes: int | None = None
    volumes: tuple[VolumeUsage, ...] = ()


class ContainersMeasured(Message):
    """By container id, what each uses; `wall` is when that was measured, in seconds since 1970."""

    usages: Mapping[str, ContainerUsage]
    wall: float


class FindContainers(Message):
    """What was left by a containerizer before, and waits to be adopted? Answered by ContainersFound."""


class ContainersFound(Message):
    """These do, parents before those nested in them."""

    container_ids: tuple[str, ...]
    #: Those of which it is remembered that they were begun, whether they run or not.
    begun: tuple[str, ...] = ()
    #: Whether these are all that were since the host was booted.
    is_complete: bool = False
