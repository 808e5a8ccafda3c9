"""The bugs, each as one spoilt method."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from actors.agent import agent, launching, operations, repeats, stream, stream_files, updates
from actors.executor import command_task
from actors.gateway.pace import BEHIND_BYTES, Pace
from actors.master import offers, reign, returns, tasks
from actors.master.agent import AgentEntry
from actors.master.frameworks import FrameworkDesk
from actors.master.registrar.changes import RegistryBooks
from frameworks import deliveries
from tests.simulation import cluster
from tests.simulation.planted.bug import Bug
from transport.messages.checkpointing import Flush, SaveResources
from transport.messages.launching import ExecutorExited, ShutdownFramework
from transport.messages.registry import AdmitAgent, MarkAgentGone, RegistryApplied
from transport.records.task_status import TaskState

_Right = Callable[..., Any]


def _returns(value: object) -> Callable[[_Right], _Right]:
    """In place of a method: one that does nothing and gives this."""
    return lambda right: lambda *_args, **_more: value


_nothing = _returns(None)


def _twice(right: _Right) -> _Right:
    def wrong(*args: Any, **more: Any) -> Any:
        right(*args, **more)
        return right(*args, **more)

    return wrong


# The master.


def _discard_without_return(right: _Right) -> _Right:
    return lambda desk, offer, filters=None: desk.take(offer)


def _admit_at_once(right: _Right) -> _Right:
    def save(master: Any, operation: Any, then: Any) -> None:
        if isinstance(operation, AdmitAgent):
            then(RegistryApplied(0, mutated=True))
        else:
            right(master, operation, then)

    return save


def _forget_the_gone(right: _Right) -> _Right:
    def apply(books: Any, operation: Any) -> Any:
        return isinstance(operation, MarkAgentGone) or right(books, operation)

    return apply


def _forget_what_is_told(right: _Right) -> _Right:
    return lambda *args, **more: replace(right(*args, **more), added=())


def _connected(right: _Right) -> Any:
    return property(lambda agent_: agent_.connected)


def _keep_executors(right: _Right) -> _Right:
    def broadcast(desk: Any, message: Any) -> None:
        if not isinstance(message, ShutdownFramework):
            right(desk, message)

    return broadcast


# The agent.


def _answer_before_sync(right: _Right) -> _Right:
    def answer(process: Any, to: Any, message: Any, task: Any) -> None:
        process.system.send(process.pid, to, message, process._cause)
        process._touched[task] = process._cause
        if not process._flush_queued:
            process._flush_queued = True
            process.delay(1.0, process.send, process.pid, Flush())

    return answer


def _append_updates_alone(right: _Right) -> _Right:
    def append(files: Any, path: Any, record: Any, *, is_new: bool) -> None:
        if record.acknowledged is None:
            right(files, path, record, is_new=is_new)

    return append


def _sync_nothing(right: _Right) -> _Right:
    def sync(files: Any) -> None:
        files._files.clear()
        files._folders.clear()

    return sync


def _send_all(right: _Right) -> _Right:
    def send_head(process: Any, task: Any, entry: Any, cause: Any) -> None:
        right(process, task, entry, cause)
        for status in tuple(entry.stream._pending)[1:]:
            if process._master is not None:
                message = updates._status_update(task, entry, status)
                process.system.send(process.pid, process._master, message, cause)

    return send_head


def _take_any(right: _Right) -> _Right:
    def acknowledge(stream_: Any, uuid: bytes) -> Any:
        return stream_._pending.popleft() if stream_._pending else None

    return acknowledge


def _without_volumes(right: _Right) -> _Right:
    return lambda desk: SaveResources(desk._books.info.resources)


def _without_exits(right: _Right) -> _Right:
    def report(process: Any, message: Any) -> None:
        if not isinstance(message, ExecutorExited):
            right(process, message)

    return report


# Executors and frameworks.


def _always_finished(right: _Right) -> _Right:
    def report(*args: Any, **more: Any) -> Any:
        told = right(*args, **more)
        return replace(told, state=TaskState.TASK_FINISHED)

    return report


# Schedulers over HTTP.


def _write_what_can_be_written(right: _Right) -> _Right:
    def write(pace: Any, event: Any) -> None:
        if pace.is_behind and pace._outlet.unread_bytes < BEHIND_BYTES:
            pace.write_now(event)
        else:
            right(pace, event)

    return write


_get_done, _storm = cluster.get_done, cluster.get_done_in_bad_weather
_volumes, _over_http = cluster.keep_volumes, cluster.get_done_over_http
_executors, _operators = cluster.get_done_by_executors, cluster.get_done_under_operators

BUGS: Final = (
    Bug("resources are freed twice", tasks.TaskDesk, "_free", _twice, _get_done),
    Bug("resources of an ended task are not freed", tasks.TaskDesk, "_free", _nothing, _get_done),
    Bug("offers are lost with their agent", offers.OfferDesk, "discard", _discard_without_return, _get_done),
    Bug("an agent is registered before that is durable", reign.Reign, "save", _admit_at_once, _get_done),
    Bug(
        "that an agent is gone is not kept",
        RegistryBooks,
        "apply",
        _forget_the_gone,
        _operators,
        40,
        first=13,
    ),
    Bug("agents that are withdrawn are offered", AgentEntry, "active", _connected, _operators, 40, first=21),
    Bug(
        "what a returning agent runs is ignored",
        returns,
        "compare",
        _forget_what_is_told,
        _get_done,
        40,
        first=24,
    ),
    Bug(
        "a teardown leaves executors running",
        FrameworkDesk,
        "_broadcast",
        _keep_executors,
        _operators,
        80,
        first=40,
    ),
    Bug("updates are not repeated", updates.Updates, "_retry", _nothing, _storm, 40, first=9),
    Bug(
        "an update is promised before its sync",
        updates.Updates,
        "_answer",
        _answer_before_sync,
        _get_done,
        30,
        first=3,
    ),
    Bug("updates are not synced", stream_files.StreamFiles, "sync", _sync_nothing, _get_done, 30),
    Bug(
        "acknowledgements are not kept", stream_files.StreamFiles, "append", _append_updates_alone, _get_done
    ),
    Bug("updates do not wait for each other", updates.Updates, "_send_head", _send_all, _get_done),
    Bug("any acknowledgement will do", stream.Stream, "acknowledge", _take_any, _storm, 30, first=10),
    Bug("kills are not passed on to executors", repeats.Repeats, "kill", _nothing, _get_done, 30, first=9),
    Bug(
        "a launch that comes twice is done twice",
        launching.LaunchDesk,
        "_repeated",
        _returns(False),
        _storm,
        first=5,
    ),
    Bug("volumes are not kept", operations.OperationDesk, "_resources", _without_volumes, _volumes, 20),
    Bug("operations are not told", operations.OperationDesk, "_tell", _nothing, _volumes),
    Bug("the end of an executor is not told", agent.Agent, "report", _without_exits, _executors),
    Bug(
        "how a command ended is not looked at",
        command_task.CommandTask,
        "_last_report",
        _always_finished,
        _get_done,
    ),
    Bug("repeated updates are not recognised", deliveries.Deliveries, "_find", _nothing, _storm),
    Bug("events overtake each other", Pace, "write", _write_what_can_be_written, _over_http),
)
