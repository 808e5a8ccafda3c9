"""/tasks: some of all tasks, by the time of their first status (mesos-protocol.md §5.1)."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final

from actors.master.view.frameworks import ShownFramework
from actors.master.view.model import Model
from actors.master.view.tasks import ShownTask

_LIMIT: Final = 100
#: Sorted as a whole from here on.
_MANY: Final = 10_000


def listed(model: Model, arguments: Mapping[str, str]) -> list[ShownTask]:
    """The tasks that the arguments ask for; raises ValueError naming one that is not valid."""
    limit, offset = _number(arguments, "limit", _LIMIT), _number(arguments, "offset", 0)
    sign = 1.0 if arguments.get("order") == "asc" else -1.0

    def time(task: ShownTask) -> tuple[bool, float]:
        # Those that nothing is known of come first, as in Mesos.
        statuses = task.record.statuses
        return bool(statuses), sign * (statuses[0].timestamp or 0.0) if statuses else 0.0

    wanted, end = _tasks(model, arguments), offset + limit
    ordered = heapq.nsmallest(end, wanted, key=time) if end < _MANY else sorted(wanted, key=time)
    return ordered[offset:end]


def _tasks(model: Model, arguments: Mapping[str, str]) -> Iterator[ShownTask]:
    framework_id, task_id = arguments.get("framework_id"), arguments.get("task_id")
    for framework in chain(model.frameworks.values(), model.completed_frameworks.values()):
        if framework_id in (None, framework.id):
            for task in _of(framework):
                if task_id in (None, task.record.task_id.value):
                    yield task


def _of(framework: ShownFramework) -> Iterator[ShownTask]:
    yield from framework.tasks.values()
    yield from framework.unreachable.values()
    yield from framework.completed.values()


def _number(arguments: Mapping[str, str], name: str, default: int) -> int:
    text = arguments.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise ValueError(f"{name}: must be a number from 0, not {text[:40]!r}")
    return int(text)
