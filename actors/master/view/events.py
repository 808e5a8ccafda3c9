"""What those hear who watch the cluster (mesos-protocol.md §4.2)."""

from __future__ import annotations

from actors.master.view.agents import ShownAgent
from actors.master.view.forms import Form, Shown
from actors.master.view.frameworks import ShownFramework
from transport.records.ids import AgentID
from transport.records.master_event import Event
from transport.records.task import Task
from transport.records.task_status import TaskStatus

_Type = Event.Type


class ShownEvent(Shown):
    """An event; it is written once for all who want it in the same form."""

    __slots__ = ("record",)

    def __init__(self, record: Event) -> None:
        super().__init__()
        self.record = record

    def v1(self) -> Event:
        """The record."""
        return self.record

    def v0(self, form: Form) -> Event:
        """The record: there are no events in v0."""
        return self.record


def heartbeat() -> Event:
    """The master lives."""
    return Event(type=_Type.HEARTBEAT)


def agent_added(agent: ShownAgent) -> Event:
    """An agent registered, or is back."""
    return Event(type=_Type.AGENT_ADDED, agent_added=Event.AgentAdded(agent=agent.v1()))


def agent_removed(agent_id: str) -> Event:
    """An agent is not there any more."""
    return Event(type=_Type.AGENT_REMOVED, agent_removed=Event.AgentRemoved(agent_id=AgentID(value=agent_id)))


def framework_added(framework: ShownFramework) -> Event:
    """A framework subscribed, or agents told of it."""
    return Event(type=_Type.FRAMEWORK_ADDED, framework_added=Event.FrameworkAdded(framework=framework.v1()))


def framework_updated(framework: ShownFramework) -> Event:
    """A framework is not what it was."""
    return Event(
        type=_Type.FRAMEWORK_UPDATED, framework_updated=Event.FrameworkUpdated(framework=framework.v1())
    )


def framework_removed(framework: ShownFramework) -> Event:
    """A framework is over."""
    info = framework.fact.info
    return Event(type=_Type.FRAMEWORK_REMOVED, framework_removed=Event.FrameworkRemoved(framework_info=info))


def task_added(task: Task) -> Event:
    """A task was launched, or is back."""
    return Event(type=_Type.TASK_ADDED, task_added=Event.TaskAdded(task=task))


def task_updated(task: Task) -> Event:
    """A task is in another state, or another health; with its last status."""
    status = task.statuses[-1]
    updated = Event.TaskUpdated(framework_id=task.framework_id, status=status, state=task.state)
    return Event(type=_Type.TASK_UPDATED, task_updated=updated)


def is_news(before: Task, now: Task) -> bool:
    """Whether those who watch hear of a change."""
    if not now.statuses:
        return False
    if before.state is not now.state or not before.statuses:
        return True
    return _told(before.statuses[-1]) != _told(now.statuses[-1])


def _told(status: TaskStatus) -> tuple[object, ...]:
    return status.state, status.healthy, status.check_status
