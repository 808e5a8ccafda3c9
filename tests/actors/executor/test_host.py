from __future__ import annotations

import pytest

from actors.executor.command import CommandExecutor
from actors.executor.containerizer import CONTAINERIZER, ContainerizerProcess
from actors.executor.host import EXECUTORS, ExecutorHost
from actors.process import Process
from actors.simulation import Probe, SimulatedNode, Simulation
from actors.simulation.simulation import Harm
from actors.system import Restart
from containerizers.containerizer import Notify
from containerizers.fake import Course, Delay, FakeContainerizer, FakeKernel
from containerizers.spec import Spec
from transport.messages.container_spec import ContainerSpec
from transport.messages.containing import LaunchContainer
from transport.messages.executing import (
    ExecutorSubscribed,
    ExecutorUpdate,
    KillExecutorTask,
    LaunchTask,
    SubscribeExecutor,
    UpdateAcknowledged,
)
from transport.messages.hosting import (
    DestroyExecutor,
    EndExecutorNode,
    ExecutorEnded,
    ExecutorEnding,
    ExecutorLaunched,
    ExecutorsRecovered,
    ForgetExecutor,
    LaunchExecutor,
    RecoverExecutors,
)
from transport.messages.node import StopNode
from transport.pid import Pid
from transport.records.agent import AgentInfo
from transport.records.command import CommandInfo
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, ExecutorID, FrameworkID, TaskID
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState, TaskStatus

HOST_PROCESS = 99
PATIENCE_SECONDS = 900.0
COURSES = {"short": Course(seconds=10.0, status=3 << 8), "bad": Course(error="no such program")}
LAUNCH_FAILED = TaskStatus.Reason.REASON_CONTAINER_LAUNCH_FAILED


class Runner(Process):
    """An executor that runs something in a container nested in its own, and ends when it is told to."""

    def __init__(self, launch: LaunchExecutor, agent: Pid, containerizer: Pid) -> None:
        self.launch = launch
        self.agent = agent
        self.containerizer = containerizer

    def initialize(self) -> None:
        spec = ContainerSpec(arguments=("endless",), directory="/")
        self.send(self.containerizer, LaunchContainer(f"{self.launch.container_id}.x", spec))


class Host:
    """An executor node, and its agent in the test's hand."""

    def __init__(self, seed: int = 1, *, real_commands: bool = False) -> None:
        self.sim = Simulation(seed)
        self.real_commands = real_commands
        self.specs: list[Spec] = []
        self.node = self.sim.node("host", self._boot)
        self.agents = self.sim.node("agents")
        self.agent = self.agents.probe("agent")

    def _boot(self, node: SimulatedNode) -> None:
        if node.incarnation == 1 or node.lost_power:
            self.kernel = FakeKernel(node.now)
        self.control = node.probe("node")
        command = CommandExecutor if self.real_commands else _runner
        boot_id = f"boot-{node.incarnation if node.lost_power else 0}"
        node.spawn(
            lambda: ContainerizerProcess(self._make, boot_id), CONTAINERIZER, restart=Restart(), vital=True
        )
        node.spawn(
            lambda: ExecutorHost(command, Runner, PATIENCE_SECONDS, HOST_PROCESS),
            EXECUTORS,
            restart=Restart(),
            vital=True,
        )

    def _make(self, notify: Notify, delay: Delay) -> FakeContainerizer:
        return FakeContainerizer(notify, delay, self._course, self.kernel)

    def _course(self, spec: Spec) -> Course:
        self.specs.append(spec)
        return COURSES.get(spec.arguments[-1], Course())

    def tell(self, *messages: object, agent: Probe | None = None) -> None:
        for message in messages:
            (agent or self.agent).send(self.node.pid_of(EXECUTORS), message)
        self.sim.run(0.5)

    def told(self, agent: Probe | None = None) -> list[object]:
        """What the agent has been told since it was last asked."""
        received = (agent or self.agent).received
        told = list(received)
        received.clear()
        return told

    def hosted(self) -> list[str]:
        return [actor.pid.name for actor in self.node.actors() if actor.pid.name.startswith("executor-")]

    def running(self) -> list[str]:
        self.kernel.sweep()
        return sorted(self.kernel.running)


def _runner(
    launch: LaunchExecutor, agent: Pid, containerizer: Pid, _adopted: TaskInfo | None = None
) -> Runner:
    return Runner(launch, agent, containerizer)


def launch(container_id: str, *, checkpoint: bool = False, **others: object) -> LaunchExecutor:
    """Launch an executor of which the agent made up the executor, unless `others` say something else."""
    framework = FrameworkInfo(user="u", name="f", id=FrameworkID(value="f-1"), checkpoint=checkpoint)
    values = {"executor": info(), "environment": {}, "generated": True, **others}
    return LaunchExecutor(container_id, framework, sandbox=f"/sandbox/{container_id}", **values)  # type: ignore[arg-type]


def info(value: str | None = None, kind: ExecutorInfo.Type = ExecutorInfo.Type.CUSTOM) -> ExecutorInfo:
    command = None if value is None else CommandInfo(value=value, shell=False)
    return ExecutorInfo(executor_id=ExecutorID(value="e-1"), type=kind, command=command)


def custom(container_id: str, program: str, *, checkpoint: bool = False, **others: object) -> LaunchExecutor:
    return launch(container_id, executor=info(program), generated=False, checkpoint=checkpoint, **others)


def ended(container_id: str, status: int | None = None, message: str = "") -> ExecutorEnded:
    return ExecutorEnded(ExecutorEnding(container_id=container_id, status=status, message=message))


@pytest.fixture
def host() -> Host:
    return Host()


# Starting and ending.


def test_the_executor_of_a_command_is_an_actor_of_the_node(host: Host) -> None:
    host.tell(launch("a"))
    assert host.told() == [ExecutorLaunched("a", HOST_PROCESS)]
    runner = host.node.process("executor-a", Runner)
    assert runner.launch.container_id == "a"
    assert runner.agent == host.agent.pid
    assert host.running() == ["a.x"]


def test_the_default_executor_is_one_too(host: Host) -> None:
    host.tell(launch("a", generated=False, executor=info(kind=ExecutorInfo.Type.DEFAULT)))
    assert host.told() == [ExecutorLaunched("a", HOST_PROCESS)]
    assert host.hosted() == ["executor-a"]


def test_any_other_executor_is_a_container_in_its_sandbox(host: Host) -> None:
    host.tell(custom("a", "short", environment={"A": "b"}, user="u"))
    assert host.told() == [ExecutorLaunched("a", 1001)]
    (spec,) = host.specs
    assert spec.arguments == ("short",)
    assert (spec.directory, spec.user) == ("/sandbox/a", "u")
    assert (spec.stdout, spec.stderr) == ("/sandbox/a/stdout", "/sandbox/a/stderr")
    assert spec.environment["A"] == "b"
    assert "PATH" in spec.environment
    host.sim.run(10.0)
    assert host.told() == [ended("a", 3 << 8)]


def test_an_executor_s_shell_command_is_given_to_a_shell(host: Host) -> None:
    shell = ExecutorInfo(executor_id=ExecutorID(value="e"), command=CommandInfo(value="run --it; sleep 1"))
    host.tell(launch("a", generated=False, executor=shell))
    assert host.specs[0].arguments == ("/bin/sh", "-c", "run --it; sleep 1")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (launch("a", generated=False), "command: "),
        (custom("a", "bad"), "no such program"),
        (custom("../a", "short"), "container id '../a': must be "),
    ],
)
def test_an_executor_that_cannot_be_started_has_ended(host: Host, wrong: LaunchExecutor, reason: str) -> None:
    host.tell(wrong)
    (told,) = host.told()
    assert isinstance(told, ExecutorEnded)
    assert told.ending.reason is LAUNCH_FAILED
    assert told.ending.message.startswith(reason)
    host.tell(ForgetExecutor(wrong.container_id))


def test_to_launch_twice_is_to_launch_once(host: Host) -> None:
    host.tell(launch("a"), launch("a"))
    assert host.told() == [ExecutorLaunched("a", HOST_PROCESS), ExecutorLaunched("a", HOST_PROCESS)]
    assert host.hosted() == ["executor-a"]
    host.node.kill("executor-a")
    host.sim.run(0.5)
    host.told()
    host.tell(launch("a"))
    assert ended("a", 0) in host.told()
    assert host.hosted() == []


def test_the_end_of_an_executor_s_actor_ends_its_containers_before_it_is_told(host: Host) -> None:
    host.tell(launch("a"))
    host.told()
    host.node.process("executor-a", Runner).terminate()
    host.sim.run_until(lambda: host.agent.received)
    assert host.running() == []
    assert host.told() == [ended("a", 0)]


@pytest.mark.parametrize("executor", [launch("a"), custom("a", "endless")], ids=["actor", "container"])
def test_a_destroyed_executor_is_killed_with_everything_in_it(host: Host, executor: LaunchExecutor) -> None:
    host.tell(executor)
    host.told()
    host.tell(DestroyExecutor("a"))
    (told,) = host.told()
    assert isinstance(told, ExecutorEnded)
    assert (told.ending.status, told.ending.message) == (9, "destroyed by the agent")
    assert (host.running(), host.hosted()) == ([], [])


def test_to_destroy_an_executor_that_is_not_there_is_answered(host: Host) -> None:
    host.tell(DestroyExecutor("a"))
    assert host.told() == [ended("a")]


# Telling the agent.


def test_an_end_is_told_again_until_the_agent_forgets_it(host: Host) -> None:
    host.tell(launch("a"))
    host.node.kill("executor-a")
    host.sim.run(100.0)
    told = host.told()
    assert told[0] == ExecutorLaunched("a", HOST_PROCESS)
    assert told[1:] == [ended("a", 0)] * 7  # at once, then after 1, 2, 4, 8, … seconds
    host.tell(ForgetExecutor("a"))
    host.sim.run(1000.0)
    assert host.told() == []
    host.tell(RecoverExecutors(("a",)))
    assert host.told() == [ExecutorsRecovered({}, ())]


def test_a_new_agent_is_told_what_runs_and_what_ended_meanwhile(host: Host) -> None:
    host.tell(launch("a"), launch("b"), custom("c", "endless"))
    host.agents.kill_process()
    host.sim.run(1.0)
    host.node.kill("executor-b")
    host.sim.run(1.0)
    host.agents.start()
    agent = host.agents.probe("agent")
    host.tell(RecoverExecutors(("a", "b", "c", "d")), agent=agent)
    (recovered,) = host.told(agent)
    assert isinstance(recovered, ExecutorsRecovered)
    actor = next(one.pid for one in host.node.actors() if one.pid.name == "executor-a")
    assert recovered.running == {"a": actor, "c": None}
    assert recovered.processes == {"a": HOST_PROCESS, "c": 1003}
    assert recovered.ended == (ExecutorEnding(container_id="b", status=0),)
    host.sim.run(10.0)
    assert set(map(repr, host.told(agent))) == {repr(ended("b", 0))}


def test_what_a_new_agent_does_not_know_is_destroyed_without_a_word(host: Host) -> None:
    host.tell(launch("a"), custom("b", "endless"), launch("c"), launch("d"))
    host.node.kill("executor-d")
    host.sim.run(0.5)
    host.told()
    host.tell(RecoverExecutors(("c",)))
    (recovered,) = host.told()
    assert isinstance(recovered, ExecutorsRecovered)
    assert list(recovered.running) == ["c"]
    assert recovered.ended == ()
    host.sim.run(10.0)
    assert host.running() == ["c.x"]
    assert host.told() == []


def test_a_question_that_comes_twice_ends_nothing_that_was_launched_since(host: Host) -> None:
    host.tell(RecoverExecutors(()))
    host.tell(launch("a"), launch("b"))
    host.node.kill("executor-b")
    host.sim.run(0.5)
    host.told()
    host.tell(RecoverExecutors(()))
    recovered = host.told()[0]
    assert isinstance(recovered, ExecutorsRecovered)
    assert list(recovered.running) == ["a"]
    assert recovered.ended == (ExecutorEnding(container_id="b", status=0),)


def test_without_an_agent_the_node_is_stopped_in_the_end(host: Host) -> None:
    host.tell(launch("a"))
    host.agents.kill_process()
    host.sim.run(PATIENCE_SECONDS - 10.0)
    assert host.control.received == []
    host.sim.run(20.0)
    assert host.control.received == [StopNode()]


def test_an_agent_that_comes_back_in_time_is_enough(host: Host) -> None:
    host.tell(launch("a"))
    host.agents.kill_process()
    host.sim.run(PATIENCE_SECONDS - 10.0)
    host.agents.start()
    host.tell(RecoverExecutors(("a",)), agent=host.agents.probe("agent"))
    host.sim.run(PATIENCE_SECONDS)
    assert host.control.received == []


def test_an_agent_that_leaves_for_good_ends_the_node(host: Host) -> None:
    host.tell(launch("a"))
    stranger = host.sim.node("elsewhere").probe("keeper")
    stranger.send(host.node.pid_of(EXECUTORS), EndExecutorNode())
    host.sim.run(1.0)
    assert host.control.received == []
    host.agents.probe("keeper").send(host.node.pid_of(EXECUTORS), EndExecutorNode())
    host.sim.run(1.0)
    assert host.control.received == [StopNode()]


# After the death of the node, or of its host alone.


def test_a_host_that_crashes_finds_its_executors_again(host: Host) -> None:
    host.tell(launch("a", checkpoint=True))
    host.node.kill(EXECUTORS)
    host.sim.run(1.0)
    host.tell(RecoverExecutors(("a",)))
    recovered = host.told()[-1]
    assert isinstance(recovered, ExecutorsRecovered)
    assert list(recovered.running) == ["a"]
    assert host.hosted() == ["executor-a"]
    host.node.kill("executor-a")
    host.sim.run(0.5)
    assert host.told()[-1] == ended("a", message="ended after its node had; how cannot be learned")


def test_a_containerizer_that_crashes_is_told_of_its_executors_again(host: Host) -> None:
    host.tell(custom("a", "endless"), custom("b", "endless"), launch("c"))
    host.node.kill(CONTAINERIZER)
    host.sim.run(100.0)
    # What the actor of the third one runs is for that to adopt.
    assert host.running() == ["a", "b"]
    host.told()
    host.tell(DestroyExecutor("a"))
    assert ended("a", message="destroyed by the agent") in host.told()


def test_an_executor_that_is_a_process_outlives_the_node(host: Host) -> None:
    host.tell(custom("a", "endless", checkpoint=True), custom("b", "endless"))
    host.node.kill_process()
    host.sim.run(1.0)
    host.node.restart()
    host.told()
    host.tell(RecoverExecutors(("a", "b")))
    told = host.told()
    assert ExecutorsRecovered({"a": None}, (), {"a": 1001}) in told
    # The framework of the other one does not checkpoint.
    assert host.running() == ["a"]
    host.tell(DestroyExecutor("a"))
    assert ended("a", message="destroyed by the agent") in host.told()


def test_what_ended_with_the_node_is_told_as_ended(host: Host) -> None:
    group = launch("a", checkpoint=True, executor=info(kind=ExecutorInfo.Type.DEFAULT), generated=False)
    host.tell(group, custom("b", "short", checkpoint=True))
    host.node.kill_process()
    host.sim.run(60.0)
    host.node.restart()
    host.sim.run(1.0)
    host.told()
    host.tell(RecoverExecutors(("a", "b")))
    recovered = host.told()[0]
    assert isinstance(recovered, ExecutorsRecovered)
    assert recovered.running == {}
    assert sorted(ending.container_id for ending in recovered.ended) == ["a", "b"]
    for ending in recovered.ended:
        assert ending.message == "ended after its node had; how cannot be learned"
    assert host.running() == []


def test_what_the_agent_has_dealt_with_is_not_told_after_the_death_of_the_node(host: Host) -> None:
    host.tell(custom("a", "short", checkpoint=True), custom("b", "short", checkpoint=True))
    host.sim.run(20.0)
    host.tell(ForgetExecutor("a"))
    host.node.kill_process()
    host.node.restart()
    host.sim.run(1.0)
    host.told()
    host.tell(RecoverExecutors(("a", "b")))
    recovered = host.told()[0]
    assert isinstance(recovered, ExecutorsRecovered)
    assert recovered.running == {}
    assert [ending.container_id for ending in recovered.ended] == ["b"]


# A command's executor, which is made anew.


def task(program: str) -> TaskInfo:
    return TaskInfo(
        name="t",
        task_id=TaskID(value="t-1"),
        agent_id=AgentID(value="agent-1"),
        command=CommandInfo(value=program, shell=False),
    )


class Scene:
    """A task that runs under a real command executor, and an agent that acknowledges what it is told."""

    def __init__(
        self,
        program: str = "endless",
        *,
        checkpoint: bool = True,
        launches: bool = True,
        point: str | None = None,
        action: Harm = "kill",
    ) -> None:
        """The node is struck at the `point`, and is there again."""
        self.host = Host(real_commands=True)
        self.host.tell(launch("a", checkpoint=checkpoint))
        self.states: list[TaskState | None] = []
        self.messages: list[str | None] = []
        self.executor = self.meet()
        if point is not None:
            self.host.sim.arm(point, node=self.host.node, action=action)
        if launches:
            self.host.agent.send(self.executor, LaunchTask(task(program)))
        self.acknowledge()
        if point is not None:
            assert not self.host.node.up
            self.host.node.restart()

    def meet(self) -> Pid:
        """Let an executor in."""
        host = self.host
        host.sim.run_until(lambda: any(isinstance(one, SubscribeExecutor) for one in host.agent.received))
        executor = next(
            sender
            for sender, one in zip(host.agent.senders, host.agent.received, strict=True)
            if isinstance(one, SubscribeExecutor)
        )
        framework = launch("a").framework
        agent = AgentInfo(hostname="h", id=AgentID(value="agent-1"))
        host.agent.send(executor, ExecutorSubscribed(info(), framework, agent, "a"))
        self.clear()
        return executor

    def acknowledge(self) -> None:
        host = self.host
        host.sim.run(1.0)
        for one in host.agent.received:
            if isinstance(one, ExecutorUpdate):
                assert one.status.uuid is not None
                host.agent.send(self.executor, UpdateAcknowledged("t-1", one.status.uuid))
                self.states.append(one.status.state)
                self.messages.append(one.status.message)
        self.clear()
        host.sim.run(1.0)

    def clear(self) -> None:
        self.host.agent.received.clear()
        self.host.agent.senders.clear()

    def lose_node(self) -> None:
        self.host.node.kill_process()
        self.host.sim.run(1.0)
        self.clear()
        self.host.node.restart()


def test_a_command_s_task_outlives_the_node_and_can_be_killed_by_the_next() -> None:
    scene = Scene()
    assert scene.host.running() == ["a"]
    scene.lose_node()
    scene.host.agent.send(scene.host.node.pid_of(EXECUTORS), RecoverExecutors(("a",)))
    scene.host.sim.run_until(
        lambda: any(isinstance(one, ExecutorsRecovered) for one in scene.host.agent.received)
    )
    (recovered,) = (one for one in scene.host.agent.received if isinstance(one, ExecutorsRecovered))
    assert list(recovered.running) == ["a"]
    again = scene.meet()
    assert again == recovered.running["a"] != scene.executor
    scene.executor = again
    scene.acknowledge()
    assert scene.host.running() == ["a"]
    scene.host.agent.send(again, KillExecutorTask("t-1"))
    scene.acknowledge()
    assert scene.host.running() == []
    assert scene.states[:2] == [TaskState.TASK_STARTING, TaskState.TASK_RUNNING]
    assert scene.states[-1] is TaskState.TASK_KILLED
    assert scene.host.hosted() == []


def test_a_check_of_an_adopted_task_is_not_left_running() -> None:
    scene = Scene()
    spec = ContainerSpec(arguments=("endless",), directory="/")
    probe = scene.host.node.probe("checker")
    probe.send(scene.host.node.pid_of(CONTAINERIZER), LaunchContainer("a.check", spec))
    scene.host.sim.run(1.0)
    assert scene.host.running() == ["a", "a.check"]
    scene.lose_node()
    scene.host.sim.run(1.0)
    assert scene.host.running() == ["a"]


def test_a_task_whose_status_nobody_can_learn_fails_with_words() -> None:
    scene = Scene("short")
    scene.lose_node()
    scene.executor = scene.meet()
    scene.acknowledge()
    scene.host.sim.run(10.0)
    scene.acknowledge()
    assert scene.states[-1] is TaskState.TASK_FAILED
    assert scene.messages[-1] == "Command's exit status is not known"
    assert scene.host.hosted() == []


def test_a_task_of_a_framework_that_does_not_checkpoint_ends_with_the_node() -> None:
    scene = Scene(checkpoint=False)
    scene.lose_node()
    scene.host.tell(RecoverExecutors(("a",)))
    assert scene.host.told() == [ExecutorsRecovered({}, ())]
    assert scene.host.running() == []


@pytest.mark.parametrize(
    ("point", "state", "times"),
    [
        ("executors.keep_task.after", TaskState.TASK_RUNNING, 1),
        ("containerizer.launch.after", TaskState.TASK_RUNNING, 1),
        # Whether it ran, and how it ended then, cannot be learned.
        ("containerizer.begun.after", TaskState.TASK_FAILED, 0),
    ],
)
def test_a_task_is_begun_once_wherever_its_node_dies(point: str, state: TaskState, times: int) -> None:
    scene = Scene(point=point)
    scene.executor = scene.meet()
    scene.acknowledge()
    assert (len(scene.host.specs), scene.states[-1]) == (times, state)


def test_an_executor_without_a_task_waits_for_it_again_after_the_death_of_its_node() -> None:
    scene = Scene(checkpoint=True, launches=False)
    scene.lose_node()
    scene.executor = scene.meet()
    scene.host.agent.send(scene.executor, LaunchTask(task("endless")))
    scene.acknowledge()
    assert scene.host.running() == ["a"]


def _lose_power(node: SimulatedNode) -> None:
    """With all that was written on the disk by then."""
    for name in node.disk.list(""):
        node.disk.sync(name)
    node.disk.sync_folder("")
    node.crash()


def test_nothing_is_begun_again_after_a_loss_of_power() -> None:
    scene = Scene(point="executors.keep_task.after", action=_lose_power)
    scene.host.sim.run(10.0)
    assert (scene.host.specs, scene.host.hosted()) == ([], [])
    scene.host.tell(RecoverExecutors(("a",)))
    (recovered,) = (one for one in scene.host.told() if isinstance(one, ExecutorsRecovered))
    assert [ending.container_id for ending in recovered.ended] == ["a"]
