"""Which processes of the machine belong to which container.

A container's first process leads a session, and to ask the kernel for a session is one cheap call for each
process. A process that has left it by `setsid`, as daemons do, is known by the mark in the environment that
it was born with, or, should it have dropped that too, by its ancestors as long as they live.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from containerizers.stamp import Stamp, stat

#: The variable that marks what belongs to a container; its value is `<container id>@<runtime dir>`.
MARK = "PION_CONTAINER"
#: What a session was found to be is believed for so long after it was last seen; numbers come back.
_BELIEVED_SECONDS = 1.0
_GENERATIONS = 64


class Census:
    """Counts all processes, again and again; `place` tells the containers of several runtime dirs apart."""

    def __init__(self, place: str) -> None:
        self._place = os.fsencode(place)
        #: Whether the last count can have missed nobody. A process that ended since the list was made may
        #: have made one that is not on it; and when numbers began anew meanwhile, a new one may have been
        #: given one that the list had passed.
        self.settled = True
        self._verdicts: dict[int, str] = {}
        #: Those that have ended, of whom the rest is not known.
        self._dead: set[int] = set()
        self._taken = 0.0

    def mark(self, container_id: str) -> Mapping[str, str]:
        """What to add to the environment of a container's first process."""
        return {MARK: f"{container_id}@{os.fsdecode(self._place)}"}

    def take(
        self, sessions: Mapping[int, str], stray: Callable[[str, int], None] = lambda _name, _process: None
    ) -> dict[str, list[int]]:
        """The processes of each container, those included that ended and wait to be reaped.

        `sessions` are the first processes that are known, with their containers. Others are found by their
        mark alone. `stray` is called at once for each process that has left its container's session, with
        the container's id: a moment later that process may have made another one, and be gone.
        """
        now = time.monotonic()
        old = self._verdicts if now - self._taken < _BELIEVED_SECONDS else {}
        self._taken = now
        self._verdicts = {}
        self.settled = True
        newest = _newest()
        before, self._dead = self._dead, set()
        members: dict[str, list[int]] = {}
        for name in os.listdir("/proc"):  # noqa: PTH208  the names are enough
            if not name.isdecimal():
                continue
            process = int(name)
            try:
                session = os.getsid(process)
            except OSError:
                self.settled = False
                continue
            container = sessions.get(session)
            is_stray = container is None
            if container is None:
                container = self._verdicts.get(session, old.get(session))
                if container is None:
                    container = self._judge(process, session, sessions)
                if container is None:
                    self._dead.add(process)
                    self.settled &= process in before
                    continue
                self._verdicts[session] = container
            if container:
                members.setdefault(container, []).append(process)
                if is_stray:
                    stray(container, process)
        self.settled &= _newest() >= newest
        return members

    def first(self, container_id: str) -> Stamp | None:
        """The oldest process with a container's mark that leads a session; None when there is none."""
        leaders = []
        for process in self.take({}).get(container_id, ()):
            with contextlib.suppress(OSError):
                if os.getsid(process) == process:
                    leaders.append(Stamp.of(process))
        running = [stamp for stamp in leaders if stamp is not None and stamp.runs]
        return min(running, key=lambda stamp: stamp.started, default=None)

    def _judge(self, process: int, session: int, sessions: Mapping[int, str]) -> str | None:
        """The container of a process in an unknown session, "" for none; None when it cannot be told yet."""
        if session == 0:  # the kernel's own
            return ""
        try:
            born_with = environment(process)
        except PermissionError:
            return self._descended(process, sessions)
        except OSError:
            return None
        container = self._marked(born_with) or self._descended(process, sessions)
        # One that has ended has no environment any more, but another of its session may.
        return container if container or born_with else None

    def _marked(self, born_with: bytes) -> str:
        for variable in born_with.split(b"\0"):
            if variable.startswith(MARK.encode() + b"="):
                container, _, place = variable.partition(b"=")[2].partition(b"@")
                return os.fsdecode(container) if place == self._place else ""
        return ""

    def _descended(self, process: int, sessions: Mapping[int, str]) -> str:
        """The container of the nearest ancestor that is known to have one."""
        for _ in range(_GENERATIONS):
            seen = stat(process)
            if seen is None or seen.parent <= 1:
                return ""
            process = seen.parent
            with contextlib.suppress(OSError):
                container = sessions.get(os.getsid(process)) or self._marked(environment(process))
                if container:
                    return container
        return ""


def _newest() -> int:
    """The number that was given out last."""
    return int(Path("/proc/loadavg").read_bytes().rsplit(maxsplit=1)[-1])


def environment(process: int) -> bytes:
    """What a process was born with, each variable ended by a zero byte; raises OSError."""
    return Path(f"/proc/{process}/environ").read_bytes()
