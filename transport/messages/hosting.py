"""An agent and its executor node: starting executors, and learning how they ended.

The executor node outlives its agent: it is the parent of all containers, so an agent that was restarted
asks it (RecoverExecutors) what runs and what ended meanwhile. What ended is told again until it is
forgotten (ForgetExecutor). All messages of one agent go to the actor `executors` of its executor node.
"""

from __future__ import annotations

from collections.abc import Mapping

from transport.message import Message
from transport.pid import Pid
from transport.record import Record
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.resource import Resource
from transport.records.task import TaskInfo
from transport.records.task_status import TaskResourceLimitation, TaskStatus


class LaunchExecutor(Message):
    """Start an executor in a container of its own; answered by ExecutorLaunched or ExecutorEnded.

    An executor of type DEFAULT, and one that the agent made up for a command task (`generated`), is an
    actor of the executor node; any other is a child process.
    """

    container_id: str
    framework: FrameworkInfo
    executor: ExecutorInfo
    #: Absolute path of the sandbox, which is there already.
    sandbox: str
    #: What the executor's process is given (mesos-protocol.md §3.4).
    environment: Mapping[str, str]
    generated: bool = False
    #: Whose user the processes run as; None: that of the node.
    user: str | None = None
    #: Whether an executor before this one, whose node died, was to end the task.
    killed: bool = False


class ExecutorLaunched(Message):
    """The executor was started; it subscribes at the agent by itself."""

    container_id: str
    #: The operating system's number of its process: that of its node for an actor.
    process: int | None = None


class ExecutorEnding(Record):
    """How an executor's container came to its end."""

    container_id: str
    #: As `waitpid` gives it; None when it could not be learned, or nothing was started.
    status: int | None = None
    #: Why, when it was not the executor's own doing.
    reason: TaskStatus.Reason | None = None
    message: str = ""
    #: What it used too much of.
    limitation: TaskResourceLimitation | None = None


class ExecutorEnded(Message):
    """The executor's container is no more."""

    ending: ExecutorEnding


class UpdateExecutor(Message):
    """What an executor of a framework's own may use with its tasks from now on; not answered."""

    container_id: str
    resources: tuple[Resource, ...]


class DestroyExecutor(Message):
    """Kill everything in an executor's container; answered by ExecutorEnded, also when there is none."""

    container_id: str


class ForgetExecutor(Message):
    """The agent has dealt with the executor's end."""

    container_id: str


class RecoverExecutors(Message):
    """An agent is (back) here: tell it everything from now on. Containers not `known` to it are destroyed."""

    known: tuple[str, ...]


class ExecutorsRecovered(Message):
    """What runs, and what ended and is not forgotten."""

    #: By container id, the executor's actor where it is one of the node.
    running: Mapping[str, Pid | None]
    ended: tuple[ExecutorEnding, ...] = ()
    #: By container id, as ExecutorLaunched tells them.
    processes: Mapping[str, int] = {}


class KeepTask(Message):
    """From a command executor to its host: what it will run, should the task outlive them both.

    Answered by TaskKept; asking again does no harm.
    """

    container_id: str
    task: TaskInfo
    #: Whether the executor is to end it, so that its successor knows of that, too.
    killed: bool = False


class TaskKept(Message):
    """The task can be begun, or ended (`killed`); or (`error`) not, since it could not be kept."""

    error: str = ""
    killed: bool = False


class EndExecutorNode(Message):
    """The agent leaves for good, and nothing of it runs any more: the node is not needed.

    For the actor `keeper`, which passes it on to `executors` and answers ExecutorNodeEnds.
    """


class ExecutorNodeEnds(Message):
    """The executor node was told to end, and no other is started."""


class FindExecutorNode(Message):
    """For the actor `keeper`: where is the executor node? Started if there is none; again when it ended.

    Answered by ExecutorNodeFound, which may take its time.
    """


class ExecutorNodeFound(Message):
    """The actors of the executor node."""

    executors: Pid
