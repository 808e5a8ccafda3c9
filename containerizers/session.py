"""A container of plain processes, as its containerizer knows it."""

from __future__ import annotations

import os


class Session:
    """One that was launched or adopted, and has not ended."""

    __slots__ = (
        "container_id",
        "dead",
        "descriptor",
        "doubts",
        "gone",
        "has_file",
        "has_strays",
        "process",
        "status",
    )

    def __init__(self, container_id: str, process: int | None, descriptor: int | None) -> None:
        self.container_id = container_id
        #: The first process; None when it was gone before this containerizer came.
        self.process = process
        self.descriptor = descriptor
        #: Whether the first process has ended; it is reaped last, so that its number stays taken.
        self.gone = process is None
        self.status: int | None = None
        self.has_file = False
        #: Processes of it that were seen to have ended.
        self.dead: set[int] = set() if process is None else {process}
        #: How often nothing of it was seen, but might have been overlooked.
        self.doubts = 0
        #: Whether a process of it was found that had left its session.
        self.has_strays = False


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
