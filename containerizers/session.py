"""A container of processes, as its containerizer knows it."""

from __future__ import annotations

import contextlib
import os
import select
from typing import NamedTuple

from containerizers.containerizer import Limitation
from containerizers.stamp import Stamp


class Alarm(NamedTuple):
    """A descriptor that tells that something happens to all of a container; `events` are those of epoll."""

    descriptor: int
    events: int = select.EPOLLIN


class Session:
    """One that was launched or adopted, and has not ended."""

    __slots__ = (
        "alarm",
        "container_id",
        "dead",
        "descriptor",
        "doubts",
        "gone",
        "has_file",
        "has_strays",
        "idler",
        "is_grouped",
        "limitation",
        "process",
        "status",
        "struck",
    )

    def __init__(self, container_id: str, process: int | None, descriptor: int | None) -> None:
        self.container_id = container_id
        #: The first process; None when it was gone before this containerizer came.
        self.process = process
        self.descriptor = descriptor
        self.alarm: Alarm | None = None
        #: Whether the first process has ended; it is reaped last, so that its number stays taken.
        self.gone = process is None
        self.status: int | None = None
        #: Why it was ended, when it used too much.
        self.limitation: Limitation | None = None
        self.has_file = False
        #: Processes of it that were seen to have ended.
        self.dead: set[int] = set() if process is None else {process}
        #: How often nothing of it was seen, but might have been overlooked.
        self.doubts = 0
        #: Whether a process of it was found that had left its session.
        self.has_strays = False
        #: Whether control groups tell what belongs to it; and the first process of its namespace, if it has
        #: one of its own.
        self.is_grouped = False
        self.idler: Stamp | None = None
        #: Whether that one was killed.
        self.struck = False

    def reap(self) -> None:
        """Let the number of the first process go, which has ended; once more does nothing."""
        if self.descriptor is not None:
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PIDFD, self.descriptor, os.WEXITED)
        self.close()

    def close(self) -> None:
        """Close its descriptors."""
        if self.descriptor is not None:
            os.close(self.descriptor)
        if self.alarm is not None:
            os.close(self.alarm.descriptor)
        self.descriptor = self.alarm = None


def status_of(descriptor: int) -> int | None:
    """How a process ended, as `waitpid` would give it; it is not reaped. None when it is no child."""
    try:
        result = os.waitid(os.P_PIDFD, descriptor, os.WEXITED | os.WNOWAIT)
    except ChildProcessError:
        return None
    assert result is not None
    if result.si_code == os.CLD_EXITED:
        return result.si_status << 8
    return result.si_status | (0x80 if result.si_code == os.CLD_DUMPED else 0)
