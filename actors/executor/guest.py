"""A container that an operator had launched, as the executor node knows it."""

from __future__ import annotations

import enum
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from actors.executor.container_spec import PATH
from actors.executor.settings import PRIVATE_PREFIX
from transport.messages.lodging import LaunchGuest
from transport.pid import Pid

#: Ends that are remembered, so that they can be asked for afterwards.
_ENDS: Final = 1_000


class Stage(enum.Enum):
    """How far a guest is."""

    #: Whether that around it is there is being asked.
    ASKING = enum.auto()
    #: Its sandbox is being made.
    LODGING = enum.auto()
    #: The containerizer was told to launch it.
    LAUNCHING = enum.auto()
    RUNNING = enum.auto()


class Guest:
    """One that was asked for, and has not ended."""

    __slots__ = ("client", "container_id", "is_resumed", "launch", "spec", "stage")

    def __init__(self, client: Pid, launch: LaunchGuest) -> None:
        #: Who is to be answered; and of a session, whom it ends with.
        self.client = client
        self.launch = launch
        self.container_id = launch.container_id
        self.spec = launch.spec
        self.stage = Stage.ASKING
        #: Whether it was launched by a node before this one: nobody waits for an answer.
        self.is_resumed = False

    @property
    def parent(self) -> str:
        """The container that it is nested in; empty for a standalone one."""
        return self.container_id.rpartition(".")[0]

    def inherit(self, environment: Mapping[str, str]) -> None:
        """Have it find that in its environment, too: what is not for executors alone, or said otherwise."""
        around = {name: value for name, value in environment.items() if not name.startswith(PRIVATE_PREFIX)}
        if self.launch.inherits:
            self.spec = replace(self.spec, environment={"PATH": PATH, **around, **self.spec.environment})

    @property
    def name(self) -> str:
        """What it is called within that."""
        return self.container_id.rpartition(".")[2]


class End(msgspec.Struct, frozen=True):
    """How a guest ended."""

    status: int | None
    message: str


class Ends:
    """Ends by container id, the latest of them."""

    def __init__(self) -> None:
        self._ends: OrderedDict[str, End] = OrderedDict()

    def __contains__(self, container_id: object) -> bool:
        return container_id in self._ends

    def get(self, container_id: str) -> End | None:
        """How it ended, if that is remembered."""
        return self._ends.get(container_id)

    def add(self, container_id: str, end: End) -> None:
        """Remember an end."""
        self._ends[container_id] = end
        if len(self._ends) > _ENDS:
            self._ends.popitem(last=False)

    def forget(self, container_id: str) -> None:
        """Remember neither it nor those nested in it."""
        for one in tuple(self._ends):
            if is_within(one, container_id):
                del self._ends[one]


def is_within(container_id: str, other: str) -> bool:
    """Whether it is the other one, or nested in it."""
    return container_id == other or container_id.startswith(other + ".")
