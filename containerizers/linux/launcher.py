"""The launcher's process: makes the first processes of containers, as children of the one that started it.

It has one thread, little memory and nothing to hide, so that a fork of it is quick and harmless, which is not
so for the process that asks it. It ends when that one does.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple, NoReturn

from containerizers.linux import child, idler
from containerizers.linux.clone import CGROUP, PID, clone, enter
from containerizers.linux.order import Answer, Order, receive, send
from containerizers.linux.syscalls import StepError, prctl, words

_PR_SET_DUMPABLE = 4


class _Given(NamedTuple):
    """The descriptors that came with an order; -1 for one that did not."""

    control: int
    streams: tuple[int, ...]
    entered: int
    doors: tuple[int, ...]

    @classmethod
    def of(cls, order: Order, descriptors: Sequence[int]) -> _Given:
        control, *others = descriptors
        streams, others = others[:3], others[3:]
        entered = others.pop(0) if order.entered else -1
        return cls(control, tuple(streams), entered, tuple(others))


class Launcher:
    """Serves orders that come from one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._machine = os.uname().machine
        self._idler = idler.load(self._machine)
        self._own_pids = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)

    def serve(self) -> None:
        """Serve until the other end is closed; raises OSError."""
        while (received := receive(self._connection)) is not None:
            content, descriptors = received
            try:
                answer = self._make(Order(*content), descriptors)
            except OSError as error:
                answer = Answer(0, None, f"the container's first process cannot be made: {words(error)}")
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)
            send(self._connection, answer)

    def _make(self, order: Order, descriptors: list[int]) -> Answer:
        """Make the process, and before it the first one of its namespace if that is a new one."""
        given = _Given.of(order, descriptors)
        made = order.namespaces & ~CGROUP  # that is made where the container's groups are
        if not made & PID:
            entered = {given.entered: order.entered} if order.entered else {}
            return Answer(self._clone(order, given, made, entered), None)
        first = clone(made, self._machine)
        if first == 0:
            self._idle(order, given)
        descriptor = os.pidfd_open(first)
        try:
            entered = {given.entered: order.entered, descriptor: made}
            process = self._clone(order, given, 0, entered)
        except OSError:
            os.kill(first, signal.SIGKILL)
            raise
        finally:
            os.close(descriptor)
        return Answer(process, first)

    def _clone(self, order: Order, given: _Given, made: int, entered: Mapping[int, int]) -> int:
        """Make it with new namespaces, and in those of processes, by their descriptors."""
        leads = next((process for process, namespaces in entered.items() if namespaces & PID), None)
        if leads is not None:
            enter(PID, leads)
        try:
            process = clone(made, self._machine, sibling=True)
            if process == 0:
                self._become(order, given, entered)
            return process
        finally:
            if leads is not None:
                enter(PID, self._own_pids)

    def _become(self, order: Order, given: _Given, entered: Mapping[int, int]) -> NoReturn:
        try:
            # Nobody must take this for the launcher's process.
            self._connection.close()
            for process, namespaces in entered.items():
                if namespaces & ~PID:
                    enter(namespaces & ~PID, process)
            child.become(order, given.control, given.streams, given.doors)
        except (StepError, OSError, ValueError) as error:
            os.write(given.control, str(error).encode(errors="surrogateescape"))
        finally:
            os._exit(1)

    def _idle(self, order: Order, given: _Given) -> NoReturn:
        try:
            self._connection.close()
            os.setsid()
            if order.entered & ~PID:
                enter(order.entered & ~PID, given.entered)
            child.await_go(given.control)
            child.join(given.doors)
            idler.idle(self._idler)
        except (StepError, OSError) as error:
            os.write(given.control, str(error).encode(errors="surrogateescape"))
        finally:
            os._exit(1)


def main() -> None:
    """Serve the connection whose descriptor is the last argument."""
    # Who may look into other processes must not into this, nor into what it forks: it knows secrets.
    prctl(_PR_SET_DUMPABLE, 0)
    # The first processes of namespaces are its own children, whose end nobody asks for.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # Who asks it decides when it ends, also when a terminal would end both.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with (
        socket.socket(fileno=int(sys.argv[-1])) as connection,
        contextlib.suppress(ConnectionError),  # whoever was at the other end has died
    ):
        connection.set_inheritable(False)
        Launcher(connection).serve()


if __name__ == "__main__":
    main()
