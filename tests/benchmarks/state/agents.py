"""Light agents with much on them: `… -m tests.benchmarks.state.agents MASTER FIRST COUNT TASKS CHANGES`."""

from __future__ import annotations

import sys
from functools import partial

from msgspec.structs import replace

from actors.process import Process, handles
from actors.pykka_system import PykkaSystem
from tests.benchmarks.child import ready
from transport.messages.launching import StatusUpdate
from transport.messages.membership import AgentReregistered, PingAgent, PongAgent, ReregisterAgent
from transport.pid import Address, Pid
from transport.records.agent import AgentInfo
from transport.records.container import ContainerStatus
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, ContainerID, FrameworkID, TaskID
from transport.records.labels import Label, Labels
from transport.records.network import NetworkInfo
from transport.records.resources import Resources
from transport.records.task import Task
from transport.records.task_status import TaskState, TaskStatus

#: How many frameworks share each agent.
FRAMEWORKS = 10
_HAS = Resources.parse("cpus:64;mem:65536;disk:100000;ports:[31000-32000]")
_CAPABILITIES = tuple(
    AgentInfo.Capability(type=kind)
    for kind in (AgentInfo.Capability.Type.MULTI_ROLE, AgentInfo.Capability.Type.RESERVATION_REFINEMENT)
)


def framework_of(number: int) -> FrameworkInfo:
    return FrameworkInfo(
        user="nobody",
        name=f"framework {number}",
        id=FrameworkID(value=f"old-{number:04d}"),
        checkpoint=True,
        failover_timeout=604800.0,
        roles=(f"role{number}",),
        capabilities=(FrameworkInfo.Capability(type=FrameworkInfo.Capability.Type.MULTI_ROLE),),
    )


class LadenAgent(Process):
    """Comes to the master with tasks that run, and tells so many changes of them a second."""

    def __init__(self, number: int, master: Pid, tasks: int, changes_per_second: float) -> None:
        self._info = AgentInfo(
            hostname=f"host{number}", port=5051, id=AgentID(value=f"old-S{number}"), resources=tuple(_HAS)
        )
        self._master = master
        self._tasks = [_task(f"old-S{number}", f"task-{number}-{each}", each) for each in range(tasks)]
        self._changes_per_second = changes_per_second
        self._changes = 0
        self._registered = False

    def initialize(self) -> None:
        self.delay(self.system.rng.uniform(0.0, 2.0), self._register)

    def _register(self) -> None:
        if self._registered:
            return
        frameworks = tuple(framework_of(number) for number in range(FRAMEWORKS))
        message = ReregisterAgent(
            self._info, "1", tuple(_HAS), _CAPABILITIES, frameworks=frameworks, tasks=tuple(self._tasks)
        )
        self.send(self._master, message)
        self.delay(self.system.rng.uniform(5.0, 10.0), self._register)

    @handles(AgentReregistered)
    def reregistered(self, sender: Pid, message: AgentReregistered) -> None:
        if not self._registered and self._changes_per_second:
            self.every(1 / self._changes_per_second, self._change)
        self._registered = True

    def _change(self) -> None:
        task = self._tasks[self._changes % len(self._tasks)]
        self._changes += 1
        status = replace(task.statuses[-1], healthy=self._changes // len(self._tasks) % 2 == 0)
        self.send(
            self._master, StatusUpdate(task.framework_id.value, task.agent_id.value, status, task.state)
        )

    @handles(PingAgent)
    def ping(self, sender: Pid, message: PingAgent) -> None:
        self.send(sender, PongAgent())


def _task(agent_id: str, task_id: str, number: int) -> Task:
    framework, port = number % FRAMEWORKS, 31000 + number
    container = ContainerStatus(
        container_id=ContainerID(value=f"container-of-{task_id}"),
        network_infos=(NetworkInfo(ip_addresses=(NetworkInfo.IPAddress(ip_address=f"10.0.0.{number}"),)),),
    )
    status = TaskStatus(
        task_id=TaskID(value=task_id),
        state=TaskState.TASK_RUNNING,
        source=TaskStatus.Source.SOURCE_EXECUTOR,
        agent_id=AgentID(value=agent_id),
        timestamp=1.6e9 + number,
        uuid=b"%16d" % number,
        container_status=container,
    )
    starting = replace(status, state=TaskState.TASK_STARTING, uuid=b"%15ds" % number)
    held = Resources.parse(f"cpus:0.1;mem:64;ports:[{port}-{port}]").allocate(f"role{framework}")
    return Task(
        name=task_id.rpartition("-")[0],
        task_id=TaskID(value=task_id),
        framework_id=framework_of(framework).id,  # type: ignore[arg-type]
        agent_id=AgentID(value=agent_id),
        state=TaskState.TASK_RUNNING,
        resources=tuple(held),
        statuses=(starting, status),
        status_update_state=TaskState.TASK_RUNNING,
        status_update_uuid=status.uuid,
        labels=Labels(labels=(Label(key="tier", value="web"),)),
    )


def main(master: str, first: str, count: str, tasks: str, changes: str) -> None:
    system = PykkaSystem(bind=Address("127.0.0.1", 0))
    system.start()
    leader = Pid("master", *Address.parse(master))
    for number in range(int(first), int(first) + int(count)):
        make = partial(LadenAgent, number, leader, int(tasks), float(changes))
        system.spawn(make, f"agent-{number}")
    ready(str(system.address))
    system.stop(1.0)


if __name__ == "__main__":
    main(*sys.argv[1:])
