"""What the handlers of a daemon's HTTP server may use of its node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from actors.gateway.asking import Ask
from actors.metrics import Registry
from actors.process import Process
from actors.system import Log
from transport.message import Message
from transport.pid import Address, Pid


class Spawn(Protocol):
    """Starts an actor whose turns run on the server's thread, so that it may write to an Outlet."""

    def __call__(self, make: Callable[[], Process], name: str) -> Pid:
        """Start it; raises ValueError when the name is taken, StoppingError when the node ends."""
        ...


class Front(msgspec.Struct, frozen=True, kw_only=True):
    """One for each daemon; the same for all its handlers."""

    #: Where the node's actors are.
    here: Address
    #: Puts a question to an actor of the node by its name; raises HttpError, a 503.
    ask: Ask
    spawn: Spawn
    #: Tells an actor something, in the name of the actor `gateway`.
    tell: Callable[[Pid, Message], None]
    metrics: Registry
    log: Log
    #: Monotonic seconds, and seconds since the Unix epoch.
    now: Callable[[], float]
    wall: Callable[[], float]
