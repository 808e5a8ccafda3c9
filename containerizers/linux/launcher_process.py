"""The launcher's process, as the one that started it sees it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from containerizers.linux.order import Answer, Order, receive, send
from containerizers.program import StartError

#: No packages but Python's own: it starts sooner, and takes less memory.
_PROGRAM = "import sys; sys.path.append(sys.argv[1]); from containerizers.linux.launcher import main; main()"
_ROOT = str(Path(__file__).parents[2])
#: To make a process takes it a millisecond. Only a machine that stands still takes so long.
_ANSWER_SECONDS = 30.0


class LauncherProcess:
    """Starts it when it is first needed, and again when it has died. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: socket.socket | None = None

    def make(self, order: Order, descriptors: Sequence[int]) -> Answer | None:
        """Have a container's first process made; raises StartError, and OSError.

        None when the launcher's process died meanwhile, so that nobody knows what it has made.
        """
        with self._lock:
            answer = self._ask(order, tuple(descriptors))
            if answer is None:
                self._end()
        if answer is not None and answer.error:
            raise StartError(answer.error)
        return answer

    def close(self) -> None:
        """End it; what it made runs on."""
        with self._lock:
            self._end()

    def _ask(self, order: Order, descriptors: tuple[int, ...]) -> Answer | None:
        connection = self._connection or self._start()
        try:
            send(connection, order, descriptors)
            received = receive(connection)
        except TimeoutError:
            self._end()
            raise StartError(
                f"the launcher's process has not answered within {_ANSWER_SECONDS:.0f} seconds"
            ) from None
        except ConnectionError:
            return None
        return None if received is None else Answer(*received[0])

    def _start(self) -> socket.socket:
        connection, end = socket.socketpair()
        with contextlib.ExitStack() as failed, end:
            failed.callback(connection.close)
            self._process = subprocess.Popen(  # noqa: S603  it is this very program
                (sys.executable, "-I", "-S", "-c", _PROGRAM, _ROOT, str(end.fileno())),
                stdin=subprocess.DEVNULL,
                pass_fds=(end.fileno(),),
                cwd="/",
                env={},
                start_new_session=True,
            )
            failed.pop_all()
        connection.settimeout(_ANSWER_SECONDS)
        self._connection = connection
        return connection

    def _end(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            self._process.wait()
            self._process = None
