"""Containers that only seem to run, in whatever time a simulation keeps."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from containerizers.containerizer import Ended, Launched, Limitation, Notify, Usage
from containerizers.paths import check_id, parent_of
from containerizers.spec import Limits, Spec

_NOTHING: Mapping[str, str] = MappingProxyType({})

#: Calls back so many seconds later, unless whoever asked is gone by then.
Delay: TypeAlias = Callable[[float, Callable[[], None]], object]


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """What a program does once it is started."""

    #: How long it runs by itself, in seconds; None: until it is killed.
    seconds: float | None = None
    #: How it ends by itself, as `os.waitpid` gives it.
    status: int = 0
    #: Signals that do nothing to it; SIGKILL always does.
    ignored: tuple[int, ...] = ()
    #: How long it takes to end after a signal other than SIGKILL, in seconds.
    ending_seconds: float = 0.0
    #: Why it cannot be started at all, if so.
    error: str = ""
    #: Why it ends by itself, if it used too much then.
    limitation: Limitation | None = None
    #: Of its own network.
    addresses: tuple[str, ...] = ()


#: Says what comes of a spec.
Script: TypeAlias = Callable[[Spec], Course]


class Running:
    """One container on a fake kernel."""

    def __init__(
        self, container_id: str, process: int, course: Course, now: float, environment: Mapping[str, str]
    ) -> None:
        self.container_id = container_id
        self.environment = environment
        self.process = process
        self.course = course
        #: When it ends, and how, as far as is known.
        self.ends = None if course.seconds is None else now + course.seconds
        self.status: int | None = course.status
        #: Whether it will have ended by itself.
        self.by_itself = True
        #: Whether whoever has it now launched it; nobody else can learn how it ended.
        self.is_child = True

    def end(self, when: float, status: int) -> None:
        """Have it end at that time, unless it does so before."""
        if self.ends is None or when < self.ends:
            self.ends, self.status, self.by_itself = when, status, False


class FakeKernel:
    """What runs on one simulated machine; it outlives the process that launched it, but no loss of power.

    `now` gives seconds on a clock that goes on for as long as the kernel does.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        #: By container id, in order of launch; some may have ended, and nobody looked.
        self.running: dict[str, Running] = {}
        #: What containers may use since that was changed, or all together that are nested in one.
        self.limits: dict[str, Limits] = {}
        self._processes = 1000

    def run(self, container_id: str, course: Course, environment: Mapping[str, str] = _NOTHING) -> Running:
        """Start a container."""
        self._processes += 1
        running = Running(container_id, self._processes, course, self.now(), environment)
        self.running[container_id] = running
        return running

    def lose_power(self) -> None:
        """End everything, with nobody to tell."""
        self.running.clear()

    def sweep(self) -> None:
        """Forget what has ended with nobody there to see it."""
        now = self.now()
        for running in tuple(self.running.values()):
            if running.ends is not None and running.ends <= now:
                del self.running[running.container_id]


class FakeContainerizer:
    """`Containerizer` that makes nothing: `script` says what each program would do.

    `kernel` is handed from one to the next when the process that has it dies; a machine that lost its
    power gets a new one. Nothing is written to stdout or stderr.
    """

    def __init__(self, notify: Notify, delay: Delay, script: Script, kernel: FakeKernel) -> None:
        self._notify = notify
        self._delay = delay
        self._script = script
        self._kernel = kernel
        #: Those that this one launched or adopted.
        self._mine: dict[str, Running] = {}

    def launch(self, container_id: str, spec: Spec) -> None:
        """See `Containerizer.launch`."""
        check_id(container_id)
        if container_id in self._kernel.running:
            raise ValueError(f"container {container_id}: is there already")
        course = self._script(spec)
        if course.error:
            self._notify(Ended(container_id, None, course.error))
            return
        self._begin(self._kernel.run(container_id, course, spec.environment))

    def signal(self, container_id: str, signal: int) -> None:
        """See `Containerizer.signal`."""
        running = self._mine.get(container_id)
        if running is not None:
            self._send(running, signal)

    def destroy(self, container_id: str) -> None:
        """See `Containerizer.destroy`."""
        for running in tuple(self._mine.values()):
            if running.container_id == container_id or running.container_id.startswith(container_id + "."):
                self._send(running, signal.SIGKILL)

    def recover(self) -> tuple[str, ...]:
        """See `Containerizer.recover`."""
        self._kernel.sweep()
        return tuple(sorted(self._kernel.running.keys() - self._mine.keys()))

    def adopt(self, container_id: str) -> None:
        """See `Containerizer.adopt`; raises ValueError for one that this containerizer launched itself."""
        if container_id in self._mine:
            raise ValueError(f"container {container_id}: is no orphan")
        self._kernel.sweep()
        running = self._kernel.running.get(container_id)
        if running is None:
            self._notify(Ended(container_id))
        else:
            running.is_child = False
            self._begin(running)

    def environment(self, container_id: str) -> Mapping[str, str]:
        """See `Containerizer.environment`."""
        running = self._mine.get(container_id)
        return {} if running is None else running.environment

    def usage(self) -> Mapping[str, Usage]:
        """See `Containerizer.usage`: each is one process that does nothing."""
        return {
            container_id: Usage(process=running.process, processes=1, threads=1)
            for container_id, running in self._mine.items()
        }

    def update(self, container_id: str, limits: Limits) -> None:
        """See `Containerizer.update`: it is only remembered."""
        self._kernel.limits[container_id] = limits

    def processes(self) -> Mapping[str, tuple[int, ...]]:
        """See `Containerizer.processes`."""
        return {container_id: (running.process,) for container_id, running in self._mine.items()}

    def close(self) -> None:
        """See `Containerizer.close`."""
        self._mine.clear()

    def end(self) -> None:
        """See `Containerizer.end`."""
        self._mine.clear()
        self._kernel.running.clear()

    def _begin(self, running: Running) -> None:
        self._mine[running.container_id] = running
        self._notify(Launched(running.container_id, running.process, running.course.addresses))
        self._wait(running)

    def _send(self, running: Running, number: int) -> None:
        now = self._kernel.now()
        if number == signal.SIGKILL:
            running.end(now, number)
        elif number in _HARMLESS or number in running.course.ignored:
            return
        else:
            running.end(now + running.course.ending_seconds, number)
        self._wait(running)

    def _wait(self, running: Running) -> None:
        if running.ends is not None:
            self._delay(max(0.0, running.ends - self._kernel.now()), lambda: self._look(running))

    def _look(self, running: Running) -> None:
        if self._mine.get(running.container_id) is not running:
            return
        assert running.ends is not None
        if running.ends > self._kernel.now():
            self._wait(running)
            return
        self._finish(running)

    def _finish(self, running: Running) -> None:
        container_id = running.container_id
        for nested in tuple(self._mine.values()):
            if parent_of(nested.container_id) == container_id:
                nested.end(self._kernel.now(), signal.SIGKILL)
                self._finish(nested)
        del self._mine[container_id]
        self._kernel.running.pop(container_id, None)
        status = running.status if running.is_child else None
        limitation = running.course.limitation if running.by_itself else None
        self._notify(Ended(container_id, status, limitation=limitation))


#: Signals that end nothing unless a program says so.
_HARMLESS = (signal.SIGCHLD, signal.SIGCONT, signal.SIGSTOP, signal.SIGURG, signal.SIGWINCH, 0)
