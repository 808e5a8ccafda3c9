"""A master and an agent as far as the commands of `mesos` ask them, over real HTTP."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from actors.agent.attached_sandboxes import AttachedSandboxes
from actors.agent.checkpoints import seal
from actors.gateway.common_calls import common_calls
from actors.gateway.files import Files
from actors.gateway.operator import Answer, OperatorApi
from actors.master.flags import MasterFlags
from tests.actors.gateway.fronts import front, served
from transport.http.exchange import Request, Response, refusal, say, show
from transport.http.media_type import MediaType
from transport.http.routes import Route
from transport.pid import Address
from transport.records import agent_call, agent_response, master_call, master_response
from transport.records.agent import AgentInfo
from transport.records.container import ContainerStatus
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, ContainerID, ExecutorID, FrameworkID, TaskID
from transport.records.resources import Resources
from transport.records.statistics import ResourceStatistics
from transport.records.task import Task
from transport.records.task_status import TaskState, TaskStatus

AGENT_ID = AgentID(value="S0")
NOWHERE = Address("127.0.0.1", 1)
LIMIT = 16 * 1024 * 1024

_Master = master_call.Call.Type
_MasterResponse = master_response.Response
_Agents = _MasterResponse.GetAgents
_Frameworks = _MasterResponse.GetFrameworks
_AgentResponse = agent_response.Response


def task(
    task_id: str,
    *,
    framework: str = "F0",
    state: TaskState = TaskState.TASK_RUNNING,
    executor: str | None = None,
    container: ContainerID | None = None,
) -> Task:
    """A task as a master knows it."""
    status = TaskStatus(task_id=TaskID(value=task_id), state=state)
    if container is not None:
        known = ContainerStatus(container_id=container)
        status = TaskStatus(task_id=TaskID(value=task_id), state=state, container_status=known)
    return Task(
        name=f"name of {task_id}",
        task_id=TaskID(value=task_id),
        framework_id=FrameworkID(value=framework),
        executor_id=None if executor is None else ExecutorID(value=executor),
        agent_id=AGENT_ID,
        state=state,
        statuses=(status,),
        resources=tuple(Resources.parse("cpus:0.5;mem:32")),
    )


def framework(framework_id: str, *, active: bool = True) -> Any:
    """A framework as a master knows it."""
    return _Frameworks.Framework(
        framework_info=FrameworkInfo(
            id=FrameworkID(value=framework_id), name=f"name of {framework_id}", user="anna", hostname="host"
        ),
        active=active,
        connected=active,
        recovered=False,
        allocated_resources=tuple(Resources.parse("cpus:0.5;mem:32")),
    )


@dataclasses.dataclass
class Daemons:
    """What the two know, and where they are."""

    work_dir: Path
    master: Address = NOWHERE
    agent: Address = NOWHERE
    tasks: tuple[Task, ...] = ()
    completed_tasks: tuple[Task, ...] = ()
    frameworks: tuple[Any, ...] = ()
    completed_frameworks: tuple[Any, ...] = ()
    torn_down: list[str] = dataclasses.field(default_factory=list)

    def sandbox(self, executor: str, framework_id: str = "F0", container: str = "c1") -> Path:
        """The folder of an executor, made as the agent makes it."""
        runs = self.work_dir / f"slaves/S0/frameworks/{framework_id}/executors/{executor}/runs"
        (runs / container).mkdir(parents=True)
        (runs / "latest").symlink_to(container)
        latest = self.work_dir / "meta/slaves/latest"
        latest.parent.mkdir(parents=True, exist_ok=True)
        latest.write_bytes(seal("S0"))
        return runs / container

    # The master's calls.

    async def get_agents(self, _call: master_call.Call, _form: MediaType) -> Answer:
        info = AgentInfo(id=AGENT_ID, hostname="host", port=self.agent.port)
        agent = _Agents.Agent(
            agent_info=info,
            active=True,
            version="1.11.0",
            pid=f"slave(1)@{self.agent}",
            total_resources=tuple(Resources.parse("cpus:4;mem:1024;disk:100")),
            allocated_resources=tuple(Resources.parse("cpus:0.5;mem:32")),
        )
        return _MasterResponse(type=_MasterResponse.Type.GET_AGENTS, get_agents=_Agents(agents=(agent,)))

    async def get_tasks(self, _call: master_call.Call, _form: MediaType) -> Answer:
        tasks = _MasterResponse.GetTasks(tasks=self.tasks, completed_tasks=self.completed_tasks)
        return _MasterResponse(type=_MasterResponse.Type.GET_TASKS, get_tasks=tasks)

    async def get_frameworks(self, _call: master_call.Call, _form: MediaType) -> Answer:
        found = _Frameworks(frameworks=self.frameworks, completed_frameworks=self.completed_frameworks)
        return _MasterResponse(type=_MasterResponse.Type.GET_FRAMEWORKS, get_frameworks=found)

    async def teardown(self, call: master_call.Call, _form: MediaType) -> Answer:
        assert call.teardown is not None
        self.torn_down.append(call.teardown.framework_id.value)
        return Response()

    async def state(self, request: Request) -> Response:
        return show(request, {"id": "m1"})

    # The agent's.

    async def get_containers(self, _call: agent_call.Call, _form: MediaType) -> Answer:
        containers = _AgentResponse.GetContainers
        used = ResourceStatistics(
            timestamp=1.0,
            mem_rss_bytes=3 * 1024 * 1024,
            cpus_user_time_secs=3661.25,
            cpus_system_time_secs=0.5,
        )
        one = containers.Container(
            framework_id=FrameworkID(value="F0"),
            executor_id=ExecutorID(value="web"),
            container_id=ContainerID(value="c1"),
            resource_statistics=used,
        )
        found = containers(containers=(one,))
        return _AgentResponse(type=_AgentResponse.Type.GET_CONTAINERS, get_containers=found)


@contextlib.contextmanager
def daemons(work_dir: Path) -> Iterator[Daemons]:
    """The two, running."""
    known = Daemons(work_dir)
    flags = MasterFlags(cluster="paas")
    files = Files([AttachedSandboxes(work_dir)])
    master = OperatorApi(
        master_call.Call,
        {
            **common_calls(front(), flags, files, master_call.Call, _MasterResponse),
            _Master.GET_AGENTS: known.get_agents,
            _Master.GET_TASKS: known.get_tasks,
            _Master.GET_FRAMEWORKS: known.get_frameworks,
            _Master.TEARDOWN: known.teardown,
        },
    )
    agent = OperatorApi(
        agent_call.Call,
        {
            **common_calls(front(), flags, files, agent_call.Call, _AgentResponse),
            agent_call.Call.Type.GET_CONTAINERS: known.get_containers,
        },
    )
    with (
        served([_api(master), Route("/state", known.state)]) as known.master,
        served([_api(agent)]) as known.agent,
    ):
        yield known


@contextlib.contextmanager
def standing_by(leader: Address | None) -> Iterator[Address]:
    """A master that does not lead."""

    async def elsewhere(request: Request) -> Response:
        if leader is None:
            raise refusal(503, "No leader elected")
        return say(307, "elsewhere", {"Location": f"//{leader}{request.target}"})

    with served([Route("/", elsewhere, ("GET", "POST"))]) as address:
        yield address


def _api(api: OperatorApi[Any]) -> Route:
    return Route("/api/v1", api.handle, ("POST",), LIMIT)
