"""Whoever runs something, and the containerizer of its node (`containerizers`, which knows no messages)."""

from __future__ import annotations

from collections.abc import Mapping

from transport.message import Message
from transport.record import Record


class ConsoleSpec(Record):
    """That others can attach to a container's input and output."""

    #: Rows and columns of its pseudo terminal, 0 where that does not matter; None: it has three pipes.
    terminal: tuple[int, int] | None = None
    #: Whether nothing is read of what it writes before somebody is attached.
    waits: bool = False


class ContainerSpec(Record):
    """What is to run in a container, and how; paths are absolute, sizes in bytes, times in seconds."""

    #: What is executed: the program, then its arguments. The first is looked up in PATH of `environment`.
    arguments: tuple[str, ...]
    directory: str
    environment: Mapping[str, str] = {}
    #: A user's name; None: that of the node.
    user: str | None = None
    #: Files that take what it writes; None: /dev/null.
    stdout: str | None = None
    stderr: str | None = None
    #: None: it has no input, and only files take its output.
    console: ConsoleSpec | None = None


class LaunchContainer(Message):
    """Run something in a new container; answered by ContainerLaunched or ContainerEnded.

    A nested one is named `parent.child`, and ends with its parent.
    """

    container_id: str
    spec: ContainerSpec


class ContainerLaunched(Message):
    """It runs."""

    container_id: str
    process: int


class ContainerEnded(Message):
    """It is no more: `status` is as `waitpid` gives it; None when it could not be learned or started."""

    container_id: str
    status: int | None = None
    #: Why it could not be started, or was ended by the containerizer.
    error: str = ""


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


class MeasureContainers(Message):
    """What do all containers use? For the actor `meter`; answered by ContainersMeasured, in order."""

    #: Whether it must be measured now, or what was measured within half a second will do.
    anew: bool = True


class ContainerUsage(Record):
    """What a container has used, and uses."""

    #: The number of its first process.
    process: int | None = None
    processes: int = 0
    threads: int = 0
    user_seconds: float = 0.0
    system_seconds: float = 0.0
    memory_bytes: int = 0


class ContainersMeasured(Message):
    """By container id, what each uses; `wall` is when that was measured, in seconds since 1970."""

    usages: Mapping[str, ContainerUsage]
    wall: float


class FindContainers(Message):
    """What was left by a containerizer before, and waits to be adopted? Answered by ContainersFound."""


class ContainersFound(Message):
    """These do, parents before those nested in them."""

    container_ids: tuple[str, ...]
