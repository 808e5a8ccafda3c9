from __future__ import annotations

import pytest

from actors.executor.task_group import TaskGroups
from transport.records.task_status import TaskState


@pytest.mark.parametrize("state", [TaskState.TASK_FAILED, TaskState.TASK_KILLED, TaskState.TASK_ERROR])
def test_a_task_that_does_not_end_well_takes_its_group_with_it(state: TaskState) -> None:
    groups = TaskGroups()
    groups.add(["a", "b", "c"])
    groups.add(["d"])
    assert groups.over("b", state) == ("a", "c")
    assert groups.over("a", TaskState.TASK_KILLED) == ("c",)
    assert groups.over("c", TaskState.TASK_KILLED) == ()
    assert groups


def test_a_task_that_finishes_leaves_its_group_alone() -> None:
    groups = TaskGroups()
    groups.add(["a", "b"])
    assert groups.over("a", TaskState.TASK_FINISHED) == ()
    assert groups
    assert groups.over("b", TaskState.TASK_FINISHED) == ()
    assert not groups


def test_an_unknown_task_is_nobodys() -> None:
    assert TaskGroups().over("a", TaskState.TASK_FAILED) == ()
