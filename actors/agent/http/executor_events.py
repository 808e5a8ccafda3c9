"""Which event of the v1 executor API a message of the agent is (mesos-protocol.md §3.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from transport.messages import executing, scheduling
from transport.records.executor_event import Event
from transport.records.ids import ContainerID, TaskID

_Type = Event.Type

#: The agent is there still; of its own accord.
HEARTBEAT: Final = Event(type=_Type.HEARTBEAT)


def event_of(message: object) -> Event | None:
    """The event; None for what executors are not told over HTTP."""
    translate = _EVENTS.get(type(message))
    return None if translate is None else translate(message)


def _subscribed(message: executing.ExecutorSubscribed) -> Event:
    subscribed = Event.Subscribed(
        executor_info=message.executor,
        framework_info=message.framework,
        agent_info=message.agent,
        container_id=ContainerID(value=message.container_id),
    )
    return Event(type=_Type.SUBSCRIBED, subscribed=subscribed)


def _launch(message: executing.LaunchTask) -> Event:
    return Event(type=_Type.LAUNCH, launch=Event.Launch(task=message.task))


def _launch_group(message: executing.LaunchTaskGroup) -> Event:
    return Event(type=_Type.LAUNCH_GROUP, launch_group=Event.LaunchGroup(task_group=message.group))


def _kill(message: executing.KillExecutorTask) -> Event:
    kill = Event.Kill(task_id=TaskID(value=message.task_id), kill_policy=message.kill_policy)
    return Event(type=_Type.KILL, kill=kill)


def _acknowledged(message: executing.UpdateAcknowledged) -> Event:
    acknowledged = Event.Acknowledged(task_id=TaskID(value=message.task_id), uuid=message.uuid)
    return Event(type=_Type.ACKNOWLEDGED, acknowledged=acknowledged)


def _message(message: scheduling.FrameworkMessage) -> Event:
    return Event(type=_Type.MESSAGE, message=Event.Message(data=message.data))


def _shutdown(_message: executing.ShutdownNow) -> Event:
    return Event(type=_Type.SHUTDOWN)


def _error(message: executing.ExecutorError) -> Event:
    return Event(type=_Type.ERROR, error=Event.Error(message=message.message))


_EVENTS: Final[Mapping[type, Callable[[Any], Event]]] = {
    executing.ExecutorSubscribed: _subscribed,
    executing.LaunchTask: _launch,
    executing.LaunchTaskGroup: _launch_group,
    executing.KillExecutorTask: _kill,
    executing.UpdateAcknowledged: _acknowledged,
    scheduling.FrameworkMessage: _message,
    executing.ShutdownNow: _shutdown,
    executing.ExecutorError: _error,
}
