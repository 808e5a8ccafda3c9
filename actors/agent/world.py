"""What the parts of an agent may ask of the world; the Agent process is it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from actors.agent.flags import AgentFlags
from actors.system import Log, Timer
from transport.message import Message
from transport.messages.checkpointing import Archived, Save
from transport.pid import Pid


class World(Protocol):
    """The part of a process that an agent's desks see."""

    log: Log
    pid: Pid
    flags: AgentFlags
    #: The actors of the agent's node, by what they do.
    updates: Pid
    garbage: Pid
    keeper: Pid

    @property
    def rng(self) -> random.Random:
        """The only source of chance."""
        ...

    @property
    def epoch(self) -> int:
        """The newest leader's epoch that this node has heard of."""
        ...

    @property
    def has_master(self) -> bool:
        """Whether the agent is registered with a master."""
        ...

    def now(self) -> float:
        """Monotonic seconds."""
        ...

    def wall(self) -> float:
        """Seconds since the Unix epoch, for timestamps that people read."""
        ...

    def send(self, to: Pid, message: Message) -> None:
        """Send a message."""
        ...

    def report(self, message: Message) -> None:
        """Tell the master, if the agent is registered with one; what it misses it learns at the next time."""
        ...

    def archive(self, saves: tuple[Save, ...], then: Callable[[Archived], None]) -> None:
        """Have these kept in order, after all that was given before; go on with `then` once they are."""
        ...

    def delay(self, seconds: float, callback: Callable[..., None], *arguments: object) -> Timer:
        """Call back later."""
        ...

    def link(self, pid: Pid) -> None:
        """Be told when that actor is gone."""
        ...

    def unlink(self, pid: Pid) -> None:
        """Take a link back."""
        ...
