from __future__ import annotations

from msgspec.structs import replace

from actors.master.gauges import MasterMetrics
from actors.metrics import Registry
from tests.actors.master.town import SCHEDULER, SUCCESSOR, State, Town, framework_info, update
from transport.messages.scheduling import AcceptOffers
from transport.records.task_status import TaskStatus
from transport.records.time_info import TimeInfo


def test_gauges_show_the_books_under_mesos_names() -> None:
    town = Town()
    agent, idle, away = town.agent(), town.agent("m1-S1"), town.agent("m1-S2")
    idle.deactivated = True
    away.connected = False
    town.cluster.unreachable["m1-S3"] = TimeInfo(nanoseconds=1)
    framework = town.subscribe()
    town.subscribe(framework_info(failover_timeout=60.0), SUCCESSOR)
    town.frameworks.exited(SUCCESSOR)
    for task_id, state in (("a", State.TASK_RUNNING), ("b", State.TASK_RUNNING), ("c", State.TASK_FAILED)):
        town.tasks.update(agent, update(town.task(framework, agent, task_id), state, b"1"))
    town.task(framework, agent, "d")
    town.offer(framework, agent)
    registry = Registry()
    registry.add(town.metrics)
    shown = registry.snapshot()
    assert {name: value for name, value in shown.items() if value} == {
        "master/slaves_active": 1,
        "master/slaves_connected": 2,
        "master/slaves_disconnected": 1,
        "master/slaves_inactive": 2,
        "master/slaves_unreachable": 1,
        "master/frameworks_active": 1,
        "master/frameworks_connected": 1,
        "master/frameworks_disconnected": 1,
        "master/frameworks_inactive": 1,
        "master/outstanding_offers": 1,
        "master/tasks_running": 2,
        "master/tasks_failed": 1,
        "master/tasks_staging": 1,
        "master/valid_status_updates": 3,
        "master/messages_register_framework": 2,
    }
    assert framework.pid == SCHEDULER


def test_ends_are_counted_by_who_said_so_and_why() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    for task_id in ("a", "b"):
        task = town.task(framework, agent, task_id)
        town.tasks.conclude(task, State.TASK_LOST, TaskStatus.Reason.REASON_AGENT_REMOVED, "silent")
    told = update(town.task(framework, agent, "c"), State.TASK_FAILED, b"1")
    status = replace(
        told.status,
        source=TaskStatus.Source.SOURCE_AGENT,
        reason=TaskStatus.Reason.REASON_EXECUTOR_TERMINATED,
    )
    town.tasks.update(agent, replace(told, status=status))
    registry = Registry()
    registry.add(town.metrics)
    shown = registry.snapshot()
    assert shown["master/task_lost/source_master/reason_slave_removed"] == 2
    assert shown["master/task_failed/source_slave/reason_executor_terminated"] == 1
    line = 'master_task_ends{state="task_failed",source="source_slave",reason="reason_executor_terminated"} 1'
    assert line in registry.prometheus()


def test_every_counter_of_messages_is_one_that_is_shown() -> None:
    metrics = MasterMetrics()
    shown = list(vars(metrics).values())
    assert all(counter in shown for counter in metrics.by_message().values())
    assert metrics.by_message()[AcceptOffers] is metrics.messages_launch_tasks
