"""Every call and every event of the v1 executor API, beside the message that it is."""

from __future__ import annotations

from typing import Final

from tests.actors.agent.stage import AGENT_ID, FRAMEWORK_ID, agent_info, custom, framework, task
from transport.message import Message
from transport.messages import executing, scheduling
from transport.records.check import KillPolicy
from transport.records.executor_call import Call
from transport.records.executor_event import Event
from transport.records.ids import ContainerID, ExecutorID, FrameworkID, TaskID
from transport.records.task import TaskGroupInfo
from transport.records.task_status import TaskState, TaskStatus
from transport.records.time_info import DurationInfo

EXECUTOR: Final = ExecutorID(value="e1")
FRAMEWORK: Final = FrameworkID(value=FRAMEWORK_ID)
UUID_BYTES: Final = bytes(range(16))
STATUS: Final = TaskStatus(
    task_id=TaskID(value="t1"),
    state=TaskState.TASK_RUNNING,
    uuid=UUID_BYTES,
    source=TaskStatus.Source.SOURCE_EXECUTOR,
    executor_id=EXECUTOR,
)
_TASK: Final = task("t1", executor=custom())
_OTHER: Final = task("t2", data=b"\x00\xff")
_GROUP: Final = TaskGroupInfo(tasks=(_TASK, _OTHER))
_POLICY: Final = KillPolicy(grace_period=DurationInfo(nanoseconds=7))
_TYPE = Call.Type
_EVENT = Event.Type


def call(kind: Call.Type, **fields: object) -> Call:
    return Call(type=kind, framework_id=FRAMEWORK, executor_id=EXECUTOR, **fields)  # type: ignore[arg-type]


#: Each type but HEARTBEAT, which tells the agent nothing.
CALLS: Final[tuple[tuple[Call, Message], ...]] = (
    (
        call(
            _TYPE.SUBSCRIBE,
            subscribe=Call.Subscribe(
                unacknowledged_tasks=(_TASK, _OTHER), unacknowledged_updates=(Call.Update(status=STATUS),)
            ),
        ),
        executing.SubscribeExecutor(FRAMEWORK_ID, "e1", (_TASK, _OTHER), (STATUS,), over_http=True),
    ),
    (
        call(_TYPE.SUBSCRIBE, subscribe=Call.Subscribe()),
        executing.SubscribeExecutor(FRAMEWORK_ID, "e1", over_http=True),
    ),
    (
        call(_TYPE.UPDATE, update=Call.Update(status=STATUS)),
        executing.ExecutorUpdate(FRAMEWORK_ID, "e1", STATUS),
    ),
    (
        call(_TYPE.MESSAGE, message=Call.Message(data=b"\x00hello")),
        scheduling.ExecutorMessage(FRAMEWORK_ID, "", "e1", b"\x00hello"),
    ),
)

#: Each type but HEARTBEAT, which no message is the cause of; ERROR is last since it ends a stream.
EVENTS: Final[tuple[tuple[Message, Event], ...]] = (
    (
        executing.ExecutorSubscribed(custom(), framework(), agent_info(), "c1"),
        Event(
            type=_EVENT.SUBSCRIBED,
            subscribed=Event.Subscribed(
                executor_info=custom(),
                framework_info=framework(),
                agent_info=agent_info(),
                container_id=ContainerID(value="c1"),
            ),
        ),
    ),
    (executing.LaunchTask(_TASK), Event(type=_EVENT.LAUNCH, launch=Event.Launch(task=_TASK))),
    (
        executing.LaunchTaskGroup(_GROUP),
        Event(type=_EVENT.LAUNCH_GROUP, launch_group=Event.LaunchGroup(task_group=_GROUP)),
    ),
    (
        executing.KillExecutorTask("t1"),
        Event(type=_EVENT.KILL, kill=Event.Kill(task_id=TaskID(value="t1"))),
    ),
    (
        executing.KillExecutorTask("t1", _POLICY),
        Event(type=_EVENT.KILL, kill=Event.Kill(task_id=TaskID(value="t1"), kill_policy=_POLICY)),
    ),
    (
        executing.UpdateAcknowledged("t1", UUID_BYTES),
        Event(
            type=_EVENT.ACKNOWLEDGED,
            acknowledged=Event.Acknowledged(task_id=TaskID(value="t1"), uuid=UUID_BYTES),
        ),
    ),
    (
        scheduling.FrameworkMessage(FRAMEWORK_ID, AGENT_ID, "e1", b"\xff"),
        Event(type=_EVENT.MESSAGE, message=Event.Message(data=b"\xff")),
    ),
    (executing.ShutdownNow(), Event(type=_EVENT.SHUTDOWN)),
    (
        executing.ExecutorError("no more"),
        Event(type=_EVENT.ERROR, error=Event.Error(message="no more")),
    ),
)
