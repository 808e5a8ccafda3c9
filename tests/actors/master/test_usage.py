from __future__ import annotations

from actors.master.usage import UsageMetrics
from actors.metrics import Registry
from tests.actors.master.allocator.factories import resources
from tests.actors.master.town import State, Town, update


def snapshot(town: Town) -> dict[str, float]:
    metrics = UsageMetrics()
    metrics.read_from(town.cluster, town.world.now)
    registry = Registry()
    registry.add(metrics)
    return {name: value for name, value in registry.snapshot().items() if value}


def test_what_there_is_and_is_used_is_shown_with_what_may_be_taken_back_apart() -> None:
    town = Town()
    agent, framework = town.agent(resources="cpus:4;mem:4096"), town.subscribe()
    agent.total += resources("cpus*:2")
    town.task(framework, agent, "t", "cpus:1;mem:1024")
    town.executor(framework, agent)
    assert snapshot(town) == {
        "master/cpus_total": 4.0,
        "master/cpus_used": 1.5,
        "master/cpus_percent": 0.375,
        "master/cpus_revocable_total": 2.0,
        "master/mem_total": 4096.0,
        "master/mem_used": 1024.0,
        "master/mem_percent": 0.25,
    }


def test_a_task_that_is_over_uses_nothing() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    task = town.task(framework, agent)
    town.tasks.update(agent, update(task, State.TASK_FINISHED, b"1"))
    assert "master/cpus_used" not in snapshot(town)


def test_the_books_are_not_reckoned_for_every_gauge() -> None:
    town = Town()
    town.agent()
    metrics = UsageMetrics()
    metrics.read_from(town.cluster, town.world.now)
    registry = Registry()
    registry.add(metrics)
    assert registry.snapshot()["master/cpus_total"] == 4.0
    town.agent("m1-S1")
    assert registry.snapshot()["master/cpus_total"] == 4.0
    town.world.advance(1.5)
    assert registry.snapshot()["master/cpus_total"] == 8.0


def test_an_empty_cluster_uses_no_part_of_nothing() -> None:
    assert snapshot(Town()) == {}
