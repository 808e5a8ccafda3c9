"""Containers of plain processes: each a session of its own, which all of it ends with."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from containerizers import groups
from containerizers.census import Census, environment
from containerizers.containerizer import Broken, Ended, Launched, Notify, Usage
from containerizers.paths import RuntimePaths, check_id, parent_of
from containerizers.program import StartError, raise_limit, start
from containerizers.session import Session, status_of
from containerizers.spec import Limits, Spec
from containerizers.stamp import Stamp
from containerizers.switchboard import Switchboard
from containerizers.usage import Meter

#: While something of an ended container is still there, it is looked for after pauses that grow.
_SHORTEST_PAUSE_SECONDS = 0.002
_LONGEST_PAUSE_SECONDS = 0.5
#: Where processes come and go all the time, no list of them is ever complete: this many must do, or so many
#: where something has left the container's session before.
_DOUBTS = 3
_STRAY_DOUBTS = 1000
#: To count the processes of a busy machine takes a while: at most a fifth of the time goes into it.
_CENSUS_REST = 4
#: A container that lives so long gets a file. Until then a crash leaves but its mark, and that may be lost
#: where a program writes over its environment; most short tasks are spared the slow work of a file system.
_FILE_AFTER_SECONDS = 1.0


class ProcessContainerizer:
    """`Containerizer` that makes sessions of processes; may be called by any thread.

    `notify` is called on the caller's thread for what is known at once, else on the one thread that waits
    for all processes. What a container's first process leaves behind is killed before its end is told.
    With another containerizer on the same `runtime_dir` at the same time neither would be right. Consoles
    are handed to the `switchboard`; without one they are refused.
    """

    def __init__(self, runtime_dir: Path, notify: Notify, switchboard: Switchboard | None = None) -> None:
        self._paths = RuntimePaths(runtime_dir)
        self._census = Census(str(runtime_dir.resolve()))
        self._meter = Meter(str(runtime_dir.resolve()))
        self._switchboard = switchboard
        self._notify = notify
        self._open_files = raise_limit()
        #: Guards the tables and the folders.
        self._lock = threading.Lock()
        self._containers: dict[str, Session] = {}
        self._nested: dict[str, dict[str, None]] = {}
        #: Ids whose program is being started.
        self._starting: set[str] = set()
        #: First processes, which lead the sessions.
        self._sessions: dict[int, str] = {}
        self._watched: dict[int, Session] = {}
        #: Those of which the first process is gone, or that were told to end.
        self._ending: dict[str, Session] = {}
        #: Those that have no file yet, and when they get it.
        self._young: deque[tuple[float, Session]] = deque()
        self._signals: deque[tuple[str, int]] = deque()
        self._pause = _SHORTEST_PAUSE_SECONDS
        self._next_census = 0.0
        self._closed = False
        self._epoll = select.epoll()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._epoll.register(self._wake, select.EPOLLIN)
        self._thread = threading.Thread(target=self._run, name="containers", daemon=True)
        self._thread.start()

    # Containerizer.

    def launch(self, container_id: str, spec: Spec) -> None:
        """See `Containerizer.launch`."""
        check_id(container_id)
        self._reserve(container_id)
        try:
            container = self._start(container_id, spec)
        except (StartError, OSError) as error:
            with self._lock:
                self._starting.discard(container_id)
            self._notify(Ended(container_id, None, str(error)))
        else:
            self._add(container)
            self._young.append((time.monotonic() + _FILE_AFTER_SECONDS, container))
            if len(self._young) == 1:
                self._wake_up()

    def signal(self, container_id: str, signal: int) -> None:
        """See `Containerizer.signal`."""
        self._signals.append((container_id, signal))
        self._wake_up()

    def destroy(self, container_id: str) -> None:
        """See `Containerizer.destroy`."""
        with self._lock:
            self._doom(container_id)
        self._wake_up()

    def recover(self) -> tuple[str, ...]:
        """See `Containerizer.recover`."""
        marked = self._census.take({})
        found = {container_id: None for container_id, left in marked.items() if any(map(groups.runs, left))}
        with self._lock:
            for container_id in reversed(self._paths.containers()):
                if self._is_known(container_id) or container_id in found:
                    continue
                if self._stamp(container_id) is not None:
                    found[container_id] = None
                else:
                    self._paths.remove(container_id)
            return tuple(sorted(one for one in found if not self._is_known(one)))

    def adopt(self, container_id: str) -> None:
        """See `Containerizer.adopt`; raises ValueError for one that this containerizer has."""
        check_id(container_id)
        self._reserve(container_id)
        container = self._recovered(container_id)
        container.has_file = self._paths.pid(container_id).exists()
        self._add(container)

    def environment(self, container_id: str) -> Mapping[str, str]:
        """See `Containerizer.environment`."""
        container = self._containers.get(container_id)
        try:
            born_with = b"" if container is None else environment(container.process or 0)
        except OSError:
            return {}
        pairs = (os.fsdecode(variable).partition("=") for variable in born_with.split(b"\0") if variable)
        return {name: value for name, _, value in pairs}

    def usage(self) -> Mapping[str, Usage]:
        """See `Containerizer.usage`."""
        with self._lock:
            first = {container_id: one.process for container_id, one in self._containers.items()}
        return self._meter.read(first)

    def update(self, container_id: str, limits: Limits) -> None:
        """See `Containerizer.update`: plain processes are held to nothing."""

    def processes(self) -> Mapping[str, tuple[int, ...]]:
        """See `Containerizer.processes`."""
        with self._lock:
            first = {container_id: one.process for container_id, one in self._containers.items()}
        return self._meter.processes(first)

    def close(self) -> None:
        """See `Containerizer.close`."""
        self._closed = True
        self._wake_up()
        self._thread.join()
        self._epoll.close()
        os.close(self._wake)
        for container in self._containers.values():
            if container.descriptor is not None:
                os.close(container.descriptor)

    # On the caller's thread.

    def _reserve(self, container_id: str) -> None:
        with self._lock:
            if self._is_known(container_id):
                raise ValueError(f"container {container_id}: is there already")
            self._starting.add(container_id)

    def _is_known(self, container_id: str) -> bool:
        return container_id in self._containers or container_id in self._starting

    def _start(self, container_id: str, spec: Spec) -> Session:
        if spec.console is not None and self._switchboard is None:
            raise StartError("console: there is nobody who holds it")
        process, console = start(spec, self._census.mark(container_id), self._open_files)
        if console is not None and self._switchboard is not None:
            self._switchboard.add(container_id, console)
        try:
            # A child that nobody reaps keeps its number: it cannot be another's yet.
            return Session(container_id, process, os.pidfd_open(process))
        except OSError:
            os.killpg(process, signal.SIGKILL)
            os.waitpid(process, 0)
            self._hang_up(container_id)
            raise

    def _hang_up(self, container_id: str) -> None:
        if self._switchboard is not None:
            self._switchboard.finish(container_id)

    def _add(self, container: Session) -> None:
        container_id = container.container_id
        with self._lock:
            self._starting.discard(container_id)
            self._containers[container_id] = container
            if parent := parent_of(container_id):
                self._nested.setdefault(parent, {})[container_id] = None
            if container.process is not None:
                self._sessions[container.process] = container_id
        if container.process is not None:
            self._notify(Launched(container_id, container.process))
        with self._lock:
            if container.descriptor is None:
                self._ending[container_id] = container
            else:
                self._watched[container.descriptor] = container
                self._epoll.register(container.descriptor, select.EPOLLIN)
            if parent_of(container_id) in self._ending:
                self._doom(container_id)
        if container.descriptor is None:
            self._wake_up()

    def _stamp(self, container_id: str) -> Stamp | None:
        """The first process of a container, as its file says, if its end can be seen."""
        try:
            stamp = Stamp.parse(self._paths.pid(container_id).read_text(encoding="utf-8", errors="replace"))
        except FileNotFoundError:
            return None
        return stamp if stamp is not None and stamp.can_be_awaited else None

    def _recovered(self, container_id: str) -> Session:
        if self._paths.pid(container_id).exists():
            stamp = self._stamp(container_id)
        else:
            stamp = self._census.first(container_id)
        if stamp is not None:
            with contextlib.suppress(ProcessLookupError):
                descriptor = os.pidfd_open(stamp.process)
                # Opened by its number: was it still the same one?
                if stamp.can_be_awaited:
                    return Session(container_id, stamp.process, descriptor)
                os.close(descriptor)
        return Session(container_id, None, None)

    def _doom(self, container_id: str) -> None:
        for nested in self._nested.get(container_id, ()):
            self._doom(nested)
        container = self._containers.get(container_id)
        if container is not None:
            self._ending[container_id] = container
            self._pause = _SHORTEST_PAUSE_SECONDS

    def _wake_up(self) -> None:
        os.eventfd_write(self._wake, 1)

    # On the thread that waits.

    def _run(self) -> None:
        reason = "the thread that waits for containers has ended"
        try:
            self._wait()
        except OSError as error:
            reason = f"{reason}: {error}"
        finally:
            if not self._closed:
                self._notify(Broken(reason))

    def _wait(self) -> None:
        pause: float | None = None
        while not self._closed:
            for descriptor, _ in self._epoll.poll(pause):
                if descriptor == self._wake:
                    os.eventfd_read(self._wake)
                else:
                    self._first_ended(descriptor)
            pause = self._work()
        # Who was told to end must not run on because nobody waits for it any more.
        self._next_census = 0.0
        self._work()
        for _, container in self._young:
            self._write_file(container)

    def _work(self) -> float | None:
        """Do what is to be done; returns when there will be more, in seconds."""
        try:
            self._send_signals()
            pauses = [self._bury(), self._write_files()]
        except OSError as error:
            # To look at processes takes a descriptor, and there may be none just now.
            if error.errno not in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):
                raise
            return _LONGEST_PAUSE_SECONDS
        return min((one for one in pauses if one is not None), default=None)

    def _first_ended(self, descriptor: int) -> None:
        status = status_of(descriptor)
        with self._lock:
            container = self._watched.pop(descriptor)
            self._epoll.unregister(descriptor)
            container.status = status
            container.gone = True
            self._doom(container.container_id)

    def _send_signals(self) -> None:
        if not self._signals:
            return
        members = self._count()
        while self._signals:
            container_id, number = self._signals.popleft()
            groups.send(number, members.get(container_id, ()))

    def _bury(self) -> float | None:
        """Kill what is left of ending containers, and tell of those of which nothing is.

        Returns when to look again, in seconds; None when there is nothing to wait for.
        """
        with self._lock:
            ending = list(self._ending.values())
        if not ending:
            return None
        rest = self._next_census - time.monotonic()
        if rest > 0:
            return rest
        members = self._count(self._strike)
        pauses = [self._look_after(container, members) for container in ending]
        if any(pauses):
            pause = self._pause
            self._pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            return pause
        return None if all(pause is None for pause in pauses) else 0.0

    def _look_after(self, container: Session, members: Mapping[str, list[int]]) -> bool | None:
        """Kill what is left of a container; tell its end when nothing is.

        Returns whether to pause before the next look; None when it has ended.
        """
        container_id = container.container_id
        running: list[int] = []
        ended: list[int] = []
        for process in members.get(container_id, ()):
            (running if groups.runs(process) else ended).append(process)
        if running:
            container.doubts = 0
            groups.kill(running, lambda: self._count().get(container_id, ()))
            return not container.has_strays
        if not container.gone or self._nested.get(container_id):
            return True
        # Who ended since the processes were listed may have made another one: so list them again.
        settled = self._census.settled and container.dead.issuperset(ended)
        container.dead.update(ended)
        container.doubts += 1
        if not settled and container.doubts < (_STRAY_DOUBTS if container.has_strays else _DOUBTS):
            return False
        self._finish(container)
        return None

    def _strike(self, container_id: str, process: int) -> None:
        container = self._ending.get(container_id)
        if container is not None:
            container.has_strays = True
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

    def _finish(self, container: Session) -> None:
        container_id = container.container_id
        if container.descriptor is not None:
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PIDFD, container.descriptor, os.WEXITED)
            os.close(container.descriptor)
        with self._lock:
            del self._containers[container_id], self._ending[container_id]
            self._sessions.pop(container.process or 0, None)
            parent = parent_of(container_id)
            if parent in self._nested:
                self._nested[parent].pop(container_id, None)
                if not self._nested[parent]:
                    del self._nested[parent]
        if container.has_file:
            with contextlib.suppress(OSError):
                self._paths.remove(container_id)
        self._hang_up(container_id)
        self._notify(Ended(container_id, container.status))

    def _write_files(self) -> float | None:
        """Write the files of those that are old enough; returns when the next one will be, in seconds."""
        now = time.monotonic()
        while self._young:
            due, container = self._young[0]
            if due > now:
                return due - now
            self._young.popleft()
            self._write_file(container)
        return None

    def _write_file(self, container: Session) -> None:
        if self._containers.get(container.container_id) is not container or container.gone:
            return
        assert container.process is not None
        container.has_file = True
        # On a full disk there is still the mark.
        with contextlib.suppress(OSError):
            self._paths.folder(container.container_id).mkdir(parents=True, exist_ok=True)
            stamp = str(Stamp.of(container.process))
            self._paths.pid(container.container_id).write_text(stamp, encoding="ascii")
