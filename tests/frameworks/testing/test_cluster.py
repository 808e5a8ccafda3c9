"""The whole cluster in virtual time: what becomes of commands, whatever befalls master and agents."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from actors.simulation import Plan
from frameworks.offered import Offered, command_task
from frameworks.scheduler import Scheduler
from frameworks.testing import Course, SimulatedCluster
from transport.messages.scheduling import TaskReference
from transport.pid import Pid
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, TaskID
from transport.records.offer import Offer
from transport.records.resources import Resources
from transport.records.task_status import TERMINAL, TaskState, TaskStatus

PARTITION_AWARE = FrameworkInfo.Capability(type=FrameworkInfo.Capability.Type.PARTITION_AWARE)
NEEDS = Resources.parse("cpus:0.5;mem:64")

FINISHED, FAILED, KILLED = TaskState.TASK_FINISHED, TaskState.TASK_FAILED, TaskState.TASK_KILLED
RUNNING, STARTING = TaskState.TASK_RUNNING, TaskState.TASK_STARTING

#: Of a task that nobody knows nothing will be heard either.
OVER = TERMINAL | {TaskState.TASK_UNKNOWN}


class Commands(Scheduler):
    """Runs each command once, and keeps what it is told."""

    reconcile_every_seconds = 20.0

    def __init__(self, detector: Pid, commands: Sequence[str], *, checkpoint: bool = True) -> None:
        info = FrameworkInfo(
            user="root",
            name="commands",
            checkpoint=checkpoint,
            failover_timeout=100_000.0,
            capabilities=(PARTITION_AWARE,),
        )
        super().__init__(info, detector)
        self._waiting = {f"t{number}": command for number, command in enumerate(commands)}
        self.where: dict[str, AgentID] = {}
        self.states: dict[str, list[TaskState]] = {}
        self.uuids: Counter[bytes] = Counter()

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        for offer in offers:
            offered = Offered(offer)
            tasks = []
            while self._waiting and offered.holds(NEEDS):
                task_id = next(iter(self._waiting))
                self.where[task_id] = offer.agent_id
                tasks.append(command_task(task_id, offered, NEEDS, self._waiting.pop(task_id)))
            if tasks:
                self.launch((offer,), tasks)
            else:
                self.decline((offer,))

    def update(self, status: TaskStatus) -> None:
        if status.uuid is not None:
            self.uuids[status.uuid] += 1
        states = self.states.setdefault(status.task_id.value, [])
        if not states or states[-1] is not status.state:
            states.append(status.state)

    def unsettled(self) -> list[TaskReference]:
        return [
            TaskReference(task_id=TaskID(value=task_id), agent_id=agent_id)
            for task_id, agent_id in self.where.items()
            if task_id not in self.over
        ]

    @property
    def over(self) -> dict[str, TaskState]:
        """The first terminal state of each task that has one."""
        ends = {
            task_id: [state for state in states if state in OVER] for task_id, states in self.states.items()
        }
        return {task_id: states[0] for task_id, states in ends.items() if states}

    @property
    def done(self) -> bool:
        return not self._waiting and len(self.over) == len(self.where)

    def in_state(self, state: TaskState) -> int:
        """How many tasks are in that state."""
        return sum(states[-1] is state for states in self.states.values())


class World:
    """A cluster that runs commands."""

    def __init__(
        self,
        commands: Sequence[str],
        *,
        seed: int = 0,
        agents: int = 1,
        courses: dict[str, Course] | None = None,
        checkpoint: bool = True,
    ) -> None:
        self.cluster = SimulatedCluster(seed, agents=agents, commands=courses)
        self.sim = self.cluster.sim
        self.cluster.wait_until_registered()
        node = self.cluster.start(
            lambda detector: Commands(detector, commands, checkpoint=checkpoint), restart_seconds=1.0
        )
        self.commands = node.process("scheduler", Commands)

    def until_all(self, state: TaskState) -> None:
        count = len(self.commands.where) + len(self.commands._waiting)
        self.sim.run_until(lambda: self.commands.in_state(state) == count)

    def finish(self, timeout_seconds: float = 3000.0) -> set[TaskState]:
        """Run until all is over and at rest; returns the last states. Everything must be given back."""
        self.sim.run_until(lambda: self.commands.done, timeout_seconds)
        self.sim.run(60.0)
        assert set(self.commands.uuids.values()) <= {1}, "an update was delivered twice"
        cluster = self.cluster.master.cluster
        for agent in cluster.agents.values():
            assert not agent.tasks
            assert sum(agent.used.values(), Resources()) == Resources()
        for host in self.cluster.hosts:
            assert not host.kernel.running
        return set(self.commands.over.values())


# --- commands ---


def test_a_command_goes_from_an_offer_to_its_end() -> None:
    world = World(["sleep 3"])
    assert world.finish() == {FINISHED}
    assert world.commands.states == {"t0": [STARTING, RUNNING, FINISHED]}


@pytest.mark.parametrize(
    ("command", "states"),
    [
        ("true", [STARTING, RUNNING, FINISHED]),
        ("sleep 1 && exit 3", [STARTING, RUNNING, FAILED]),
        ("crashes", [STARTING, RUNNING, FAILED]),
        ("is not there", [STARTING, FAILED]),
    ],
)
def test_how_a_command_ends_is_told(command: str, states: list[TaskState]) -> None:
    world = World(
        [command],
        courses={
            "crashes": Course(seconds=1.0, status=11),
            "is not there": Course(error="no such file"),
        },
    )
    world.finish()
    assert world.commands.states == {"t0": states}


def test_a_killed_command_ends_within_its_grace() -> None:
    world = World(["sleep 1000", "stubborn"], courses={"stubborn": Course(ignored=(15,))})
    world.until_all(RUNNING)
    for task_id in world.commands.where:
        world.commands.kill(task_id)
    began = world.sim.now
    assert world.finish(timeout_seconds=13.0) == {KILLED}
    assert world.sim.now - began < 13.0 + 60.0


def test_commands_wait_for_resources_that_others_have() -> None:
    world = World(["sleep 10"] * 20)
    assert world.finish() == {FINISHED}
    assert world.sim.now > 30.0


def test_tasks_of_a_framework_that_is_torn_down_are_killed() -> None:
    world = World(["sleep 1000"] * 3)
    world.until_all(RUNNING)
    world.commands.teardown()
    world.sim.run(30.0)
    assert not world.cluster.hosts[0].kernel.running
    assert not world.cluster.master.cluster.frameworks


def test_another_scheduler_takes_a_framework_over_with_its_tasks() -> None:
    world = World(["sleep 20"] * 3)
    world.until_all(RUNNING)
    framework = world.commands.framework

    class Successor(Commands):
        def __init__(self, detector: Pid) -> None:
            super().__init__(detector, ())
            self.framework = framework
            self.where.update(world.commands.where)

    node = world.cluster.start(Successor, "successor")
    world.sim.run_until(lambda: world.cluster.ended(world.sim.nodes[-2]))
    world.commands = node.process("scheduler", Successor)
    assert world.finish() == {FINISHED}
    assert len(world.cluster.master.cluster.frameworks) == 1


# --- what befalls a cluster ---


def kill_agent(world: World) -> None:
    world.cluster.hosts[0].node.kill_process()
    world.sim.run(5.0)
    world.cluster.hosts[0].node.restart()


def crash_agent(world: World) -> None:
    world.cluster.hosts[0].node.crash()
    world.sim.run(5.0)
    world.cluster.hosts[0].node.restart()


def kill_master(world: World) -> None:
    world.cluster.master_node.kill_process()
    world.sim.run(5.0)
    world.cluster.master_node.restart()


def kill_both(world: World) -> None:
    world.cluster.hosts[0].node.kill_process()
    kill_master(world)
    world.cluster.hosts[0].node.restart()


def cut_off_agent(world: World) -> None:
    world.sim.partition([world.cluster.hosts[0].node])
    world.sim.run(200.0)
    assert world.commands.in_state(TaskState.TASK_UNREACHABLE) == len(world.commands.where)
    world.sim.heal()


def cut_off_framework(world: World) -> None:
    world.sim.partition(["framework"])
    world.sim.run(200.0)
    world.sim.heal()


@pytest.mark.parametrize(
    "befalls", [kill_agent, crash_agent, kill_master, kill_both, cut_off_agent, cut_off_framework]
)
@pytest.mark.parametrize("seed", range(2))
def test_running_commands_finish_whatever_befalls_the_daemons(
    befalls: Callable[[World], None], seed: int
) -> None:
    world = World(["sleep 20"] * 4, seed=seed)
    world.until_all(RUNNING)
    befalls(world)
    assert world.finish() == {FINISHED}


def test_commands_outlive_their_executor_node_though_nobody_learns_how_they_end() -> None:
    world = World(["sleep 20"] * 4)
    world.until_all(RUNNING)
    world.cluster.hosts[0].executor_node.kill_process()
    world.sim.run(15.0)
    assert len(world.cluster.hosts[0].kernel.running) == 4
    assert world.finish() == {FAILED}


def test_commands_end_with_their_host() -> None:
    world = World(["sleep 20"] * 4)
    world.until_all(RUNNING)
    world.cluster.hosts[0].lose_power()
    world.sim.run(5.0)
    world.cluster.hosts[0].node.restart()
    assert world.finish() == {TaskState.TASK_GONE}


def test_commands_of_a_framework_that_does_not_checkpoint_end_with_their_agent() -> None:
    world = World(["sleep 20"] * 4, checkpoint=False)
    world.until_all(RUNNING)
    kill_agent(world)
    assert FINISHED not in world.finish()


@pytest.mark.parametrize("seed", range(6))
def test_after_any_chaos_every_command_has_come_to_one_end(seed: int) -> None:
    world = World(["sleep 20"] * 20, seed=seed, agents=2)
    world.sim.chaos(Plan.swarm(random.Random(seed), spared=("framework",)))
    world.sim.run(200.0)
    world.sim.quiet()
    world.finish()


@pytest.mark.parametrize("seed", range(3))
def test_every_command_comes_to_an_end_on_a_network_that_breaks_again_and_again(seed: int) -> None:
    world = World(["sleep 5"] * 10, seed=seed)
    world.sim.chaos(Plan(disconnect_seconds=2.0))
    world.sim.run(60.0)
    world.sim.quiet()
    world.finish()


def test_the_same_seed_makes_the_same_history() -> None:
    def digest() -> str:
        world = World(["sleep 5"] * 5, seed=7, agents=2)
        world.sim.chaos(Plan.swarm(random.Random(1), spared=("framework",)))
        world.sim.run(60.0)
        return world.sim.digest()

    assert digest() == digest()
