from __future__ import annotations

from actors.executor.unacknowledged import Unacknowledged
from tests.actors.executor.tasks import command_task
from transport.records.ids import TaskID
from transport.records.task_status import TaskState, TaskStatus


def status(state: TaskState, uuid: bytes, task_id: str = "task-1") -> TaskStatus:
    return TaskStatus(task_id=TaskID(value=task_id), state=state, uuid=uuid)


def test_a_task_counts_until_the_first_acknowledgement_of_one_of_its_updates() -> None:
    waiting = Unacknowledged()
    one, two = command_task("one"), command_task("two")
    assert waiting.launched(one)
    assert waiting.launched(two)
    waiting.updated(status(TaskState.TASK_STARTING, b"1", "one"))
    assert list(waiting.tasks) == [one, two]
    assert waiting.acknowledged("one", b"1")
    assert list(waiting.tasks) == [two]


def test_updates_wait_in_order_each_for_its_own_acknowledgement() -> None:
    waiting = Unacknowledged()
    first, second = status(TaskState.TASK_STARTING, b"1"), status(TaskState.TASK_RUNNING, b"2")
    waiting.updated(first)
    waiting.updated(second)
    assert list(waiting.updates) == [first, second]
    assert waiting.acknowledged("task-1", b"2")
    assert list(waiting.updates) == [first]
    assert not waiting.acknowledged("task-1", b"2")
    assert waiting.acknowledged("task-1", b"1")
    assert not waiting


def test_a_task_that_is_told_twice_is_new_once_until_its_end_is_acknowledged() -> None:
    waiting = Unacknowledged()
    assert waiting.launched(command_task())
    assert not waiting.launched(command_task())
    for state, uuid in ((TaskState.TASK_RUNNING, b"1"), (TaskState.TASK_FINISHED, b"2")):
        waiting.updated(status(state, uuid))
        assert not waiting.launched(command_task())
        waiting.acknowledged("task-1", uuid)
    assert waiting.launched(command_task())
