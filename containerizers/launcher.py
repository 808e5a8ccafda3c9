"""How the containers of one runtime directory are started, and how all that belongs to them is ended."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from containerizers.console import Console
from containerizers.containerizer import Usage
from containerizers.session import Session
from containerizers.spec import Limits, Spec


class Started(NamedTuple):
    """A container that runs, and its console if it has one, which the caller takes on."""

    session: Session
    console: Console | None = None


class Remains(enum.Enum):
    """What there is of a container that is to end."""

    #: Nothing, and its first process was reaped.
    NOTHING = enum.auto()
    #: Something that was killed, or that others must end first: look again later, or at once.
    SOMETHING = enum.auto()
    DOUBT = enum.auto()


class Launcher(Protocol):
    """`start`, `added`, `recover`, `recovered`, `update`, `usage` and `processes` are for any thread.

    The others are for the one that waits for all containers.
    """

    def start(self, container_id: str, spec: Spec) -> Started:
        """Start a container; raises StartError or OSError, and leaves nothing then."""
        ...

    def added(self, session: Session) -> bool:
        """A container was started or adopted; returns whether `work` is to be done earlier than it said."""
        ...

    def recover(self, is_known: Callable[[str], bool]) -> Iterable[str]:
        """Ids of containers of which something runs; of others that are not known nothing is left."""
        ...

    def recovered(self, container_id: str) -> Session:
        """A container that another process left, or what is left of it."""
        ...

    def update(self, container_id: str, limits: Limits) -> None:
        """See `Containerizer.update`."""
        ...

    def usage(self, first: Mapping[str, int | None]) -> Mapping[str, Usage]:
        """What these containers use, by id; `first` tells the numbers of their first processes."""
        ...

    def processes(self, first: Mapping[str, int | None]) -> Mapping[str, tuple[int, ...]]:
        """The numbers of the processes of these containers, by id."""
        ...

    def signal(self, signals: Sequence[tuple[str, int]]) -> None:
        """Send signals to all processes of containers."""
        ...

    def rest(self) -> float:
        """How long to wait before the next `clear`, in seconds: to look may be dear."""
        ...

    def clear(self, ending: Sequence[Session], may_end: Callable[[Session], bool]) -> Sequence[Remains]:
        """Kill what is left of these, and tell for each what there was.

        One that may not end yet, because its first process runs or others are nested in it, always leaves
        something. Of one that may, the first process is reaped as the last.
        """
        ...

    def is_alarmed(self, session: Session) -> bool:
        """The alarm of a container rang: whether it must end now."""
        ...

    def work(self) -> float | None:
        """Do what time has come for; returns when there will be more, in seconds."""
        ...

    def release(self, container_id: str) -> None:
        """Nobody will nest anything in this container any more, if that is all it is there for."""
        ...

    def end(self) -> None:
        """Nothing runs any more, and nothing will: remove what is there for all containers."""
        ...

    def close(self) -> None:
        """Nothing is asked for any more; containers run on."""
        ...
