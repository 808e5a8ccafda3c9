"""The table of mesos-protocol.md §2.11, row by row."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.master.framework import FrameworkEntry
from actors.master.reconciliation import answer, latest
from tests.actors.master.town import Capability, State, Town, framework_info
from transport.records.agent import AgentInfo
from transport.records.check import CheckStatusInfo
from transport.records.container import ContainerStatus
from transport.records.ids import AgentID, ExecutorID, TaskID
from transport.records.task_status import TaskStatus
from transport.records.time_info import TimeInfo

NOW = 1_600_000_000.0
LOST_SINCE = TimeInfo(nanoseconds=77)


def setting(*, partition_aware: bool) -> tuple[Town, FrameworkEntry]:
    """One agent each that is there, unreachable and gone."""
    town = Town()
    town.agent("here-S0")
    town.cluster.unreachable["away-S1"] = LOST_SINCE
    town.cluster.gone["gone-S2"] = TimeInfo(nanoseconds=1)
    capabilities = (Capability.PARTITION_AWARE,) if partition_aware else ()
    return town, town.subscribe(framework_info(None, *capabilities))


@pytest.mark.parametrize(
    ("agent_id", "state"),
    [
        ("here-S0", State.TASK_GONE),
        ("away-S1", State.TASK_UNREACHABLE),
        ("gone-S2", State.TASK_GONE_BY_OPERATOR),
        ("never-S3", State.TASK_UNKNOWN),
        (None, State.TASK_UNKNOWN),
    ],
)
def test_what_an_unknown_task_is_depends_on_its_agent(agent_id: str | None, state: State) -> None:
    for partition_aware in (True, False):
        town, framework = setting(partition_aware=partition_aware)
        status = answer(town.cluster, framework, "t", agent_id, NOW)
        assert status is not None
        assert status.state is (state if partition_aware else State.TASK_LOST)
        assert status.task_id.value == "t"
        assert status.agent_id == (None if agent_id is None else AgentID(value=agent_id))
        assert status.reason is TaskStatus.Reason.REASON_RECONCILIATION
        assert status.source is TaskStatus.Source.SOURCE_MASTER
        assert (status.uuid, status.timestamp) == (None, NOW)
        assert status.unreachable_time == (LOST_SINCE if agent_id == "away-S1" else None)


def test_nothing_is_said_while_the_agent_may_still_come_back_after_a_failover() -> None:
    town, framework = setting(partition_aware=True)
    town.cluster.recovered["late-S4"] = AgentInfo(hostname="late")
    assert answer(town.cluster, framework, "t", "late-S4", NOW) is None
    assert answer(town.cluster, framework, "t", None, NOW) is None
    for agent_id in ("here-S0", "away-S1", "gone-S2", "never-S3"):
        assert answer(town.cluster, framework, "t", agent_id, NOW) is not None


def test_a_task_that_is_known_to_be_out_of_reach_needs_no_agent_id() -> None:
    town, framework = setting(partition_aware=True)
    agent = town.agent("away-S5")
    task = town.task(framework, agent)
    town.cluster.remove_task(task, unreachable=True)
    town.cluster.remove_agent(agent.id)
    town.cluster.unreachable[agent.id] = LOST_SINCE
    status = answer(town.cluster, framework, "t", None, NOW)
    assert status is not None
    assert (status.state, status.agent_id) == (State.TASK_UNREACHABLE, agent.info.id)


def test_a_live_task_is_in_the_state_that_was_passed_on_last() -> None:
    town, framework = setting(partition_aware=False)
    task = town.task(framework, town.cluster.agents["here-S0"], executor_id="e")
    assert latest(task.record, NOW).state is State.TASK_STAGING
    # Its agent has come back to another master, and knows more than it has told.
    assert latest(replace(task.record, state=State.TASK_FINISHED), NOW).state is State.TASK_STAGING
    status = TaskStatus(
        task_id=TaskID(value="t"),
        state=State.TASK_RUNNING,
        uuid=b"1",
        healthy=True,
        check_status=CheckStatusInfo(),
        container_status=ContainerStatus(),
        data=b"kept by nobody",
    )
    town.cluster.update_task(task, status, State.TASK_FINISHED)
    told = answer(town.cluster, framework, "t", "another agent", NOW)
    assert told == latest(task.record, NOW)
    assert told == TaskStatus(
        task_id=TaskID(value="t"),
        state=State.TASK_RUNNING,
        message=told.message,
        source=TaskStatus.Source.SOURCE_MASTER,
        reason=TaskStatus.Reason.REASON_RECONCILIATION,
        agent_id=AgentID(value="here-S0"),
        executor_id=ExecutorID(value="e"),
        timestamp=NOW,
        healthy=True,
        check_status=CheckStatusInfo(),
        container_status=ContainerStatus(),
    )
