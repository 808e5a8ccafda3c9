"""Questions from outside the actors: main() and HTTP handlers ask one, and wait a bounded time."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from transport.envelope import Envelope
from transport.pid import Address, Pid


class AskedSystem(Protocol):
    """What asking needs of a system."""

    @property
    def address(self) -> Address: ...  # noqa: D102
    @property
    def incarnation(self) -> int: ...  # noqa: D102
    def taken(self, envelope: Envelope) -> None:
        """Note an answer, which will have no turn."""
        ...

    def send(self, sender: Pid, to: Pid, message: object) -> None: ...  # noqa: D102
    def link(self, watcher: Pid, to: Pid) -> None: ...  # noqa: D102
    def unlink(self, watcher: Pid, to: Pid) -> None: ...  # noqa: D102


class Mailboxes(Protocol):
    """What asking needs of a table of mailboxes."""

    def __setitem__(self, pid: Pid, inbox: Asker, /) -> None: ...
    def pop(self, pid: Pid, default: None, /) -> object: ...  # noqa: D102


class Asker:
    """Stands in for an actor that waits for one answer; `taken` hears of each that comes.

    `answer` is completed on the thread that brings it; with what `gone` makes, if the asked one is gone.
    """

    def __init__(self, taken: Callable[[Envelope], None], gone: Callable[[], Exception]) -> None:
        self.answer: Future[object] = Future()
        self._taken = taken
        self._gone = gone
        # Never released: answers may come from several threads at once, and only the first is looked at.
        self._first = threading.Lock()

    def post(self, envelope: Envelope) -> bool:
        """Take an answer."""
        self._taken(envelope)
        if self._is_wanted():
            self.answer.set_result(envelope.message)
        return True

    def post_signal(self, _envelope: Envelope) -> None:
        """Take the news that the asked one is gone."""
        if self._is_wanted():
            self.answer.set_exception(self._gone())

    def _is_wanted(self) -> bool:
        return self._first.acquire(blocking=False) and self.answer.set_running_or_notify_cancel()


class Asks:
    """Puts questions to actors of this node and others, from any thread that is not an actor's.

    An asker has a place among the node's `mailboxes` for as long as it waits. `trouble` tells why the last
    connection with a node broke.
    """

    def __init__(self, system: AskedSystem, mailboxes: Mailboxes, trouble: Callable[[Address], str]) -> None:
        self._system = system
        self._mailboxes = mailboxes
        self._trouble = trouble
        self._numbers = itertools.count()

    def ask(self, to: Pid, message: object, timeout_seconds: float) -> object:
        """Send `message` and wait for the first answer.

        Raises TimeoutError naming who did not answer, ConnectionError when there is no such actor or no
        way to its node.
        """
        answer = self.begin(to, message)
        try:
            return answer.result(timeout_seconds)
        except TimeoutError:
            raise TimeoutError(f"{to} did not answer within {timeout_seconds:g} s") from None
        finally:
            answer.cancel()

    def begin(self, to: Pid, message: object) -> Future[object]:
        """Send `message`; the first answer, or ConnectionError, as soon as it comes.

        Who does not want to wait any more cancels it.
        """
        system = self._system
        asker = Asker(system.taken, lambda: self._gone(to))
        pid = Pid(f"ask-{next(self._numbers)}", *system.address, system.incarnation)
        self._mailboxes[pid] = asker
        asker.answer.add_done_callback(lambda _answer: self._forget(pid, to))
        with contextlib.ExitStack() as unsent:
            unsent.callback(asker.answer.cancel)
            system.link(pid, to)
            system.send(pid, to, message)
            unsent.pop_all()
        return asker.answer

    def _gone(self, to: Pid) -> ConnectionError:
        reason = self._trouble(to.address)
        return ConnectionError(f"{to} cannot be reached: {reason}" if reason else f"{to}: no such actor")

    def _forget(self, pid: Pid, to: Pid) -> None:
        self._mailboxes.pop(pid, None)
        self._system.unlink(pid, to)
