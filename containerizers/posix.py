"""Starts containers as sessions of plain processes, and finds what belongs to them by a census."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from containerizers import groups
from containerizers.census import Census
from containerizers.containerizer import Usage
from containerizers.launcher import Remains, Started
from containerizers.paths import RuntimePaths
from containerizers.program import raise_limit, start
from containerizers.session import Session
from containerizers.spec import Limits, Spec
from containerizers.usage import Meter

#: Where processes come and go all the time, no list of them is ever complete: this many must do, or so many
#: where something has left the container's session before.
_DOUBTS = 3
_STRAY_DOUBTS = 1000
#: To count the processes of a busy machine takes a while: at most a fifth of the time goes into it.
_CENSUS_REST = 4
#: A container that lives so long gets a file. Until then a crash leaves but its mark, and that may be lost
#: where a program writes over its environment; most short tasks are spared the slow work of a file system.
_FILE_AFTER_SECONDS = 1.0


class PosixLauncher:
    """`Launcher` for any system with sessions; nothing keeps its containers from the host."""

    def __init__(self, runtime_dir: Path) -> None:
        place = str(runtime_dir.resolve())
        self._paths = RuntimePaths(runtime_dir)
        self._census = Census(place)
        self._meter = Meter(place)
        self._open_files = raise_limit()
        #: Guards the table.
        self._lock = threading.Lock()
        #: Containers by first processes, which lead the sessions.
        self._sessions: dict[int, str] = {}
        #: Those that have no file yet, and when they get it.
        self._young: deque[tuple[float, Session]] = deque()
        self._ending: Mapping[str, Session] = {}
        self._next_census = 0.0

    # For any thread.

    def start(self, container_id: str, spec: Spec) -> Started:
        """See `Launcher.start`."""
        process, console = start(spec, self._census.mark(container_id), self._open_files)
        try:
            # A child that nobody reaps keeps its number: it cannot be another's yet.
            return Started(Session(container_id, process, os.pidfd_open(process)), console)
        except OSError:
            os.killpg(process, signal.SIGKILL)
            os.waitpid(process, 0)
            if console is not None:
                console.close()
            raise

    def added(self, session: Session) -> bool:
        """See `Launcher.added`."""
        if session.process is None:
            return False
        with self._lock:
            self._sessions[session.process] = session.container_id
        if session.has_file:
            return False
        self._young.append((time.monotonic() + _FILE_AFTER_SECONDS, session))
        return len(self._young) == 1

    def recover(self, is_known: Callable[[str], bool]) -> Iterable[str]:
        """See `Launcher.recover`."""
        marked = self._census.take({})
        found = {container_id: None for container_id, left in marked.items() if any(map(groups.runs, left))}
        for container_id in reversed(self._paths.containers()):
            if is_known(container_id) or container_id in found:
                continue
            if self._paths.stamp(container_id) is not None:
                found[container_id] = None
            else:
                self._paths.remove(container_id)
        return found

    def recovered(self, container_id: str) -> Session:
        """See `Launcher.recovered`."""
        has_file = self._paths.pid(container_id).exists()
        stamp = self._paths.stamp(container_id) if has_file else self._census.first(container_id)
        descriptor = None if stamp is None else stamp.open()
        process = None if stamp is None or descriptor is None else stamp.process
        session = Session(container_id, process, descriptor)
        session.has_file = has_file
        return session

    def update(self, container_id: str, limits: Limits) -> None:
        """See `Launcher.update`: plain processes are held to nothing."""

    def usage(self, first: Mapping[str, int | None]) -> Mapping[str, Usage]:
        """See `Launcher.usage`."""
        return self._meter.read(first)

    def processes(self, first: Mapping[str, int | None]) -> Mapping[str, tuple[int, ...]]:
        """See `Launcher.processes`."""
        return self._meter.processes(first)

    # On the thread that waits.

    def signal(self, signals: Sequence[tuple[str, int]]) -> None:
        """See `Launcher.signal`."""
        members = self._count()
        for container_id, number in signals:
            groups.send(number, members.get(container_id, ()))

    def rest(self) -> float:
        """See `Launcher.rest`."""
        return self._next_census - time.monotonic()

    def clear(self, ending: Sequence[Session], may_end: Callable[[Session], bool]) -> Sequence[Remains]:
        """See `Launcher.clear`."""
        self._ending = {session.container_id: session for session in ending}
        members = self._count(self._strike)
        return [
            self._clear(session, members.get(session.container_id, ()), may_end=may_end(session))
            for session in ending
        ]

    def is_alarmed(self, session: Session) -> bool:
        """See `Launcher.is_alarmed`: there are no alarms."""
        return False

    def work(self) -> float | None:
        """Write the files of those that are old enough."""
        now = time.monotonic()
        while self._young:
            due, session = self._young[0]
            if due > now:
                return due - now
            self._young.popleft()
            self._write_file(session)
        return None

    def release(self, container_id: str) -> None:
        """See `Launcher.release`: there is nothing without processes."""

    def end(self) -> None:
        """See `Launcher.end`: there is nothing."""

    def close(self) -> None:
        """See `Launcher.close`."""
        for _, session in self._young:
            self._write_file(session)
        self._young.clear()

    def _clear(self, session: Session, members: Iterable[int], *, may_end: bool) -> Remains:
        container_id = session.container_id
        running: list[int] = []
        ended: list[int] = []
        for process in members:
            (running if groups.runs(process) else ended).append(process)
        if running:
            session.doubts = 0
            groups.kill(running, lambda: self._count().get(container_id, ()))
            return Remains.DOUBT if session.has_strays else Remains.SOMETHING
        if not may_end:
            return Remains.SOMETHING
        # Who ended since the processes were listed may have made another one: so list them again.
        settled = self._census.settled and session.dead.issuperset(ended)
        session.dead.update(ended)
        session.doubts += 1
        if not settled and session.doubts < (_STRAY_DOUBTS if session.has_strays else _DOUBTS):
            return Remains.DOUBT
        self._finish(session)
        return Remains.NOTHING

    def _strike(self, container_id: str, process: int) -> None:
        session = self._ending.get(container_id)
        if session is not None:
            session.has_strays = True
            groups.send(signal.SIGKILL, (process,))

    def _count(
        self, stray: Callable[[str, int], None] = lambda _name, _process: None
    ) -> dict[str, list[int]]:
        with self._lock:
            sessions = dict(self._sessions)
        started = time.monotonic()
        members = self._census.take(sessions, stray)
        ended = time.monotonic()
        self._next_census = ended + _CENSUS_REST * (ended - started)
        return members

    def _finish(self, session: Session) -> None:
        session.reap()
        with self._lock:
            self._sessions.pop(session.process or 0, None)
        if session.has_file:
            with contextlib.suppress(OSError):
                self._paths.remove(session.container_id)

    def _write_file(self, session: Session) -> None:
        if session.gone or session.process is None:
            return
        session.has_file = True
        # On a full disk there is still the mark.
        with contextlib.suppress(OSError):
            self._paths.write_stamp(session.container_id, session.process)
