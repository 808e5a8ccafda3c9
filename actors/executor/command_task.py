"""The course of a task that is a command in a container: what happens, and what is to be done then.

Used by the command executor for its one task, and by the default executor for each of its many
(mesos-protocol.md §3.6, §3.8). Every method takes what happened and returns actions, to be performed in
order; `now` is in monotonic seconds.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from signal import strsignal
from typing import TypeAlias

import msgspec

from transport.messages.containing import Limitation
from transport.records.check import KillPolicy
from transport.records.resource import Resource
from transport.records.task import TaskInfo
from transport.records.task_status import TaskResourceLimitation, TaskState, TaskStatus
from transport.records.value import Value

#: From the wish that a task ends to SIGKILL, unless a kill policy says so.
GRACE_SECONDS = 3.0

_State = TaskState
_Reason = TaskStatus.Reason
_MIB = 2**20
#: Of what a container used too much: as what its task is told that, and the resource's name.
_LIMITATIONS: Mapping[str, tuple[TaskStatus.Reason, str | None]] = {
    "memory": (_Reason.REASON_CONTAINER_LIMITATION_MEMORY, "mem"),
    "disk": (_Reason.REASON_CONTAINER_LIMITATION_DISK, "disk"),
    "ports": (_Reason.REASON_CONTAINER_LIMITATION, None),
}


class Report(msgspec.Struct, frozen=True):
    """Tell the framework."""

    state: TaskState
    message: str | None = None
    reason: TaskStatus.Reason | None = None
    healthy: bool | None = None
    #: What it used too much of.
    limitation: TaskResourceLimitation | None = None


class Run(msgspec.Struct, frozen=True):
    """Start the container."""


class Adopt(msgspec.Struct, frozen=True):
    """Ask what became of the container."""


class Watch(msgspec.Struct, frozen=True):
    """Begin the checks, and call `overdue` so much later unless it is None."""

    completion_seconds: float | None


class Terminate(msgspec.Struct, frozen=True):
    """End the checks, and send SIGTERM to the container; it ends also what is still being prepared."""


class Escalate(msgspec.Struct, frozen=True):
    """Call `grace_over` so much later; takes the place of an Escalate before."""

    seconds: float


class Destroy(msgspec.Struct, frozen=True):
    """Kill everything in the container."""


class Finish(msgspec.Struct, frozen=True):
    """The task is over, and nothing is left of it; `state` was its last."""

    state: TaskState


Action: TypeAlias = Report | Run | Adopt | Watch | Terminate | Escalate | Destroy | Finish
Actions: TypeAlias = tuple[Action, ...]


class CommandTask:
    """One task from its launch to its end; `has_killing` is whether the framework knows TASK_KILLING."""

    def __init__(self, task: TaskInfo, *, has_killing: bool) -> None:
        self.task = task
        self._has_killing = has_killing
        #: Whether its container was asked for.
        self.started = False
        #: Whether its container may have run without this being told.
        self._adopted = False
        self._runs = False
        self._over = False
        #: When the first kill came, and when its grace is over; None while nobody wants it to end.
        self._killed: float | None = None
        self._grace_over = 0.0
        self._overdue = False
        self._unhealthy = False

    @property
    def over(self) -> bool:
        """Whether its last update was made."""
        return self._over

    def start(self) -> Actions:
        """All is there that it takes to run it."""
        if self._over:
            return ()
        self.started = True
        return Report(_State.TASK_STARTING), Run()

    def adopted(self) -> Actions:
        """Somebody else started it, or was asked to: how far that came is not known."""
        if self._over:
            return ()
        self.started = self._adopted = True
        return (Adopt(),)

    def refused(self, message: str) -> Actions:
        """It cannot be started."""
        return self._conclude(Report(_State.TASK_FAILED, message, _Reason.REASON_CONTAINER_LAUNCH_FAILED))

    def launched(self) -> Actions:
        """The container runs."""
        if self._runs or self._over:
            return ()
        self._runs = True
        if self._killed is not None:
            return (Terminate(),)
        limit = self.task.max_completion_time
        return Report(_State.TASK_RUNNING), Watch(None if limit is None else limit.nanoseconds / 1e9)

    def ended(self, status: int | None, error: str, limitation: Limitation | None = None) -> Actions:
        """The container is no more: `status` is as `waitpid` gives it, None when it is not known.

        With a `limitation` it was ended, because it used too much.
        """
        return self._conclude(self._last_report(status, error, limitation))

    def kill(self, now: float, grace_seconds: float | None = None) -> Actions:
        """Somebody wants it to end: the grace is the one given, or the task's own.

        Asked again, the end may come sooner, but no later.
        """
        if self._over:
            return ()
        if not self.started:
            reason = _Reason.REASON_TASK_KILLED_DURING_LAUNCH
            return self._conclude(Report(_State.TASK_KILLED, "killed before it was started", reason))
        grace = self.grace_seconds if grace_seconds is None else max(0.0, grace_seconds)
        if self._killed is None:
            self._killed = now
            self._grace_over = now + grace
            report = (self._killing(),) if self._has_killing else ()
            # Where it does not run yet, and is not ended by that, it is told again once it runs.
            return *report, Terminate(), Escalate(grace)
        until = self._killed + grace
        if until >= self._grace_over:
            return ()
        self._grace_over = until
        return (Escalate(max(0.0, until - now)),)

    def grace_over(self) -> Actions:
        """The time between SIGTERM and SIGKILL is over."""
        return () if self._over else (Destroy(),)

    def overdue(self, now: float) -> Actions:
        """Its `max_completion_time` is over."""
        if self._over or self._killed is not None:
            return ()
        self._overdue = True
        return self.kill(now)

    def unhealthy(self, now: float) -> Actions:
        """Its health check failed too often."""
        if self._over or self._killed is not None:
            return ()
        self._unhealthy = True
        return self.kill(now)

    @property
    def grace_seconds(self) -> float:
        """Between SIGTERM and SIGKILL, unless told otherwise."""
        grace = grace_of(self.task.kill_policy)
        return GRACE_SECONDS if grace is None else grace

    def _conclude(self, report: Report) -> Actions:
        if self._over:
            return ()
        self._over = True
        return report, Finish(report.state)

    def _killing(self) -> Report:
        if self._overdue:
            return Report(_State.TASK_KILLING, reason=_Reason.REASON_MAX_COMPLETION_TIME_REACHED)
        return Report(_State.TASK_KILLING, healthy=False if self._unhealthy else None)

    def _last_report(self, status: int | None, error: str, limitation: Limitation | None) -> Report:
        message = error or describe(status)
        if limitation is not None:
            # It was ended for that, and all that share what it was given with it, whoever is told first.
            reason, exceeded = limitation_reason(limitation), exceeded_resources(limitation)
            return Report(_State.TASK_FAILED, limitation.message, reason, limitation=exceeded)
        if self._overdue:
            return Report(_State.TASK_FAILED, message, _Reason.REASON_MAX_COMPLETION_TIME_REACHED)
        if self._killed is not None:
            return Report(_State.TASK_KILLED, message, healthy=False if self._unhealthy else None)
        if not self._runs and (error or (status is None and not self._adopted)):
            return Report(_State.TASK_FAILED, message, _Reason.REASON_CONTAINER_LAUNCH_FAILED)
        if status == 0 and not error:
            return Report(_State.TASK_FINISHED, message)
        return Report(_State.TASK_FAILED, message)


def grace_of(policy: KillPolicy | None) -> float | None:
    """The grace that a kill policy asks for, in seconds; None when it does not."""
    if policy is None or policy.grace_period is None:
        return None
    return max(0.0, policy.grace_period.nanoseconds / 1e9)


def exceeded_resources(limitation: Limitation) -> TaskResourceLimitation | None:
    """The resource that was used too much of, and how much; None where that is not an amount."""
    _, name = _LIMITATIONS[limitation.kind]
    if limitation.ports:
        spans = tuple(Value.Range(begin=first, end=last) for first, last in limitation.ports)
        ports = Resource(name="ports", type=Value.Type.RANGES, ranges=Value.Ranges(range=spans))
        return TaskResourceLimitation(resources=(ports,))
    if name is None or limitation.used is None:
        return None
    used = Value.Scalar(value=round(limitation.used / _MIB, 3))
    return TaskResourceLimitation(resources=(Resource(name=name, type=Value.Type.SCALAR, scalar=used),))


def limitation_reason(limitation: Limitation) -> TaskStatus.Reason:
    """As what a task is told that it used too much."""
    return _LIMITATIONS[limitation.kind][0]


def describe(status: int | None) -> str:
    """How a command ended, in Mesos' words; `status` is as `waitpid` gives it."""
    if status is None:
        return "Command's exit status is not known"
    if os.WIFSIGNALED(status):
        name = strsignal(os.WTERMSIG(status)) or f"{os.WTERMSIG(status)}"
        core = " (core dumped)" if os.WCOREDUMP(status) else ""
        return f"Command terminated with signal {name}{core}"
    return f"Command exited with status {os.WEXITSTATUS(status)}"
