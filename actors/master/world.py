"""What the parts of a master may ask of the world; the Master process is it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from actors.system import Log, Timer
from transport.message import Message
from transport.messages.registry import RegistryApplied, RegistryOperation
from transport.pid import Pid
from transport.records.master import MasterInfo


class World(Protocol):
    """The part of a process that a master's desks see; a test's recorder is another one."""

    log: Log

    @property
    def info(self) -> MasterInfo:
        """What the master says about itself; its id is new with every reign."""
        ...

    @property
    def rng(self) -> random.Random:
        """The only source of chance."""
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

    def allocate(self, message: Message) -> None:
        """Tell the allocator."""
        ...

    def save(self, operation: RegistryOperation, then: Callable[[RegistryApplied], None]) -> None:
        """Change the registry, and go on with `then` once that is durable or was refused."""
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
