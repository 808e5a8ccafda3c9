"""The metrics of an agent."""

from __future__ import annotations

import socket

from actors.agent.gauges import AgentMetrics, NetworkMetrics
from actors.metrics import Registry
from tests.actors.agent.stage import Stage, custom, task
from transport.records.task_status import TaskState, TaskStatus


def snapshot(stage: Stage) -> dict[str, float]:
    registry = Registry()
    registry.add(stage.agent.metrics)
    return registry.snapshot()


def test_they_tell_how_many_tasks_and_executors_are_in_which_state() -> None:
    stage = Stage()
    stage.run_task()
    assert snapshot(stage)["slave/tasks_staging"] == 1
    assert snapshot(stage)["slave/executors_registering"] == 1
    executor = stage.executor()
    assert snapshot(stage)["slave/executors_running"] == 1
    for state in ("starting", "running", "killing"):
        executor.update(state.upper())
        assert snapshot(stage)[f"slave/tasks_{state}"] == 1
    executor.update("KILLED")
    assert snapshot(stage)["slave/tasks_killed"] == 1
    assert snapshot(stage)["slave/valid_status_updates"] == 4
    stage.shut_down_executor("t1")
    assert snapshot(stage)["slave/executors_terminating"] == 1
    stage.end()
    assert snapshot(stage)["slave/executors_terminated"] == 1
    assert snapshot(stage)["slave/executors_terminating"] == 0


def test_they_tell_what_is_used_of_what_there_is() -> None:
    stage = Stage()
    stage.run_task(task(executor=custom(needs="cpus:1;mem:960")), launch_executor=True)
    shown = snapshot(stage)
    assert shown["slave/cpus_total"] == 4
    assert shown["slave/cpus_used"] == 2
    assert shown["slave/cpus_percent"] == 0.5
    assert shown["slave/mem_percent"] == 0.25
    assert shown["slave/gpus_percent"] == 0


def test_they_tell_whether_the_agent_is_registered_and_since_when_it_runs() -> None:
    stage = Stage(registered=False)
    assert snapshot(stage)["slave/registered"] == 0
    stage.register()
    assert snapshot(stage)["slave/registered"] == 1
    stage.run(10.0)
    assert snapshot(stage)["slave/uptime_secs"] > 10


def test_every_end_is_counted_once() -> None:
    metrics = AgentMetrics()
    for state in TaskState:
        metrics.note(state)
    ends = {
        name: counter.value
        for name, counter in vars(metrics).items()
        if name.startswith("tasks_") and hasattr(counter, "value")
    }
    assert ends == {
        "tasks_finished": 1,
        "tasks_failed": 1,
        "tasks_killed": 1,
        "tasks_lost": 2,
        "tasks_gone": 2,
    }


def test_containers_that_could_not_be_started_are_counted_whoever_says_so() -> None:
    stage, reason = Stage(), TaskStatus.Reason.REASON_CONTAINER_LAUNCH_FAILED
    stage.run_task()
    stage.executor().update("FAILED", reason=reason)
    assert snapshot(stage)["slave/container_launch_errors"] == 1
    stage = Stage()
    stage.run_task()
    stage.end("t1", None, reason=reason, message="no such program")
    assert snapshot(stage)["slave/container_launch_errors"] == 1


def test_they_have_the_names_of_mesos() -> None:
    names = {metric.name for metric in vars(AgentMetrics()).values()}
    assert all(name.startswith("slave/") for name in names)
    assert len(names) == len(vars(AgentMetrics()))


def test_nothing_is_revocable_without_oversubscription() -> None:
    shown = snapshot(Stage())
    for resource in ("cpus", "gpus", "mem", "disk"):
        for what in ("total", "used", "percent"):
            assert shown[f"slave/{resource}_revocable_{what}"] == 0


def test_what_goes_through_interfaces_of_the_host_is_told_by_their_names() -> None:
    flat = dict(NetworkMetrics().sent.flat())
    assert not [name for name in flat if "veth" in name]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x" * 1000, ("127.0.0.1", 9))
    name = "system/network_sent_bytes/lo"
    assert dict(NetworkMetrics().sent.flat())[name] >= flat[name] + 1000
