"""Whoever runs something, and the containerizer of its node (`containerizers`, which knows no messages)."""

from __future__ import annotations

from collections.abc import Mapping

from transport.message import Message
from transport.record import Record


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


class FindContainers(Message):
    """What was left by a containerizer before, and waits to be adopted? Answered by ContainersFound."""


class ContainersFound(Message):
    """These do, parents before those nested in them."""

    container_ids: tuple[str, ...]
