"""The smallest executor, and what passes between it and its scheduler through the whole cluster."""

from __future__ import annotations

from frameworks.examples.echo_executor import EchoExecutor
from frameworks.examples.experiment import ECHO
from frameworks.examples.programs import executor_command, executor_info
from frameworks.offered import Offered
from frameworks.scheduler import Scheduler
from frameworks.testing import SimulatedCluster
from transport.pid import Pid
from transport.records.framework import FrameworkInfo
from transport.records.ids import TaskID
from transport.records.offer import Offer
from transport.records.resources import Resources
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState, TaskStatus


class Talker(Scheduler):
    """Runs one task, and keeps what it hears."""

    def __init__(self, detector: Pid) -> None:
        super().__init__(FrameworkInfo(user="root", name="talker"), detector)
        self.agent_id = ""
        self.heard: list[bytes] = []
        self.updates: list[tuple[TaskState, bytes | None]] = []
        self.failures: list[tuple[str | None, int | None]] = []

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        offered = Offered(offers[0])
        self.agent_id = offered.agent_id.value
        executor = executor_info("echo", ECHO)
        task = TaskInfo(
            name="t",
            task_id=TaskID(value="t"),
            agent_id=offered.agent_id,
            resources=offered.take(Resources.parse("cpus:1")),
            executor=executor,
            data=b"data",
        )
        self.launch(offers[:1], [task])
        self.suppress()

    def update(self, status: TaskStatus) -> None:
        self.updates.append((status.state, status.data))

    def framework_message(self, agent_id: str, executor_id: str, data: bytes) -> None:
        assert (agent_id, executor_id) == (self.agent_id, "echo")
        self.heard.append(data)

    def failure(self, agent_id: str, executor_id: str | None, status: int | None) -> None:
        self.failures.append((executor_id, status))


def test_an_executor_says_back_what_it_is_told_and_ends_when_it_is_told_to() -> None:
    cluster = SimulatedCluster(1, executors={executor_command(ECHO): EchoExecutor})
    talker = cluster.start(Talker).process("scheduler", Talker)
    cluster.sim.run_until(lambda: len(talker.updates) == 2)
    assert talker.updates == [(TaskState.TASK_RUNNING, None), (TaskState.TASK_FINISHED, b"data")]
    for number in range(3):
        talker.message(talker.agent_id, "echo", b"%d" % number)
    cluster.sim.run_until(lambda: talker.heard == [b"0", b"1", b"2"])
    talker.shutdown("echo", talker.agent_id)
    cluster.sim.run_until(lambda: talker.failures == [("echo", 0)])
    assert not cluster.hosts[0].executors.running
