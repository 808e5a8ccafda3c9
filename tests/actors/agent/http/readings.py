"""What an agent tells of itself: a framework with an executor that runs a task, and others that are over."""

from __future__ import annotations

from transport.messages.agent_reading import AgentRead, ExecutorRead, FrameworkRead
from transport.pid import Pid
from transport.records.agent import AgentInfo
from transport.records.command import CommandInfo
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.ids import AgentID, ExecutorID, FrameworkID, TaskID
from transport.records.labels import Label, Labels
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.task import Task, TaskInfo
from transport.records.task_status import TaskState, TaskStatus
from transport.records.value_text import parse_attributes

AGENT = AgentID(value="agent-1")
FRAMEWORK = FrameworkID(value="framework-1")


def given(text: str, role: str = "*") -> tuple[Resource, ...]:
    """Resources that are allocated to a role."""
    return tuple(Resources.parse(text).allocate(role))


def task(name: str, state: TaskState = TaskState.TASK_RUNNING) -> Task:
    return Task(
        name=name,
        task_id=TaskID(value=name),
        framework_id=FRAMEWORK,
        agent_id=AGENT,
        state=state,
        resources=given("cpus:0.1;mem:32"),
        statuses=(TaskStatus(task_id=TaskID(value=name), state=state, timestamp=1.5),),
        labels=Labels(labels=(Label(key="tier", value="web"),)),
    )


def executor(name: str, container_id: str, sandbox: str = "/sandbox", **values: object) -> ExecutorRead:
    info = ExecutorInfo(
        executor_id=ExecutorID(value=name),
        name=f"Command Executor ({name})",
        source=name,
        command=CommandInfo(value="sleep 1"),
        resources=given("cpus:0.1;mem:32"),
    )
    return ExecutorRead(info=info, container_id=container_id, sandbox=sandbox, **values)  # type: ignore[arg-type]


def agent_read(container_id: str, sandbox: str, node: Pid | None) -> AgentRead:
    """An agent with one of each."""
    queued = TaskInfo(
        name="late",
        task_id=TaskID(value="late"),
        agent_id=AGENT,
        resources=given("cpus:0.1"),
        command=CommandInfo(value="true"),
    )
    running = executor(
        "one",
        container_id,
        sandbox,
        pending=(task("early", TaskState.TASK_STAGING),),
        queued=(task("late", TaskState.TASK_STAGING),),
        queued_infos=(queued,),
        launched=(task("now"),),
        terminated=(task("gone", TaskState.TASK_FINISHED),),
        completed=(task("past", TaskState.TASK_KILLED),),
    )
    over = executor("zero", "container-0", runs=False, completed=(task("old", TaskState.TASK_FAILED),))
    info = FrameworkInfo(user="root", name="golden", id=FRAMEWORK, principal="gold", checkpoint=True)
    other = FrameworkInfo(user="root", name="other", id=FrameworkID(value="framework-0"))
    total = Resources.parse("cpus:4;mem:1024;ports:[31000-31009];disk(web):64")
    return AgentRead(
        recovered=True,
        info=AgentInfo(
            hostname="host",
            port=5051,
            id=AGENT,
            resources=tuple(total),
            attributes=parse_attributes("rack:a"),
        ),
        total=total,
        allocated=Resources(given("cpus:0.2;mem:64")),
        master=Pid("master", "10.0.0.1", 6050),
        started=1_700_000_000.5,
        frameworks=(FrameworkRead(info=info, executors=(running,), completed=(over,)),),
        completed=(FrameworkRead(info=other),),
        node=node,
    )
