"""The agent and those of its node that touch the disk: archive, update streams, garbage collector.

All of one node. A disk that fails ends the agent: what it promised would not be true any more.
"""

from __future__ import annotations

from typing import ClassVar

from transport.message import Message
from transport.messages.agent_state import AgentCheckpoint
from transport.messages.hosting import ExecutorEnding
from transport.messages.launching import StatusUpdate
from transport.pid import Pid
from transport.records.agent import AgentInfo, DrainConfig
from transport.records.executor import ExecutorInfo
from transport.records.framework import FrameworkInfo
from transport.records.operation import Operation
from transport.records.resource import Resource
from transport.records.task import Task
from transport.records.task_status import TaskStatus

# --- the actor `archive`: checkpoints and sandboxes ---


class RecoverAgent(Message):
    """What did the agent before this one leave? Answered by AgentRecovered."""


class AgentRecovered(Message):
    """What was found, or (strict) why it cannot be used."""

    checkpoint: AgentCheckpoint
    error: str | None = None


class SaveAgent(Message):
    """Keep the agent's id and description."""

    info: AgentInfo


class ForgetAgentId(Message):
    """Give up the agent's id: the next agent here is a new one."""


class SaveFramework(Message):
    """Keep a framework's description."""

    info: FrameworkInfo


class SaveFrameworkEnd(Message):
    """A framework was ended: nothing of it is to be recovered, though some may still run."""

    framework_id: str


class SaveExecutor(Message):
    """Keep an executor and its container. Its framework is one that was saved."""

    info: ExecutorInfo
    container_id: str
    generated: bool = False


class SaveTask(Message):
    """Keep a task of an executor that was saved."""

    executor_id: str
    container_id: str
    task: Task


class SaveResources(Message):
    """Keep the agent's total and the operations that are not acknowledged."""

    resources: tuple[Resource, ...]
    operations: tuple[Operation, ...] = ()


class SaveDrain(Message):
    """Keep that the agent is drained, or (None) that it is not any more."""

    config: DrainConfig | None


class SaveEnding(Message):
    """An executor's container is over, though not yet all of its updates are acknowledged."""

    framework_id: str
    executor_id: str
    ending: ExecutorEnding


class SaveCompletion(Message):
    """An executor's container is over and all its updates are acknowledged: it need not be recovered."""

    framework_id: str
    executor_id: str
    container_id: str


class MakeSandbox(Message):
    """Make the folder that an executor's container works in, owned by `user` where that is given."""

    framework_id: str
    executor_id: str
    container_id: str
    user: str | None = None
    #: Persistent volumes to be seen in it.
    volumes: tuple[Resource, ...] = ()


class RemoveVolumes(Message):
    """Delete persistent volumes and all that is in them."""

    volumes: tuple[Resource, ...]


#: What can be asked of the archive in one go.
Save = (
    SaveAgent
    | ForgetAgentId
    | SaveFramework
    | SaveFrameworkEnd
    | SaveExecutor
    | SaveTask
    | SaveResources
    | SaveDrain
    | SaveEnding
    | SaveCompletion
    | MakeSandbox
    | RemoveVolumes
)


class Archive(Message):
    """Do all of these in order; answered by Archived once they are durable."""

    request_id: int
    saves: tuple[Save, ...]


class Archived(Message):
    """Done; or what could not be done for a reason that is not the disk's, such as an unknown user."""

    request_id: int
    #: Absolute path of the sandbox, if one was made.
    sandbox: str = ""
    error: str | None = None


# --- the actor `updates`: one stream of status updates for each task ---


class RecoverUpdates(Message):
    """Take up the streams of a checkpoint; those that are over and acknowledged are left out by then."""

    checkpoint: AgentCheckpoint


class SendUpdates(Message):
    """A master listens: send what is unacknowledged now, and repeat it as it is due."""

    master: Pid


class HoldUpdates(Message):
    """No master listens."""


class StreamUpdate(Message):
    """Put an update into its task's stream; with a container id (of a checkpointing framework), durably.

    Answered by UpdateStreamed. The first one of a stream makes it; equal uuids are the same update.
    """

    update: StatusUpdate
    container_id: str | None = None


class UpdateStreamed(Message):
    """The update is safe: its executor may forget it. `accepted` is False after a terminal update."""

    framework_id: str
    task_id: str
    executor_id: str | None
    status: TaskStatus
    accepted: bool = True


class StreamAcknowledge(Message):
    """The scheduler acknowledged an update; answered by StreamAdvanced if it is the one that was sent."""

    framework_id: str
    task_id: str
    uuid: bytes


class StreamAdvanced(Message):
    """An acknowledgement is safe. `over`: it was that of the terminal update, the stream is gone."""

    framework_id: str
    task_id: str
    status: TaskStatus
    over: bool


class EndStreams(Message):
    """Forget all streams of a framework that was removed."""

    framework_id: str


# --- the actor `garbage`: what is deleted in time ---


class DiscardExecutor(Message):
    """An executor's container is over: its sandbox and checkpoints may be deleted when their time comes."""

    framework_id: str
    executor_id: str
    container_id: str


class DiscardFramework(Message):
    """No executor of a framework is left: so may its folders."""

    framework_id: str


class KeepFramework(Message):
    """A framework has executors again: its folders stay."""

    framework_id: str


# --- the archive and the garbage collector ---


class Leftovers(Message):
    """What recovery found that is of no more use, and whose folders the next ones will be.

    Sent by the archive, again with every agent id that it saves. Unlike after a Discard…, the time that
    folders have been waiting already counts.
    """

    agent_id: str | None = None
    #: Ids that this host had before.
    agents: tuple[str, ...] = ()
    executors: tuple[DiscardExecutor, ...] = ()
    frameworks: tuple[DiscardFramework, ...] = ()


class ForgetExecutor(Message):
    """A container's sandbox is deleted: delete what is kept about it, and folders that are empty then."""

    #: The executor node is told a ForgetExecutor, too.
    type_name: ClassVar[str] = "ForgetExecutorFiles"

    framework_id: str
    executor_id: str
    container_id: str


class ForgetFramework(Message):
    """The time of a framework's folders has come: delete them if no executor has any in them."""

    framework_id: str


class StreamOver(Message):
    """A task's updates are all acknowledged; from updates to the archive, which forgets old ones."""

    framework_id: str
    executor_id: str
    container_id: str
    task_id: str


class Flush(Message):
    """Make durable what has come up to here; from archive and updates each to itself."""
