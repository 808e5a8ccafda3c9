"""What makes containers, and what it reports of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, Protocol, TypeAlias

import msgspec

from containerizers.spec import Limits, Spec


class Usage(msgspec.Struct, frozen=True, kw_only=True):
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


class Launched(msgspec.Struct, frozen=True):
    """A container runs; `process` is the number of its first process."""

    container_id: str
    process: int
    #: Of its own network, if it has one.
    addresses: tuple[str, ...] = ()
    #: What Docker says of it, in JSON.
    described: bytes = b""


class Limitation(msgspec.Struct, frozen=True):
    """That a container used more than it may, and how much of it: bytes, or a number of ports."""

    kind: Literal["memory", "disk", "ports"]
    message: str
    used: int | None = None
    #: Ranges, both ends included, of the ports that are not its own.
    ports: tuple[tuple[int, int], ...] = ()


class Ended(msgspec.Struct, frozen=True):
    """A container is no more, and nothing of it runs.

    `status` is as `os.waitpid` gives it; None when it could not be learned (adopted, and not a child of this
    process), or nothing was started. `error` says why it was not started, or why nothing is known of it.
    """

    container_id: str
    status: int | None = None
    error: str = ""
    #: Why it was ended, when it used too much.
    limitation: Limitation | None = None


class Broken(msgspec.Struct, frozen=True):
    """A bug: nothing is told any more. Another containerizer must take its place, and adopt what runs."""

    reason: str


Event: TypeAlias = Launched | Ended | Broken
#: Takes events; may be called by any thread.
Notify: TypeAlias = Callable[[Event], None]


class Containerizer(Protocol):
    """Makes containers, and kills them; never blocks for long. What comes of it is told by events.

    Ids are made of letters, digits, `-` and `_`; that of a container nested in another is `parent.child`.
    For each `launch` and each `adopt` there is exactly one Ended in the end, after at most one Launched.
    """

    def launch(self, container_id: str, spec: Spec) -> None:
        """Start a container; raises ValueError when one of that id is there."""
        ...

    def update(self, container_id: str, limits: Limits) -> None:
        """Change what a container may use; or, where only nested ones are, all of them together."""
        ...

    def signal(self, container_id: str, signal: int) -> None:
        """Send a signal to all processes of a container; nothing happens to one that is no more."""
        ...

    def destroy(self, container_id: str) -> None:
        """Kill all processes of a container and of those nested in it; Ended follows when they are gone."""
        ...

    def recover(self) -> tuple[str, ...]:
        """Ids of containers that run now and were left by a process before this one."""
        ...

    def adopt(self, container_id: str) -> None:
        """Report on a recovered container from now on; Ended at once if it is no more."""
        ...

    def environment(self, container_id: str) -> Mapping[str, str]:
        """What the first process of a container finds in its environment; nothing when that is gone."""
        ...

    def usage(self) -> Mapping[str, Usage]:
        """What all containers use, by id; may take a while, so it is for a thread that may wait."""
        ...

    def processes(self) -> Mapping[str, tuple[int, ...]]:
        """The numbers of the processes of all containers, by id; may take a while, too."""
        ...

    def close(self) -> None:
        """Stop reporting; containers run on, but for those that were told to end before."""
        ...

    def end(self) -> None:
        """Destroy all that runs, remove what is left of it, and stop reporting; may take 10 seconds."""
        ...
