"""What a process may ask of the world: the one interface between actors and whatever hosts them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import msgspec

from actors.disk import Disk
from transport.envelope import Envelope
from transport.pid import Address, Pid

if TYPE_CHECKING:
    from actors.process import Process


class Timer:
    """A callback that becomes a turn of the process that set it, unless cancelled first.

    A cancelled timer never fires, even when its time had come and the turn was already queued.
    """

    __slots__ = ("callback", "cancelled", "cause", "period_seconds", "pid")

    def __init__(
        self,
        pid: Pid,
        callback: Callable[[], None],
        cause: Envelope | None = None,
        period_seconds: float | None = None,
    ) -> None:
        self.pid = pid
        self.callback = callback
        #: The message in whose handling the timer was set: what it causes belongs to the same trace.
        self.cause = cause
        #: Seconds from one firing to the next; None for a timer that fires once.
        self.period_seconds = period_seconds
        self.cancelled = False

    def cancel(self) -> None:
        """Make sure that it does not fire any more; harmless when it has, or is cancelled already."""
        self.cancelled = True


class Restart(msgspec.Struct, frozen=True):
    """When a crashed actor gets a successor: at most `intensity` times within `period_seconds`.

    The first successor comes at once, each further one of a series `backoff_seconds` later than the one
    before it did, so that a crash loop cannot eat a core.
    """

    intensity: int = 3
    period_seconds: float = 60.0
    backoff_seconds: float = 0.1


#: An actor that is not restarted.
NEVER = Restart(intensity=0)


class StoppingError(ValueError):
    """No actor can be spawned any more: the node is stopping, and who wanted to is about to end as well."""


class Log(Protocol):
    """Structured logging: a fixed lower-case phrase, and values as keys."""

    def debug(self, event: str, **values: object) -> None: ...  # noqa: D102
    def info(self, event: str, **values: object) -> None: ...  # noqa: D102
    def warning(self, event: str, **values: object) -> None: ...  # noqa: D102
    def error(self, event: str, **values: object) -> None: ...  # noqa: D102


class System(Protocol):
    """Hosts the processes of one node.

    Implemented by `PykkaSystem` for real and by `SimulatedNode` in simulation; a process sees no
    difference. Nothing here blocks, and nothing raises for what happens elsewhere: a message to a dead
    actor is dropped (and traced), a link to one answers with `exited`.
    """

    #: The only source of chance; seeded in simulation.
    rng: random.Random

    #: The newest leader's epoch that this node knows; told to others with every message, and raised by what
    #: they tell. Whoever obeys a leader of an older epoch makes sure first that there is no newer one
    #: (reliability.md I24). Set by the node's detector only, which knows best, to less too.
    epoch: int

    @property
    def disk(self) -> Disk:
        """The node's durable storage, below its work directory."""
        ...

    def now(self) -> float:
        """Monotonic seconds; only differences mean anything. Every timeout is measured by it."""
        ...

    def wall(self) -> float:
        """Seconds since the Unix epoch, for people to read; may jump, never decides anything."""
        ...

    def send(self, sender: Pid, to: Pid, message: object, cause: Envelope | None = None) -> None:
        """Deliver `message` in order after what `sender` sent to `to` before, at most once.

        Raises TypeError when a message for another node cannot be encoded.
        """
        ...

    def schedule(self, timer: Timer, seconds: float) -> None:
        """Fire `timer` as a turn of its process `seconds` from now, if that process still lives."""
        ...

    def link(self, watcher: Pid, to: Pid) -> None:
        """Tell `watcher` `exited(to)` once, when `to` ends or cannot be reached any more."""
        ...

    def unlink(self, watcher: Pid, to: Pid) -> None:
        """Take the link back; an `exited` that is already queued is dropped."""
        ...

    def spawn(
        self, make: Callable[[], Process], name: str, *, restart: Restart = NEVER, vital: bool = False
    ) -> Pid:
        """Start an actor; `make` builds its process, now and again for each restart.

        A vital actor that crashes and may not be restarted ends the daemon. Raises ValueError when the
        name is taken or malformed; what `make` raises goes to the caller.
        """
        ...

    def respawn(self, name: str) -> None:
        """Start a successor of the crashed actor of that name; for the supervisor."""
        ...

    def terminate(self, pid: Pid) -> None:
        """End an actor of this node once its present turn is over; what is queued for it is dropped.

        It gets no successor, even if its last turn crashes. A Pid of incarnation 0 also takes back a
        successor that is yet to come, of an actor that crashed before.
        """
        ...

    def trouble(self, address: Address) -> str:
        """Why the last connection with another node broke; empty when there was one since, or none broke."""
        ...

    def abort(self, reason: str) -> None:
        """End the whole daemon with a non-zero status, for a reason that it logs; for the supervisor."""
        ...

    def fault(self, point: str) -> None:
        """Mark a durable write or an outside call as done; an armed fault may strike here."""
        ...

    def logger(self, pid: Pid) -> Log:
        """The log of one actor."""
        ...
