"""Starting a container's first process so that nothing runs which nobody would find after a crash."""

from __future__ import annotations

import contextlib
import os
import select
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

#: Mounts may take a while, and those of a server that does not answer for ever. Others wait meanwhile.
_START_SECONDS = 15.0
_END_SECONDS = 5.0
_MESSAGE_BYTES = 65_536
_ATTEMPTS = 3


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
        self._fault("linux.clone.before")
        control, answer = self._clone(order, descriptors)
        self._fault("linux.clone.after")
        # Nobody reaps it, so its number cannot be another's yet.
        session = Session(container_id, answer.process, None)
        with control, contextlib.ExitStack() as failed:
            failed.callback(_abandon, session)
            session.descriptor = os.pidfd_open(answer.process)
            session.idler = None if answer.idler is None else Stamp.of(answer.idler)
            self._write_down(session)
            self._fault("linux.stamp.after")
            _go(control, answer)
            failed.pop_all()
        self._fault("linux.start.after")
        return session

    def close(self) -> None:
        """Start nothing more."""
        self._process.close()

    def _clone(self, order: Order, descriptors: Sequence[int]) -> tuple[socket.socket, Answer]:
        """The socket that tells the new process to go on, and the numbers."""
        for _ in range(_ATTEMPTS):
            # Of its own: what a launcher's process made before it died must never hear of going on.
            control, end = socket.socketpair()
            with contextlib.ExitStack() as failed:
                failed.callback(control.close)
                with end:
                    answer = self._process.make(order, (end.fileno(), *descriptors))
                if answer is not None:
                    failed.pop_all()
                    return control, answer
        raise StartError("the launcher's process ends whenever it is asked for something")

    def _write_down(self, session: Session) -> None:
        assert session.process is not None
        if session.idler is not None:
            self._paths.idler(session.container_id).write_text(str(session.idler), encoding="ascii")
        self._paths.write_stamp(session.container_id, session.process)
        session.has_file = True


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


def _abandon(session: Session) -> None:
    """End what was made for nothing."""
    assert session.process is not None
    if session.idler is not None:
        session.idler.kill()
    os.kill(session.process, signal.SIGKILL)
    # One that waits for a disk, or a server, ends when that answers; nobody can wait for it here.
    if session.descriptor is None or select.select([session.descriptor], [], [], _END_SECONDS)[0]:
        os.waitpid(session.process, 0)
    session.close()
