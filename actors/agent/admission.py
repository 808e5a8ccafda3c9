"""Whether an agent may launch what it is asked to."""

from __future__ import annotations

from typing import NamedTuple

from actors.agent.books import Books
from actors.agent.executor import ExecutorEntry
from transport.records.executor import ExecutorInfo
from transport.records.resources import Resources
from transport.records.task_status import TaskStatus

_Reason = TaskStatus.Reason


class Refusal(NamedTuple):
    """Why tasks are not launched."""

    reason: TaskStatus.Reason
    message: str


def refusal(
    books: Books,
    known: ExecutorEntry | None,
    executor: ExecutorInfo,
    needed: Resources,
    *,
    generated: bool,
    launch_executor: bool | None,
) -> Refusal | None:
    """Why tasks that take `needed` (allocated to nobody) cannot be launched; None when they can.

    `known` is the executor of that id which is there already, if any.
    """
    if books.drain is not None:
        return Refusal(_Reason.REASON_AGENT_DRAINING, "the agent is being drained")
    if known is None and launch_executor is False:
        return Refusal(_Reason.REASON_EXECUTOR_TERMINATED, "the executor is not running any more")
    if known is not None and (known.ends or known.generated or generated):
        what = "is in use" if not known.ends else f"is {known.state.value}"
        return Refusal(
            _Reason.REASON_EXECUTOR_TERMINATED, f"the executor {executor.executor_id.value} {what}"
        )
    wanted = needed
    if known is None and not generated:
        wanted = needed + Resources(executor.resources).unallocate()
    if not books.fits(wanted):
        return Refusal(_Reason.REASON_RESOURCES_UNKNOWN, f"{wanted} is not free on this agent")
    return None
