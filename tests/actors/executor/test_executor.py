from __future__ import annotations

import itertools
import random

import pytest

from actors.executor.command import CommandExecutor
from actors.executor.executor import Executor
from actors.executor.settings import ExecutorSettings
from actors.simulation import Faults, SimulatedNode, Simulation
from tests.actors.executor.agents import Books, FakeAgent, framework
from tests.actors.executor.hosts import CONTAINER, Host
from tests.actors.executor.tasks import command_task
from transport.envelope import Envelope
from transport.messages.executing import (
    ExecutorError,
    ExecutorSubscribed,
    ExecutorUpdate,
    KillExecutorTask,
    LaunchTask,
    LaunchTaskGroup,
    ReconnectExecutor,
    ShutdownNow,
    SubscribeExecutor,
    UpdateAcknowledged,
)
from transport.messages.hosting import LaunchExecutor
from transport.messages.scheduling import FrameworkMessage
from transport.pid import Pid
from transport.records.agent import AgentInfo
from transport.records.check import KillPolicy
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import ExecutorID
from transport.records.task import TaskGroupInfo, TaskInfo
from transport.records.task_status import TaskState, TaskStatus

RUNNING, FINISHED, KILLED = TaskState.TASK_RUNNING, TaskState.TASK_FINISHED, TaskState.TASK_KILLED


class Diary(Executor):
    """Notes which hooks were called."""

    def __init__(self, settings: ExecutorSettings) -> None:
        super().__init__(settings)
        self.entries: list[str] = []
        #: When it tried to subscribe.
        self.tries: list[float] = []

    def send(self, to: Pid, message: object) -> None:
        if isinstance(message, SubscribeExecutor):
            self.tries.append(self.system.now())
        super().send(to, message)

    def registered(self, executor: ExecutorInfo, framework: FrameworkInfo, agent: AgentInfo) -> None:
        self.entries.append(f"registered {executor.executor_id.value} {framework.name} {agent.hostname}")

    def reregistered(self, agent: AgentInfo) -> None:
        self.entries.append(f"reregistered {agent.hostname}")

    def launch_task(self, task: TaskInfo) -> None:
        self.entries.append(f"launch {task.task_id.value}")
        self.update(task.task_id.value, RUNNING)

    def kill_task(self, task_id: str, kill_policy: KillPolicy | None) -> None:
        self.entries.append(f"kill {task_id}")
        self.update(task_id, KILLED)

    def framework_message(self, data: bytes) -> None:
        self.entries.append(f"message {data.decode()}")
        self.send_message(data[::-1])

    def error(self, message: str) -> None:
        self.entries.append(f"error {message}")


class World:
    """An agent and a Diary, each on a node of its own."""

    def __init__(
        self, *, checkpoint: bool = True, recovery: float = 30.0, seed: int = 1, agent_there: bool = True
    ) -> None:
        self.books = Books()
        self.sim = Simulation(seed)
        self.agent_node = self.sim.node("agent", self._boot if agent_there else None)
        settings = ExecutorSettings(
            agent=self.agent_node.pid_of("agent"),
            framework_id="framework-1",
            executor_id="executor-1",
            directory="/sandbox",
            checkpoint=checkpoint,
            recovery_timeout_seconds=recovery,
        )
        self.node = self.sim.node("host")
        self.diary = Diary(settings)
        self.node.spawn(lambda: self.diary, "executor")

    def _boot(self, node: SimulatedNode) -> None:
        node.spawn(lambda: FakeAgent(framework(), self.books), "agent")

    @property
    def agent(self) -> FakeAgent:
        return self.agent_node.process("agent", FakeAgent)

    @property
    def lives(self) -> bool:
        return any(actor.pid.name == "executor" for actor in self.node.actors())

    def subscribed(self) -> World:
        self.sim.run_until(lambda: self.diary._agent == self.agent.pid)
        return self


def test_hooks_are_called_for_what_the_agent_says() -> None:
    world = World().subscribed()
    agent = world.agent
    agent.launch(command_task("one"))
    agent.tell(LaunchTaskGroup(TaskGroupInfo(tasks=(command_task("two"), command_task("three")))))
    agent.kill("one")
    agent.tell(FrameworkMessage("framework-1", "agent-1", "executor-1", b"hello"))
    world.sim.run_until(lambda: world.books.messages)
    assert world.diary.entries == [
        "registered executor-1 test host",
        "launch one",
        "launch two",
        "launch three",
        "kill one",
        "message hello",
    ]
    message = world.books.messages[0]
    assert (message.framework_id, message.agent_id, message.executor_id) == (
        "framework-1",
        "agent-1",
        "executor-1",
    )
    assert message.data == b"olleh"


def test_the_first_try_is_at_once_and_others_follow_until_there_is_an_answer() -> None:
    world = World(agent_there=False)
    world.sim.run(5.0)
    world._boot(world.agent_node)
    world.subscribed()
    assert world.sim.now < 5.0 + 2.5
    assert len(world.books.subscriptions) == 1
    world.sim.run(20.0)
    assert len(world.books.subscriptions) == 1


def test_nobody_but_the_agent_is_obeyed() -> None:
    world = World().subscribed()
    world.books.acknowledges = False
    world.agent.launch(command_task("one"))
    world.sim.run_until(lambda: world.books.updates)
    stranger = world.sim.node("stranger").probe("agent")
    for message in (
        LaunchTask(command_task("bad")),
        LaunchTaskGroup(TaskGroupInfo(tasks=(command_task("worse"),))),
        KillExecutorTask("one"),
        ShutdownNow(),
        ReconnectExecutor(),
        ExecutorError("go away"),
        UpdateAcknowledged("one", next(iter(world.books.updates))),
        ExecutorSubscribed(
            ExecutorInfo(executor_id=ExecutorID(value="executor-1")),
            framework(),
            AgentInfo(hostname="elsewhere"),
            "container-1",
        ),
        FrameworkMessage("framework-1", "agent-1", "executor-1", b"hello"),
    ):
        stranger.send(world.diary.pid, message)
    world.sim.run(5.0)
    assert world.diary.entries == ["registered executor-1 test host", "launch one"]
    assert world.lives
    assert stranger.received == []
    world.agent_node.kill_process()
    world.agent_node.restart()
    world.subscribed()
    assert [status.state for status in world.books.subscriptions[-1].unacknowledged_updates] == [RUNNING]


def test_a_former_agent_is_obeyed_no_more() -> None:
    world = World().subscribed()
    former = world.agent
    held = world.sim.hold(KillExecutorTask)
    former.launch(command_task("one"))
    world.sim.run_until(lambda: world.books.updates)
    former.kill("one")
    world.sim.run(0.1)
    world.agent_node.kill_process()
    world.agent_node.restart()
    world.subscribed()
    held.release()
    world.sim.run(5.0)
    assert "kill one" not in world.diary.entries


def test_an_agent_that_comes_back_is_told_what_was_not_acknowledged() -> None:
    world = World().subscribed()
    world.books.acknowledges = False
    world.agent.launch(command_task("one"))
    world.sim.run_until(lambda: world.books.updates)
    world.agent_node.kill_process()
    world.sim.run(3.0)
    # Made while a try to subscribe is under way that says nothing of it.
    world.diary.update("one", FINISHED)
    world.books.acknowledges = True
    world.agent_node.restart()
    world.sim.run_until(lambda: world.books.states() == [RUNNING, FINISHED])
    told = world.books.subscriptions[1]
    assert told.unacknowledged_tasks == (command_task("one"),)
    assert told.unacknowledged_updates == (world.books.statuses()[0],)
    assert world.diary.entries[-1] == "reregistered host"


def test_nothing_is_told_again_that_was_acknowledged() -> None:
    world = World().subscribed()
    world.agent.launch(command_task("one"))
    world.sim.run_until(lambda: world.books.updates)
    world.sim.run(1.0)
    world.agent_node.kill_process()
    world.sim.run(5.0)
    world.agent_node.restart()
    world.subscribed()
    assert world.books.subscriptions[-1] == SubscribeExecutor("framework-1", "executor-1")


def test_an_update_is_told_every_five_seconds_until_it_is_acknowledged() -> None:
    world = World().subscribed()
    world.books.acknowledges = False
    world.diary.update("one", RUNNING)
    world.sim.run(4.9)
    assert list(world.books.times.values()) == [1]
    world.sim.run(5.2)
    assert list(world.books.times.values()) == [3]
    world.books.acknowledges = True
    world.sim.run(60.0)
    assert list(world.books.times.values()) == [4]


def test_a_lost_connection_alone_brings_a_new_subscription() -> None:
    world = World().subscribed()
    world.sim.disconnect("agent", "host")
    world.sim.run_until(lambda: len(world.books.subscriptions) == 2)
    assert world.sim.now < 1.0
    world.agent.launch(command_task("one"))
    world.sim.run_until(lambda: world.books.states() == [RUNNING])


def test_an_agent_that_asks_is_answered_without_delay() -> None:
    world = World().subscribed()
    world.agent_node.kill_process()
    world.sim.run(10.0)
    world.agent_node.restart()
    world.agent.send(world.diary.pid, ReconnectExecutor())
    began = world.sim.now
    world.subscribed()
    assert world.sim.now < began + 0.1


def test_without_a_checkpoint_the_executor_ends_with_its_agent_whatever_it_had_to_tell() -> None:
    world = World(checkpoint=False).subscribed()
    world.books.acknowledges = False
    world.agent.launch(command_task("one"))
    world.sim.run_until(lambda: world.books.updates)
    world.agent_node.kill_process()
    world.sim.run(1.0)
    assert not world.lives
    assert world.diary.ended


def test_an_agent_is_waited_for_as_long_as_the_recovery_may_take() -> None:
    world = World().subscribed()
    world.diary.update("one", RUNNING)
    world.agent_node.kill_process()
    world.sim.run(29.0)
    assert world.lives
    world.sim.run(30.0 - 29.0 + 5.1)
    assert not world.lives


def test_an_agent_that_never_was_is_given_up_too() -> None:
    world = World(agent_there=False)
    world.sim.run(31.0)
    assert not world.lives


def test_each_absence_of_the_agent_has_its_own_patience() -> None:
    world = World().subscribed()
    for _ in range(3):
        world.agent_node.kill_process()
        world.sim.run(20.0)
        world.agent_node.restart()
        world.subscribed()
    world.sim.run(60.0)
    assert world.lives


def test_the_end_waits_for_an_agent_that_is_away_as_long_as_the_recovery_may_take() -> None:
    host = Host()
    host.books.acknowledges = False
    host.launch(command_task())
    host.sim.run_until(lambda: host.containers.running)
    host.containers.end(CONTAINER)
    host.sim.run_until(lambda: FINISHED in host.books.states())
    host.sim.run(30.0)
    host.agent_node.kill_process()
    host.sim.run(200.0)
    assert host.lives
    host.agent_node.restart()
    host.subscribed()
    host.sim.run(50.0)
    assert host.lives
    host.sim.run(11.0)
    assert not host.lives


def test_how_a_task_ended_while_the_agent_was_away_is_told_when_it_is_back() -> None:
    host = Host()
    host.launch(command_task())
    host.sim.run_until(lambda: RUNNING in host.books.states())
    host.sim.run(0.1)
    host.agent_node.kill_process()
    host.sim.run(1.0)
    host.containers.end(CONTAINER)
    host.sim.run(300.0)
    host.agent_node.restart()
    host.until(TaskState.TASK_STARTING, RUNNING, FINISHED)
    host.ended()


def test_tries_to_subscribe_come_ever_slower_and_quickly_again_in_the_next_absence() -> None:
    world = World(recovery=120.0).subscribed()
    for _ in range(2):
        world.agent_node.kill_process()
        world.diary.tries.clear()
        world.sim.run(60.0)
        gaps = [later - sooner for sooner, later in itertools.pairwise(world.diary.tries)]
        assert all(0.1 <= gap <= 0.21 for gap in gaps[:1])
        assert all(0.2 <= gap <= 0.41 for gap in gaps[1:2])
        assert all(0.25 <= gap <= 0.51 for gap in gaps[4:])
        world.agent_node.restart()
        world.subscribed()


def test_a_refused_executor_ends() -> None:
    world = World().subscribed()
    world.agent.tell(ExecutorError("unknown executor"))
    world.sim.run(1.0)
    assert world.diary.entries[-1] == "error unknown executor"
    assert not world.lives


def test_after_a_shutdown_nothing_is_launched_and_the_grace_is_the_end() -> None:
    class Stubborn(Diary):
        def shutdown(self) -> None:
            self.entries.append("shutdown")

    world = World(agent_there=True)
    stubborn = Stubborn(world.diary.settings)
    world.sim.node("other").spawn(lambda: stubborn, "executor")
    world.sim.run_until(lambda: stubborn.entries)
    agent = world.agent
    agent.send(stubborn.pid, ShutdownNow())
    agent.send(stubborn.pid, ShutdownNow())
    agent.send(stubborn.pid, LaunchTask(command_task("late")))
    world.sim.run(4.9)
    assert stubborn.entries[1:] == ["shutdown"]
    assert not stubborn.ended
    world.sim.run(0.3)
    assert stubborn.ended


def test_an_executor_must_not_say_that_a_task_is_staging() -> None:
    world = World().subscribed()
    with pytest.raises(ValueError, match="task one: an executor must not send TASK_STAGING"):
        world.diary.update("one", TaskState.TASK_STAGING)


def test_messages_are_not_kept_for_an_agent_that_is_away() -> None:
    world = World().subscribed()
    world.agent_node.kill_process()
    world.sim.run(1.0)
    world.diary.send_message(b"nobody hears this")
    world.agent_node.restart()
    world.subscribed()
    world.sim.run(5.0)
    assert world.books.messages == []


def test_an_executor_that_runs_nothing_says_so() -> None:
    world = World().subscribed()
    plain = Executor(world.diary.settings)
    world.sim.node("other").spawn(lambda: plain, "executor")
    world.sim.run_until(lambda: len(world.books.subscriptions) == 2)
    world.sim.run(0.1)
    world.agent.tell(LaunchTask(command_task("one")))
    world.sim.run_until(lambda: world.books.states("one") == [TaskState.TASK_FAILED])


class Faithful(CommandExecutor):
    """Fails the simulation when it tells anything that was acknowledged to it."""

    def __init__(self, launch: LaunchExecutor, agent: Pid, containerizer: Pid) -> None:
        super().__init__(launch, agent, containerizer)
        self.known: dict[bytes, None] = {}

    def receive(self, envelope: Envelope) -> None:
        if isinstance(envelope.message, UpdateAcknowledged) and envelope.sender == self._agent:
            self.known[envelope.message.uuid] = None
        super().receive(envelope)

    def send(self, to: Pid, message: object) -> None:
        told: tuple[TaskStatus, ...] = ()
        if isinstance(message, ExecutorUpdate):
            told = (message.status,)
        elif isinstance(message, SubscribeExecutor):
            told = message.unacknowledged_updates
        assert not [status for status in told if status.uuid in self.known]
        super().send(to, message)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_the_network_loses_every_update_arrives_in_the_end(seed: int) -> None:
    rng = random.Random(seed)
    host = Host(Faithful, seed=seed)
    host.sim.set_faults(Faults(loss=rng.choice([0.05, 0.2]), duplicate=0.1))
    host.books.tasks.append(command_task())
    for _ in range(3):
        host.sim.run(2.0 * rng.random())
        if rng.random() < 0.5:
            host.agent_node.kill_process()
            host.sim.run(2.0 * rng.random())
            host.agent_node.restart()
    host.sim.quiet()
    # Whether the task has reached its executor is the agent's care, not the executor's.
    host.sim.disconnect("agent", "host")
    host.sim.run_until(lambda: host.containers.running)
    host.containers.end(CONTAINER)
    host.sim.run_until(lambda: not host.lives)
    assert {*host.books.states()} == {TaskState.TASK_STARTING, RUNNING, FINISHED}
    assert len(host.books.states()) == 3
    assert host.sim.crashes == ()


@pytest.mark.parametrize("seed", range(60))
def test_whenever_the_agent_dies_no_update_is_lost_and_none_is_told_after_its_acknowledgement(
    seed: int,
) -> None:
    rng = random.Random(seed)
    host = Host(Faithful, seed=seed)
    host.launch(command_task())
    ends_at = rng.randrange(4)
    for step in range(4):
        # Most of what happens takes a few milliseconds at most.
        host.sim.run(rng.choice([0.001, 0.004, 0.5]) * rng.random())
        if step == ends_at:
            host.sim.run_until(lambda: host.containers.running)
            host.containers.end(CONTAINER)
        if rng.random() < 0.7:
            rng.choice([host.agent_node.kill_process, host.agent_node.crash])()
            host.sim.run(rng.random() * 3)
            host.agent_node.restart()
        else:
            host.sim.disconnect("agent", "host")
    host.sim.run_until(lambda: not host.lives)
    assert host.books.states() == [TaskState.TASK_STARTING, RUNNING, FINISHED]
    assert host.sim.crashes == ()
