from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.master.view.listing import listed
from actors.master.view.model import Model
from tests.actors.master.http.leader import FRAMEWORK, running
from tests.actors.master.view.audit import INFO
from transport.messages.viewing import CompletedTasksFact, FrameworkFact, TaskFact
from transport.records.framework import FrameworkInfo
from transport.records.ids import FrameworkID
from transport.records.offer_constraints import OfferConstraints
from transport.records.resources import Resources
from transport.records.task import Task


def at(task_id: str, seconds: float | None, framework_id: str = "old-0000") -> Task:
    """A task whose first status is of that time."""
    task = replace(running("S0", task_id), framework_id=FrameworkID(value=framework_id))
    if seconds is None:
        return replace(task, statuses=())
    return replace(task, statuses=(replace(task.statuses[0], timestamp=seconds), task.statuses[0]))


def framework(info: FrameworkInfo) -> FrameworkFact:
    return FrameworkFact(
        info=info,
        roles=("*",),
        pid=None,
        connected=False,
        recovered=True,
        registered_at=1.0,
        reregistered_at=None,
        unregistered_at=None,
        constraints=OfferConstraints(),
    )


def model() -> Model:
    """Tasks that are live, unreachable, completed, and of a framework that is over."""
    found = Model(INFO, 1.0)
    found.take(("framework", "old-0000"), framework(FRAMEWORK))
    other = replace(FRAMEWORK, id=FrameworkID(value="over"))
    found.take(("completed_framework", "over"), framework(other))
    live = TaskFact(at("live", 3.0), Resources())
    found.take(("task", "old-0000", "live"), live)
    found.take(("task", "old-0000", "new"), TaskFact(at("new", None), Resources()))
    found.take(("unreachable_task", "old-0000", "away"), at("away", 1.0))
    ended = CompletedTasksFact(0, (at("ended", 4.0),), 0)
    found.take(("completed_tasks", "old-0000"), ended)
    found.take(("completed_tasks", "over"), CompletedTasksFact(0, (at("over", 2.0, "over"),), 0))
    found.settle()
    return found


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({}, ["new", "ended", "live", "over", "away"]),
        ({"order": "desc"}, ["new", "ended", "live", "over", "away"]),
        ({"order": "asc"}, ["new", "away", "over", "live", "ended"]),
        ({"order": "asc", "limit": "2"}, ["new", "away"]),
        ({"order": "asc", "limit": "2", "offset": "2"}, ["over", "live"]),
        ({"order": "asc", "limit": "100000", "offset": "3"}, ["live", "ended"]),
        ({"limit": "0"}, []),
        ({"offset": "9"}, []),
        ({"framework_id": "over"}, ["over"]),
        ({"framework_id": "old-0000", "task_id": "away"}, ["away"]),
        ({"task_id": "none"}, []),
    ],
)
def test_tasks_are_listed_by_the_time_of_their_first_status(
    arguments: dict[str, str], names: list[str]
) -> None:
    assert [task.record.task_id.value for task in listed(model(), arguments)] == names


@pytest.mark.parametrize("text", ["", "-1", "1.5", "x", "9" * 20, "²"])
def test_a_limit_is_a_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"^limit: must be a number from 0"):
        listed(model(), {"limit": text})
