"""Starting a container's first process so that nothing runs which nobody would find after a crash."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Callable, Sequence

from containerizers.linux.child import GO
from containerizers.linux.launcher_process import LauncherProcess
from containerizers.linux.order import Answer, Order
from containerizers.paths import RuntimePaths
from containerizers.program import StartError
from containerizers.session import Session
from containerizers.stamp import Stamp

#: Mounts may take a while, and those of a server that does not answer for ever.
_START_SECONDS = 30.0
_MESSAGE_BYTES = 65_536


class Starter:
    """Has the launcher's process make it, writes it down, and only then lets it become the program.

    Until then it ends by itself when this process does: the socket between them is closed then.
    """

    def __init__(self, paths: RuntimePaths, fault: Callable[[str], None]) -> None:
        self._paths = paths
        self._fault = fault
        self._process = LauncherProcess()

    def start(self, container_id: str, order: Order, descriptors: Sequence[int]) -> Session:
        """Start it; `descriptors` come with the order, behind the socket. Raises StartError and OSError."""
        control, end = socket.socketpair()
        with control:
            with end:
                self._fault("linux.clone.before")
                answer = self._process.make(order, (end.fileno(), *descriptors))
            self._fault("linux.clone.after")
            try:
                session = self._write_down(container_id, answer)
                self._fault("linux.stamp.after")
                _go(control, answer)
                session.descriptor = os.pidfd_open(answer.process)
            except BaseException:
                _abandon(answer)
                raise
            self._fault("linux.start.after")
            return session

    def close(self) -> None:
        """Start nothing more."""
        self._process.close()

    def _write_down(self, container_id: str, answer: Answer) -> Session:
        idler = None if answer.idler is None else Stamp.of(answer.idler)
        if idler is not None:
            self._paths.idler(container_id).write_text(str(idler), encoding="ascii")
        self._paths.write_stamp(container_id, answer.process)
        # Nobody reaps it before, so its number cannot be another's yet.
        session = Session(container_id, answer.process, None)
        session.idler = idler
        session.has_file = True
        return session


def _go(control: socket.socket, answer: Answer) -> None:
    """Let it go on; raises StartError with what went wrong until it became the program."""
    control.settimeout(_START_SECONDS)
    pieces = []
    try:
        with contextlib.suppress(BrokenPipeError):  # It has given up, and said why.
            control.sendall(GO if answer.idler is None else 2 * GO)
        while piece := control.recv(_MESSAGE_BYTES):
            pieces.append(piece)
    except TimeoutError:
        raise StartError(f"the container was not ready within {_START_SECONDS:.0f} seconds") from None
    except ConnectionError:  # It did not read all, and said why.
        pass
    if pieces:
        raise StartError(b"".join(pieces).decode(errors="replace"))


def _abandon(answer: Answer) -> None:
    """End what was made for nothing. The first process of a namespace takes the other with it."""
    for process in (answer.process, answer.idler):
        with contextlib.suppress(ProcessLookupError):
            if process is not None:
                os.kill(process, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(answer.process, 0)
