"""Whatever befalls an executor node, its agent learns the end of everything, and nothing is left behind."""

from __future__ import annotations

import pytest

from actors.executor.containerizer import CONTAINERIZER, ContainerizerProcess
from actors.executor.host import EXECUTORS, ExecutorHost
from actors.process import Process, handles
from actors.simulation import SimulatedNode, Simulation
from actors.system import Restart
from containerizers.containerizer import Notify
from containerizers.fake import Course, Delay, FakeContainerizer, FakeKernel
from containerizers.spec import Spec
from tests.actors.executor.test_host import Runner, custom, launch
from transport.messages.hosting import (
    DestroyExecutor,
    ExecutorEnded,
    ExecutorsRecovered,
    ForgetExecutor,
    LaunchExecutor,
    RecoverExecutors,
)
from transport.pid import Pid
from transport.records.task import TaskInfo

EXECUTORS_LAUNCHED = 40
OFTEN = Restart(intensity=1_000_000, backoff_seconds=0.01)


class Loner(Runner):
    """Ends with its host, like every executor of a framework that does not checkpoint."""

    def initialize(self) -> None:
        super().initialize()
        if not self.launch.framework.checkpoint:
            self.link(Pid(EXECUTORS, *self.pid.address))

    def exited(self, pid: Pid) -> None:
        self.terminate()


class Books:
    """What an agent knows, and finds again after its death."""

    def __init__(self) -> None:
        self.launched: dict[str, LaunchExecutor] = {}
        self.ended: dict[str, None] = {}
        self.destroying: dict[str, None] = {}

    @property
    def wanted(self) -> list[str]:
        return [one for one in self.launched if one not in self.ended]


class Agent(Process):
    """Launches executors of all kinds and destroys some, by the rules of `hosting`."""

    def __init__(self, books: Books, host: Pid) -> None:
        self.books = books
        self.host = host

    def initialize(self) -> None:
        self.ready = False
        self.step()
        self.every(1.0, self.ask)

    def ask(self) -> None:
        if not self.ready:
            self.link(self.host)
            self.send(self.host, RecoverExecutors(tuple(self.books.wanted)))
            return
        for container_id in self.books.destroying:
            if container_id in self.books.wanted:
                self.send(self.host, DestroyExecutor(container_id))

    def step(self) -> None:
        self.delay(self.system.rng.uniform(0.1, 2.0), self.step)
        books, rng = self.books, self.system.rng
        if not self.ready:
            return
        if len(books.launched) < EXECUTORS_LAUNCHED:
            container_id = f"c-{len(books.launched)}"
            checkpoint = rng.random() < 0.5
            if rng.random() < 0.5:
                wish = launch(container_id, checkpoint=checkpoint)
            else:
                wish = custom(container_id, rng.choice(["short", "endless"]), checkpoint=checkpoint)
            books.launched[container_id] = wish
            self.send(self.host, wish)
        elif books.wanted:
            books.destroying[rng.choice(books.wanted)] = None

    @handles(ExecutorsRecovered)
    def recovered(self, sender: Pid, message: ExecutorsRecovered) -> None:
        if self.ready:
            return
        self.ready = True
        there = {*message.running, *(ending.container_id for ending in message.ended)}
        assert there <= self.books.launched.keys()
        for container_id in self.books.wanted:
            if container_id not in there:
                self.books.ended[container_id] = None
        for ending in message.ended:
            self.over(ending.container_id)

    @handles(ExecutorEnded)
    def ended(self, sender: Pid, message: ExecutorEnded) -> None:
        self.over(message.ending.container_id)

    def over(self, container_id: str) -> None:
        self.books.ended[container_id] = None
        self.send(self.host, ForgetExecutor(container_id))

    def exited(self, pid: Pid) -> None:
        self.ready = False

    def unhandled(self, sender: Pid, message: object) -> None:
        """That one was launched says nothing about how it ends."""


class Host:
    """An executor node whose kernel outlives its processes."""

    def __init__(self, seed: int) -> None:
        self.sim = Simulation(seed)
        self.books = Books()
        self.node = self.sim.node("host", self._boot, restart_seconds=0.5)
        self.agents = self.sim.node("agents", self._boot_agent, restart_seconds=0.5)

    def _boot(self, node: SimulatedNode) -> None:
        if node.incarnation == 1 or node.lost_power:
            self.kernel = FakeKernel(lambda: self.sim.now)
        node.spawn(lambda: ContainerizerProcess(self._make), CONTAINERIZER, restart=OFTEN, vital=True)
        node.spawn(lambda: ExecutorHost(_loner, Loner, 1e6), EXECUTORS, restart=OFTEN, vital=True)

    def _boot_agent(self, node: SimulatedNode) -> None:
        node.spawn(lambda: Agent(self.books, self.node.pid_of(EXECUTORS)), "agent")

    def _make(self, notify: Notify, delay: Delay) -> FakeContainerizer:
        return FakeContainerizer(notify, delay, _course, self.kernel)

    def running(self) -> set[str]:
        """The executors of which something runs."""
        self.kernel.sweep()
        return {container_id.partition(".")[0] for container_id in self.kernel.running}


def _loner(launch: LaunchExecutor, agent: Pid, containerizer: Pid, _adopted: TaskInfo | None = None) -> Loner:
    return Loner(launch, agent, containerizer)


def _course(spec: Spec) -> Course:
    return Course(seconds=5.0, status=256) if spec.arguments[-1] == "short" else Course()


@pytest.mark.parametrize("seed", range(30))
def test_in_the_end_everything_ended_is_told_and_nothing_else_runs(seed: int) -> None:
    host = Host(seed)
    host.sim.chaos()
    host.sim.run(90.0)
    host.sim.quiet()
    host.sim.run_until(lambda: len(host.books.launched) == EXECUTORS_LAUNCHED, 600.0)
    host.sim.run_until(lambda: not host.books.wanted, 600.0)
    host.sim.run(60.0)
    assert host.running() == set()
    assert [one.pid.name for one in host.node.actors() if one.pid.name.startswith("executor-")] == []
