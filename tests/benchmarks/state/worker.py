"""A framework, and an agent that has its tasks end at once: `… -m tests.benchmarks.state.worker MASTER N`."""

from __future__ import annotations

import sys

from actors.election.standalone import StandaloneDetector
from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from frameworks.scheduler import Scheduler
from tests.benchmarks.child import ready
from transport.messages.launching import AcknowledgeUpdate, RunTask, StatusUpdate
from transport.messages.membership import AgentRegistered, PingAgent, PongAgent, RegisterAgent
from transport.pid import Address, Pid
from transport.records.agent import AgentInfo
from transport.records.command import CommandInfo
from transport.records.container import ContainerStatus
from transport.records.framework import FrameworkInfo
from transport.records.ids import ContainerID, TaskID
from transport.records.network import NetworkInfo
from transport.records.offer import Offer
from transport.records.resources import Resources
from transport.records.task import TaskInfo
from transport.records.task_status import TaskState, TaskStatus

_HAS = tuple(Resources.parse("cpus:1000;mem:1000000"))
_TASK = tuple(Resources.parse("cpus:0.1;mem:32"))
_PER_ACCEPT = 100
_STATES = (TaskState.TASK_RUNNING, TaskState.TASK_FINISHED)


class QuickAgent(Process):
    """Tells of each task that it runs, and then that it has ended."""

    def __init__(self, master: Pid) -> None:
        self._master = master
        self._id = ""

    def initialize(self) -> None:
        if not self._id:
            info = AgentInfo(hostname="host", port=5051, resources=_HAS)
            self.send(self._master, RegisterAgent(info, "1", _HAS))
            self.delay(1.0, self.initialize)

    @handles(AgentRegistered)
    def registered(self, sender: Pid, message: AgentRegistered) -> None:
        self._id = message.agent_id

    @handles(PingAgent)
    def ping(self, sender: Pid, message: PingAgent) -> None:
        self.send(sender, PongAgent())

    @handles(AcknowledgeUpdate)
    def acknowledged(self, sender: Pid, message: AcknowledgeUpdate) -> None:
        pass

    @handles(RunTask)
    def run(self, sender: Pid, message: RunTask) -> None:
        assert message.framework.id is not None
        container = ContainerStatus(
            container_id=ContainerID(value=f"container-of-{message.task.task_id.value}"),
            network_infos=(NetworkInfo(ip_addresses=(NetworkInfo.IPAddress(ip_address="127.0.0.1"),)),),
        )
        for state in _STATES:
            status = TaskStatus(
                task_id=message.task.task_id,
                state=state,
                source=TaskStatus.Source.SOURCE_EXECUTOR,
                agent_id=message.task.agent_id,
                timestamp=self.system.wall(),
                uuid=self.system.rng.randbytes(16),
                container_status=container,
            )
            self.send(sender, StatusUpdate(message.framework.id.value, self._id, status, state))


class Worker(Scheduler):
    """Launches so many tasks, and wants no more offers."""

    def __init__(self, detector: Pid, tasks: int) -> None:
        super().__init__(FrameworkInfo(user="nobody", name="worker"), detector)
        self._left = tasks

    def resource_offers(self, offers: tuple[Offer, ...]) -> None:
        for offer in offers:
            count = min(self._left, _PER_ACCEPT)
            self._left -= count
            if count:
                self.launch([offer], [self._task(offer, self._left + number) for number in range(count)])
            else:
                self.decline([offer])
                self.suppress()

    def _task(self, offer: Offer, number: int) -> TaskInfo:
        return TaskInfo(
            name="task",
            task_id=TaskID(value=f"task-{number}"),
            agent_id=offer.agent_id,
            resources=_TASK,
            command=CommandInfo(value="true"),
        )


def main(master: str, tasks: str) -> None:
    system = PykkaSystem(bind=Address("127.0.0.1", 0))
    system.start()
    leader = Pid("master", *Address.parse(master))
    detector = system.spawn(lambda: StandaloneDetector(leader), "detector")
    system.spawn(lambda: QuickAgent(leader), "agent")
    system.spawn(lambda: Worker(detector, int(tasks)), "worker")
    ready(str(system.address))
    system.stop(1.0)


if __name__ == "__main__":
    main(*sys.argv[1:])
