"""What the commands of a simulated cluster do, and the executors that it plays."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from typing import TypeAlias

from actors.executor.checks.prober import Answer
from actors.executor.settings import ExecutorSettings
from actors.process import Process
from actors.simulation import SimulatedNode, Simulation
from actors.system import NEVER
from containerizers.containerizer import Ended, Launched, Notify, Usage
from containerizers.fake import Course, Delay, FakeContainerizer, FakeKernel, Script
from containerizers.spec import Limits, Spec
from transport.pid import Pid

#: Makes an executor of a framework, which is played by a node of its own.
MakeExecutor: TypeAlias = Callable[[ExecutorSettings], Process]

#: How a process ends that SIGKILL ended, and one that returned 1, as `waitpid` gives it.
_KILLED = int(signal.SIGKILL)
_FAILED = 1 << 8


def shell(spec: Spec) -> Course:
    """What a few commands do that tests like: `true`, `false`, `sleep SECONDS`, `exit STATUS`, `… && …`.

    Any other ends well after a tenth of a second.
    """
    seconds, status = 0.0, 0
    for command in command_of(spec).split("&&"):
        match command.split():
            case ["sleep", duration]:
                seconds += float(duration)
            case ["false"]:
                status = 1
            case ["exit", number]:
                status = int(number)
            case ["true"]:
                pass
            case _:
                seconds += 0.1
        if status:
            break
    return Course(seconds=seconds, status=status << 8)


def scripted(courses: Mapping[str, Course], otherwise: Script = shell) -> Script:
    """What commands do, by their text; the others do what `otherwise` says."""

    def script(spec: Spec) -> Course:
        course = courses.get(command_of(spec))
        return otherwise(spec) if course is None else course

    return script


def command_of(spec: Spec) -> str:
    """What the shell is given, or the program with its arguments, or the image that says what runs."""
    if spec.arguments[1:2] == ("-c",):
        return spec.arguments[2]
    if spec.docker is not None and spec.docker.entrypoint == ("/bin/sh",):
        return spec.arguments[1]
    if spec.docker is not None and not spec.arguments:
        return spec.docker.image
    return " ".join(spec.arguments)


class Executors:
    """The executors that frameworks bring along to one host: each is a node of its own, as it is a process.

    They outlive the executor node that started them. `makers` are known by the command that starts them.
    """

    def __init__(self, sim: Simulation, host: str, makers: Mapping[str, MakeExecutor]) -> None:
        self._sim = sim
        self._host = host
        self._makers = makers
        self._count = 0
        #: Those that run, by container id, and whom to tell of their end.
        self._running: dict[str, tuple[SimulatedNode, Notify]] = {}

    def maker(self, spec: Spec) -> MakeExecutor | None:
        """Who makes the executor that a command starts, if it starts one."""
        return self._makers.get(command_of(spec))

    @property
    def running(self) -> tuple[str, ...]:
        """Container ids."""
        return tuple(self._running)

    def node(self, container_id: str) -> SimulatedNode:
        """The node of a running executor; raises KeyError."""
        return self._running[container_id][0]

    def launch(self, container_id: str, spec: Spec, make: MakeExecutor, notify: Notify) -> None:
        """Start an executor."""
        self._count += 1

        def boot(node: SimulatedNode) -> None:
            if node.incarnation == 1:  # a process that ended stays so
                settings = ExecutorSettings.read(spec.environment)
                executor = node.spawn(lambda: make(settings), "executor", restart=NEVER)
                node.spawn(lambda: _Reaper(executor, lambda: self._ended(container_id, node)), "reaper")
            elif container_id in self._running:
                self.kill(container_id)

        node = self._sim.node(f"{self._host}-executor-{self._count}", boot)
        self._running[container_id] = (node, notify)
        notify(Launched(container_id, 100_000 + self._count))

    def adopt(self, container_id: str, notify: Notify) -> None:
        """Tell somebody else of its end."""
        self._running[container_id] = (self._running[container_id][0], notify)
        notify(Launched(container_id, 100_000))

    def kill(self, container_id: str) -> None:
        """End one as SIGKILL does."""
        node, notify = self._running.pop(container_id)
        node.kill_process()
        notify(Ended(container_id, _KILLED))

    def lose_power(self) -> None:
        """End all, with nobody to tell."""
        for node, _notify in self._running.values():
            node.crash()
        self._running.clear()

    def _ended(self, container_id: str, node: SimulatedNode) -> None:
        found = self._running.pop(container_id, None)
        if found is None:
            return
        crashed = any(crash.pid.address == node.address for crash in self._sim.crashes)
        found[1](Ended(container_id, _FAILED if crashed else 0))
        node.stop()


class _Reaper(Process):
    """Sees the end of an executor's actor, which is that of its process."""

    def __init__(self, executor: Pid, ended: Callable[[], None]) -> None:
        self._executor = executor
        self._ended = ended

    def initialize(self) -> None:
        self.link(self._executor)

    def exited(self, pid: Pid) -> None:
        self._ended()


def make_no_folder(
    sandbox: str, name: str, task_id: str | None, user: str | None, shared: Mapping[str, str]
) -> None:
    """Make a nested sandbox where there are no folders: nothing is done."""


def remove_no_folder(sandbox: str, name: str) -> None:
    """Remove a nested sandbox, likewise."""


class HealthyServers:
    """`Probes` of servers that all answer well."""

    def http(self, url: str, timeout_seconds: float, answer: Answer) -> None:
        """See `Probes.http`."""
        answer(200, None)

    def tcp(self, host: str, port: int, timeout_seconds: float, answer: Answer) -> None:
        """See `Probes.tcp`."""
        answer(None, None)

    def close(self) -> None:
        """See `Probes.close`."""


class SimulatedContainers:
    """`Containerizer` of a simulated host: commands by a script, executors as nodes."""

    def __init__(
        self, notify: Notify, delay: Delay, script: Script, kernel: FakeKernel, executors: Executors
    ) -> None:
        self._notify = notify
        self._fake = FakeContainerizer(notify, delay, script, kernel)
        self._executors = executors

    def launch(self, container_id: str, spec: Spec) -> None:
        """See `Containerizer.launch`."""
        make = self._executors.maker(spec)
        if make is None:
            self._fake.launch(container_id, spec)
        else:
            self._executors.launch(container_id, spec, make, self._notify)

    def signal(self, container_id: str, signal: int) -> None:
        """See `Containerizer.signal`; executors heed SIGKILL alone."""
        if container_id not in self._executors.running:
            self._fake.signal(container_id, signal)
        elif signal == _KILLED:
            self._executors.kill(container_id)

    def destroy(self, container_id: str) -> None:
        """See `Containerizer.destroy`."""
        if container_id in self._executors.running:
            self._executors.kill(container_id)
        self._fake.destroy(container_id)

    def recover(self) -> tuple[str, ...]:
        """See `Containerizer.recover`."""
        return tuple(sorted({*self._fake.recover(), *self._executors.running}))

    def adopt(self, container_id: str) -> None:
        """See `Containerizer.adopt`."""
        if container_id in self._executors.running:
            self._executors.adopt(container_id, self._notify)
        else:
            self._fake.adopt(container_id)

    def environment(self, container_id: str) -> Mapping[str, str]:
        """See `Containerizer.environment`."""
        return self._fake.environment(container_id)

    def usage(self) -> Mapping[str, Usage]:
        """See `Containerizer.usage`; executors are not measured."""
        return self._fake.usage()

    def update(self, container_id: str, limits: Limits) -> None:
        """See `Containerizer.update`."""
        self._fake.update(container_id, limits)

    def processes(self) -> Mapping[str, tuple[int, ...]]:
        """See `Containerizer.processes`; executors have none."""
        return self._fake.processes()

    def close(self) -> None:
        """See `Containerizer.close`."""
        self._fake.close()

    def end(self) -> None:
        """See `Containerizer.end`."""
        for container_id in self._executors.running:
            self._executors.kill(container_id)
        self._fake.end()
