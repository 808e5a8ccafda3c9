from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.master.returning import Comparison, compare, reconciliations, registration_error
from tests.actors.master.county import (
    AGENT,
    ELSEWHERE,
    County,
    registration,
    reregistration,
    told_executor,
    told_task,
)
from tests.actors.master.town import State, framework_info
from transport.messages.membership import RegisterAgent, ReregisterAgent
from transport.records.ids import AgentID, TaskID
from transport.records.resource import Resource
from transport.records.resources import Resources
from transport.records.task_status import TaskStatus
from transport.records.value import Value

INFO = framework_info("m1-0000")
NEGATIVE = Resource(name="cpus", type=Value.Type.SCALAR, scalar=Value.Scalar(value=-1))


RUNNING = TaskStatus(task_id=TaskID(value="t"), state=State.TASK_RUNNING, uuid=b"1")
FAILED = TaskStatus(task_id=TaskID(value="t"), state=State.TASK_FAILED, uuid=b"2")


# --- comparing ---


def test_there_is_nothing_to_do_where_both_agree() -> None:
    county = County(prompt=True)
    framework, agent = county.checkpointing(), county.join()
    county.task(framework, agent, state=State.TASK_RUNNING)
    told = reregistration(frameworks=(framework.info,), tasks=(told_task(),))
    found = compare(county.cluster, agent, told, new=False)
    assert [entry.task_id for entry, _ in found.changed] == ["t"]
    assert replace(found, changed=(), frameworks=()) == Comparison()
    assert reconciliations(county.cluster, agent, told) == ()


def test_a_task_told_twice_counts_once() -> None:
    county = County(prompt=True)
    agent = county.join()
    told = reregistration(frameworks=(INFO,), tasks=(told_task(), told_task(state=State.TASK_STAGING)))
    found = compare(county.cluster, agent, told, new=True)
    assert found.added == (told_task(),)


@pytest.mark.parametrize("new", [False, True])
def test_an_ended_task_is_news_only_of_a_new_agent(*, new: bool) -> None:
    county = County(prompt=True)
    agent = county.join()
    ended = told_task(state=State.TASK_FAILED)
    found = compare(county.cluster, agent, reregistration(frameworks=(INFO,), tasks=(ended,)), new=new)
    assert found.added == ((ended,) if new else ())


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ((RUNNING, FAILED), (RUNNING,)),
        ((FAILED,), ()),
        ((RUNNING,), (RUNNING,)),
        ((), ()),
    ],
)
def test_what_the_framework_was_not_sent_yet_is_no_part_of_the_books(
    told: tuple[TaskStatus, ...], kept: tuple[TaskStatus, ...]
) -> None:
    county = County(prompt=True)
    agent = county.join()
    task = replace(told_task(state=State.TASK_FAILED), status_update_uuid=RUNNING.uuid, statuses=told)
    (added,) = compare(
        county.cluster, agent, reregistration(frameworks=(INFO,), tasks=(task,)), new=True
    ).added
    assert added.statuses == kept


def test_a_task_that_is_over_in_the_books_stays_over() -> None:
    county = County(prompt=True)
    framework, agent = county.checkpointing(), county.join()
    county.task(framework, agent, state=State.TASK_FINISHED)
    told = reregistration(frameworks=(framework.info,), tasks=(told_task(),))
    assert not compare(county.cluster, agent, told, new=False).changed


def test_of_tasks_with_one_id_the_one_in_the_books_stays() -> None:
    county = County(prompt=True)
    framework, agent = county.checkpointing(), county.join()
    county.task(framework, county.join(ELSEWHERE, "host1"))
    told = reregistration(frameworks=(framework.info,), tasks=(told_task(),))
    found = compare(county.cluster, agent, told, new=True)
    assert (found.added, found.kills) == ((), ((framework.id, "t"),))


def test_nothing_of_a_framework_that_is_over_is_taken_in() -> None:
    county = County(prompt=True)
    framework, agent = county.checkpointing(), county.join()
    county.frameworks.remove(framework, "test")
    told = reregistration(frameworks=(framework.info,), tasks=(told_task(),), executors=(told_executor(),))
    assert compare(county.cluster, agent, told, new=True) == Comparison(shut_down=(framework.id,))


def test_only_tasks_that_are_not_over_are_asked_about() -> None:
    county = County(prompt=True)
    framework, agent = county.checkpointing(), county.join()
    county.task(framework, agent, "runs", state=State.TASK_RUNNING)
    county.task(framework, agent, "over", state=State.TASK_FINISHED)
    (missing,) = reconciliations(county.cluster, agent, reregistration())
    assert [one.task_id.value for one in missing.statuses] == ["runs"]
    assert missing.framework_id == framework.id


# --- the rules ---


def test_ordinary_registrations_break_no_rule() -> None:
    assert registration_error(registration()) is None
    told = reregistration(frameworks=(INFO,), tasks=(told_task(),), executors=(told_executor(),))
    assert registration_error(told) is None


@pytest.mark.parametrize(
    ("message", "rule"),
    [
        (replace(registration(), resources=(NEGATIVE,)), "resources: "),
        (
            replace(registration(), info=replace(registration().info, resources=(NEGATIVE,))),
            "info.resources: ",
        ),
        (
            replace(registration(), resources=tuple(Resources.parse("cpus:1").allocate("*"))),
            "resources: must not be allocated",
        ),
        (replace(registration(), info=reregistration().info), "info.id: must not be set"),
        (replace(reregistration(), info=registration().info), "info.id: must be set"),
        (
            replace(reregistration(), info=replace(reregistration().info, id=AgentID(value=""))),
            "info.id: must be set",
        ),
        (reregistration(tasks=(told_task(),)), "task t: its framework m1-0000 is not told"),
        (
            reregistration(frameworks=(INFO,), tasks=(told_task(agent_id="m1-S9"),)),
            "task t: is of another agent, m1-S9",
        ),
        (reregistration(executors=(told_executor(),)), "executor e: its framework is not told"),
        (
            reregistration(executors=(replace(told_executor(), framework_id=None),)),
            "executor e: its framework is not told",
        ),
    ],
)
def test_a_registration_that_breaks_a_rule_is_known_by_it(
    message: RegisterAgent | ReregisterAgent, rule: str
) -> None:
    error = registration_error(message)
    assert error is not None
    assert error.startswith(rule)


def test_the_agent_of_these_tests_is_the_first() -> None:
    assert County(prompt=True).join().id == AGENT
