"""An agent's HTTP server and the agent: how things stand there, for operators. It never leaves the node."""

from __future__ import annotations

import msgspec

from transport.message import DomesticMessage
from transport.pid import Pid
from transport.records.agent import AgentInfo, DrainConfig
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.operation import Operation
from transport.records.resources import Resources
from transport.records.task import Task, TaskInfo


class ExecutorRead(msgspec.Struct, frozen=True, kw_only=True):
    """An executor and its tasks."""

    info: ExecutorInfo
    container_id: str
    sandbox: str = ""
    #: Whether its container is there, or is being made.
    runs: bool = True
    starts: bool = False
    #: The number of its process, if it is one and that is known.
    process: int | None = None
    pending: tuple[Task, ...] = ()
    queued: tuple[Task, ...] = ()
    #: What the queued ones were launched as, as far as that is known.
    queued_infos: tuple[TaskInfo, ...] = ()
    launched: tuple[Task, ...] = ()
    terminated: tuple[Task, ...] = ()
    completed: tuple[Task, ...] = ()


class FrameworkRead(msgspec.Struct, frozen=True, kw_only=True):
    """A framework and its executors here."""

    info: FrameworkInfo
    executors: tuple[ExecutorRead, ...] = ()
    completed: tuple[ExecutorRead, ...] = ()


class ReadAgent(DomesticMessage):
    """How do things stand? Answered by AgentRead."""


class AgentRead(DomesticMessage):
    """So they do."""

    #: Whether what the agent before it left is taken up; until then nobody is told anything.
    recovered: bool
    info: AgentInfo
    #: What there is by now, and what of it is allocated, with its roles.
    total: Resources
    allocated: Resources
    master: Pid | None = None
    #: Since when it runs, in seconds since 1970.
    started: float = 0.0
    drain: DrainConfig | None = None
    frameworks: tuple[FrameworkRead, ...] = ()
    completed: tuple[FrameworkRead, ...] = ()
    operations: tuple[Operation, ...] = ()
    #: The actor `executors` of the executor node, if that is there.
    node: Pid | None = None


class FindContainer(DomesticMessage):
    """Where does a container run? Answered by ContainerFound; `root` is the id of the outermost one."""

    root: str


class ContainerFound(DomesticMessage):
    """What is known of an executor's container; `known` is False for any other id."""

    recovered: bool
    known: bool = False
    #: The actor `executors` of the executor node, if that is there.
    node: Pid | None = None
    sandbox: str = ""
    #: Whose user it runs as; None: the agent's.
    user: str | None = None
    #: The actor that the container stands for, where nothing runs in it itself.
    host: Pid | None = None
    role: str | None = None
