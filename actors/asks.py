"""Questions from outside the actors: main() and HTTP handlers ask one, and wait a bounded time."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Protocol

from actors.process import Exited
from transport.envelope import Envelope
from transport.pid import Address, Pid

#: Connections of which it is remembered why they broke.
_BREAKS_KEPT = 64


class AskedSystem(Protocol):
    """What asking needs of a system."""

    @property
    def address(self) -> Address: ...  # noqa: D102
    @property
    def incarnation(self) -> int: ...  # noqa: D102
    def route(self, pid: Pid, inbox: Asker | None) -> None:
        """Lead what is sent to `pid` into `inbox`, or nowhere any more."""
        ...

    def taken(self, envelope: Envelope) -> None:
        """Note an answer, which will have no turn."""
        ...

    def send(self, sender: Pid, to: Pid, message: object) -> None: ...  # noqa: D102
    def link(self, watcher: Pid, to: Pid) -> None: ...  # noqa: D102
    def unlink(self, watcher: Pid, to: Pid) -> None: ...  # noqa: D102


class Asker:
    """Stands in for an actor that waits for one answer; `taken` hears of each that comes."""

    def __init__(self, taken: Callable[[Envelope], None]) -> None:
        self._answers: SimpleQueue[object] = SimpleQueue()
        self._taken = taken

    def post(self, envelope: Envelope) -> bool:
        """Take an answer; only the first one is looked at."""
        self._taken(envelope)
        self._answers.put(envelope.message)
        return True

    def post_signal(self, envelope: Envelope) -> None:
        """Take the news that the asked one is gone."""
        self._answers.put(envelope.message)

    def wait(self, timeout_seconds: float) -> object:
        """The first thing that came; raises queue.Empty when nothing did."""
        return self._answers.get(timeout=timeout_seconds)


class Asks:
    """Puts questions to actors of this node and others, from any thread that is not an actor's."""

    def __init__(self, system: AskedSystem) -> None:
        self._system = system
        self._numbers = itertools.count()
        # Why connections broke, the latest last, for those who ask and get no answer.
        self._breaks: dict[Address, str] = {}

    def ask(self, to: Pid, message: object, timeout_seconds: float) -> object:
        """Send `message` and wait for the first answer.

        Raises TimeoutError naming who did not answer, ConnectionError when there is no such actor or no
        way to its node.
        """
        system = self._system
        asker = Asker(system.taken)
        pid = Pid(f"ask-{next(self._numbers)}", *system.address, system.incarnation)
        self._breaks.pop(to.address, None)
        system.route(pid, asker)
        try:
            system.link(pid, to)
            system.send(pid, to, message)
            answer = asker.wait(timeout_seconds)
        except Empty:
            raise TimeoutError(f"{to} did not answer within {timeout_seconds:g} s") from None
        finally:
            system.route(pid, None)
            system.unlink(pid, to)
        if isinstance(answer, Exited):
            reason = self._breaks.get(to.address)
            raise ConnectionError(f"{to} cannot be reached: {reason}" if reason else f"{to}: no such actor")
        return answer

    def broken(self, address: Address, reason: str) -> None:
        """Remember why the connection with another node broke; called on the router's thread only."""
        self._breaks[address] = reason
        if len(self._breaks) > _BREAKS_KEPT:
            self._breaks.pop(next(iter(self._breaks)), None)
