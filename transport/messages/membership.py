"""An agent and the master: joining, coming back, being alive, leaving (mesos-features.md §4).

The agent repeats RegisterAgent or ReregisterAgent until it is answered. Both link each other. The agent
obeys only the master that answered last.
"""

from __future__ import annotations

from transport.message import Message
from transport.record import Record
from transport.records.agent import AgentInfo, DrainConfig
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.operation import Operation
from transport.records.resource import Resource
from transport.records.task import Task
from transport.records.task_status import TaskStatus


class RegisterAgent(Message):
    """An agent without an id wants one."""

    info: AgentInfo
    version: str
    #: What it has, with the reservations and volumes that operations made: its total.
    resources: tuple[Resource, ...] = ()
    capabilities: tuple[AgentInfo.Capability, ...] = ()
    resource_version: bytes | None = None


class AgentRegistered(Message):
    """The agent is durably admitted under this id."""

    agent_id: str
    #: Without a ping for so long, the agent looks for its master again.
    ping_timeout_seconds: float


class ReregisterAgent(Message):
    """An agent with an id (`info.id`) is back, with all that it knows to run on it."""

    info: AgentInfo
    version: str
    resources: tuple[Resource, ...] = ()
    capabilities: tuple[AgentInfo.Capability, ...] = ()
    resource_version: bytes | None = None
    frameworks: tuple[FrameworkInfo, ...] = ()
    #: Custom executors that live, with their framework_id; those made up for command tasks are not told.
    executors: tuple[ExecutorInfo, ...] = ()
    #: Every task that is not forgotten yet, with its latest state and the one the scheduler was last sent.
    tasks: tuple[Task, ...] = ()
    operations: tuple[Operation, ...] = ()
    drain_config: DrainConfig | None = None


class AgentReconciliation(Record):
    """Tasks of a framework that the master believes to be on the agent, and the agent did not tell."""

    framework_id: str
    statuses: tuple[TaskStatus, ...]
    #: Whether the framework knows more states than TASK_LOST of a task that is not there.
    partition_aware: bool = False


class AgentReregistered(Message):
    """The agent is back; for tasks it does not know it sends updates that say so."""

    agent_id: str
    ping_timeout_seconds: float
    reconciliations: tuple[AgentReconciliation, ...] = ()


class ReconcileTasks(Message):
    """Launches that nothing was heard of for a while; of tasks it does not know the agent says so."""

    reconciliations: tuple[AgentReconciliation, ...]


class PingAgent(Message):
    """Is the agent alive? `connected` says whether the master thinks it is registered."""

    connected: bool


class PongAgent(Message):
    """It is."""


class UpdateAgentResources(Message):
    """The agent's total, or its operations, changed other than by the master's doing."""

    agent_id: str
    resources: tuple[Resource, ...] = ()
    operations: tuple[Operation, ...] = ()
    resource_version: bytes | None = None


class UnregisterAgent(Message):
    """The agent leaves for good, and everything on it has ended."""

    agent_id: str


class ShutdownAgent(Message):
    """The agent may not be part of the cluster (any more): kill everything and end."""

    message: str


class DrainAgent(Message):
    """Kill the tasks gracefully and take no new ones."""

    config: DrainConfig


class ReactivateAgent(Message):
    """Draining is over: take tasks again."""
