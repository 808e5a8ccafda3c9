"""Containers of processes: each a session, which all of it ends with."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import threading
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from containerizers.census import environment
from containerizers.containerizer import Broken, Ended, Event, Launched, Notify, Usage
from containerizers.launcher import Launcher, Remains
from containerizers.paths import check_id, parent_of
from containerizers.posix import PosixLauncher
from containerizers.program import StartError
from containerizers.session import Session, status_of
from containerizers.spec import Limits, Spec
from containerizers.switchboard import Switchboard

#: While something of an ended container is still there, it is looked for after pauses that grow.
_SHORTEST_PAUSE_SECONDS = 0.002
_LONGEST_PAUSE_SECONDS = 0.5
#: For so long there is looked, again and again, for why an alarm rang.
_RINGING_SECONDS = 1.0
_RINGING_PAUSE_SECONDS = 0.01
_ALARM_BYTES = 4096
#: So long the end of all is waited for.
_ENDING_SECONDS = 10.0


class ProcessContainerizer:
    """`Containerizer` that has a `Launcher` start processes; may be called by any thread.

    `notify` is called on the caller's thread for what is known at once, else on the one thread that waits
    for all processes. What a container's first process leaves behind is killed before its end is told.
    With another containerizer on the same `runtime_dir` at the same time neither would be right. Consoles
    are handed to the `switchboard`; without one they are refused.
    """

    def __init__(
        self,
        runtime_dir: Path,
        notify: Notify,
        switchboard: Switchboard | None = None,
        launcher: Launcher | None = None,
    ) -> None:
        self._launcher = PosixLauncher(runtime_dir) if launcher is None else launcher
        self._switchboard = switchboard
        self._notify = notify
        #: Guards the tables.
        self._lock = threading.Lock()
        #: That one has ended.
        self._fewer = threading.Condition(self._lock)
        self._containers: dict[str, Session] = {}
        self._nested: dict[str, dict[str, None]] = {}
        #: Ids whose program is being started.
        self._starting: set[str] = set()
        #: By the descriptors of first processes, and of alarms.
        self._watched: dict[int, Session] = {}
        self._alarms: dict[int, Session] = {}
        #: Those whose alarm rang, and until when a reason is looked for.
        self._rung: dict[Session, float] = {}
        #: Those of which the first process is gone, or that were told to end.
        self._ending: dict[str, Session] = {}
        self._signals: deque[tuple[str, int]] = deque()
        self._released: deque[str] = deque()
        self._pause = _SHORTEST_PAUSE_SECONDS
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

    def signal(self, container_id: str, signal: int) -> None:
        """See `Containerizer.signal`."""
        self._signals.append((container_id, signal))
        self._wake_up()

    def destroy(self, container_id: str) -> None:
        """See `Containerizer.destroy`."""
        with self._lock:
            self._doom(container_id)
        self._released.append(container_id)
        self._wake_up()

    def recover(self) -> tuple[str, ...]:
        """See `Containerizer.recover`."""
        with self._lock:
            found = self._launcher.recover(self._is_known)
            return tuple(sorted(one for one in found if not self._is_known(one)))

    def adopt(self, container_id: str) -> None:
        """See `Containerizer.adopt`; raises ValueError for one that this containerizer has."""
        check_id(container_id)
        self._reserve(container_id)
        self._add(self._launcher.recovered(container_id))

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
        return self._launcher.usage(self._first())

    def update(self, container_id: str, limits: Limits) -> None:
        """See `Containerizer.update`."""
        check_id(container_id)
        self._launcher.update(container_id, limits)

    def processes(self) -> Mapping[str, tuple[int, ...]]:
        """See `Containerizer.processes`."""
        return self._launcher.processes(self._first())

    def close(self) -> None:
        """See `Containerizer.close`."""
        self._closed = True
        self._wake_up()
        self._thread.join()
        self._launcher.close()
        self._epoll.close()
        os.close(self._wake)
        for container in self._containers.values():
            container.close()

    def end(self) -> None:
        """See `Containerizer.end`."""
        self._notify = _nobody
        for container_id in self.recover():
            self.adopt(container_id)
        with self._lock:
            families = {container_id.partition(".")[0]: None for container_id in self._containers}
        for container_id in families:
            self.destroy(container_id)
        with self._fewer:
            self._fewer.wait_for(lambda: not self._containers, _ENDING_SECONDS)
        self._launcher.end()
        self.close()

    # On the caller's thread.

    def _first(self) -> dict[str, int | None]:
        """The numbers of the first processes."""
        with self._lock:
            return {container_id: one.process for container_id, one in self._containers.items()}

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
        session, console = self._launcher.start(container_id, spec)
        if console is not None and self._switchboard is not None:
            self._switchboard.add(container_id, console)
        return session

    def _add(self, container: Session) -> None:
        container_id = container.container_id
        with self._lock:
            self._starting.discard(container_id)
            self._containers[container_id] = container
            if parent := parent_of(container_id):
                self._nested.setdefault(parent, {})[container_id] = None
        wakes = self._launcher.added(container)
        if container.process is not None:
            self._notify(Launched(container_id, container.process))
        with self._lock:
            if container.descriptor is None:
                self._doom(container_id)
                wakes = True
            else:
                self._watch(container, container.descriptor)
            if parent_of(container_id) in self._ending:
                self._doom(container_id)
        if wakes:
            self._wake_up()

    def _watch(self, container: Session, descriptor: int) -> None:
        self._watched[descriptor] = container
        self._epoll.register(descriptor, select.EPOLLIN)
        if container.alarm is not None:
            self._alarms[container.alarm.descriptor] = container
            self._epoll.register(*container.alarm)

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
                elif descriptor in self._alarms:
                    self._ring(descriptor)
                else:
                    self._first_ended(descriptor)
            pause = self._work()
        # Who was told to end must not run on because nobody waits for it any more.
        self._work(hurries=True)

    def _work(self, *, hurries: bool = False) -> float | None:
        """Do what is to be done; returns when there will be more, in seconds."""
        try:
            self._send_signals()
            pauses = [self._heed_alarms(), self._bury(hurries=hurries), self._launcher.work()]
            while self._released:
                self._launcher.release(self._released.popleft())
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

    def _ring(self, alarm: int) -> None:
        """An alarm may ring a moment before anything happens."""
        with contextlib.suppress(OSError):
            os.read(alarm, _ALARM_BYTES)
        self._rung[self._alarms[alarm]] = time.monotonic() + _RINGING_SECONDS

    def _heed_alarms(self) -> float | None:
        """End containers whose alarms rang for a reason; returns when to look again, in seconds."""
        for container, until in tuple(self._rung.items()):
            if self._launcher.is_alarmed(container):
                with self._lock:
                    self._doom(container.container_id)
            elif time.monotonic() < until:
                continue
            del self._rung[container]
        return _RINGING_PAUSE_SECONDS if self._rung else None

    def _mute(self, container: Session) -> None:
        """Listen to its alarm no more."""
        alarm = container.alarm
        if alarm is not None and self._alarms.pop(alarm.descriptor, None) is not None:
            self._epoll.unregister(alarm.descriptor)
        self._rung.pop(container, None)

    def _send_signals(self) -> None:
        signals = tuple(self._signals)
        if signals:
            self._launcher.signal(signals)
        for _ in signals:
            self._signals.popleft()

    def _bury(self, *, hurries: bool) -> float | None:
        """Kill what is left of ending containers, and tell of those of which nothing is.

        Returns when to look again, in seconds; None when there is nothing to wait for.
        """
        with self._lock:
            ending = list(self._ending.values())
        if not ending:
            return None
        for container in ending:
            self._mute(container)
        rest = self._launcher.rest()
        if rest > 0 and not hurries:
            return rest
        found = self._launcher.clear(ending, self._may_end)
        for container, remains in zip(ending, found, strict=True):
            if remains is Remains.NOTHING:
                self._finish(container)
        if Remains.SOMETHING in found:
            pause = self._pause
            self._pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            return pause
        return 0.0 if Remains.DOUBT in found else None

    def _may_end(self, container: Session) -> bool:
        return container.gone and not self._nested.get(container.container_id)

    def _finish(self, container: Session) -> None:
        container_id = container.container_id
        with self._lock:
            del self._containers[container_id], self._ending[container_id]
            self._fewer.notify_all()
            parent = parent_of(container_id)
            if parent in self._nested:
                self._nested[parent].pop(container_id, None)
                if not self._nested[parent]:
                    del self._nested[parent]
        if self._switchboard is not None:
            self._switchboard.finish(container_id)
        self._notify(Ended(container_id, container.status, limitation=container.limitation))


def _nobody(_event: Event) -> None:
    """Nobody is told any more."""
