from __future__ import annotations

from tests.actors.master.town import SCHEDULER, Town, framework_info
from transport.messages.allocation import RecoverResources
from transport.messages.launching import ExecutorExited, ShutdownExecutor
from transport.messages.scheduling import ExecutorMessage, Failure, FrameworkMessage, Shutdown
from transport.records.resources import Resources


def test_messages_pass_between_a_scheduler_and_an_executor_as_they_are() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    town.world.forget()
    down = FrameworkMessage(framework.id, agent.id, "e", b"ping")
    up = ExecutorMessage(framework.id, agent.id, "e", b"pong")
    town.executors.tell(framework, down)
    town.executors.tell_scheduler(up)
    assert town.world.told(agent.pid) == [down]
    assert town.world.told(SCHEDULER) == [up]
    assert town.metrics.valid_framework_to_executor_messages.value == 1
    assert town.metrics.valid_executor_to_framework_messages.value == 1


def test_messages_for_agents_that_are_not_there_are_dropped() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    agent.connected = False
    town.world.forget()
    town.executors.tell(framework, FrameworkMessage(framework.id, agent.id, "e", b""))
    town.executors.tell(framework, FrameworkMessage(framework.id, "m1-S9", "e", b""))
    town.executors.shutdown(framework, Shutdown(framework.id, "e", "m1-S9"))
    assert not town.world.sent
    assert town.metrics.invalid_framework_to_executor_messages.value == 2


def test_messages_for_schedulers_that_are_not_there_are_dropped() -> None:
    town = Town()
    agent = town.agent()
    framework = town.subscribe(framework_info(failover_timeout=60.0))
    town.frameworks.exited(SCHEDULER)
    town.world.forget()
    town.executors.tell_scheduler(ExecutorMessage(framework.id, agent.id, "e", b""))
    town.executors.tell_scheduler(ExecutorMessage("never-was", agent.id, "e", b""))
    assert not town.world.sent
    assert town.metrics.invalid_executor_to_framework_messages.value == 2


def test_an_executor_is_shut_down_by_its_agent() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    town.world.forget()
    town.executors.shutdown(framework, Shutdown(framework.id, "e", agent.id))
    assert town.world.told(agent.pid) == [ShutdownExecutor(framework.id, "e")]


def test_an_executor_that_ended_gives_back_what_it_held_once_and_its_framework_is_told() -> None:
    town = Town()
    agent, framework = town.agent(), town.subscribe()
    town.executor(framework, agent)
    for _ in range(2):
        town.executors.exited(agent, ExecutorExited(framework.id, agent.id, "e", 9))
    assert town.world.asked(RecoverResources) == [
        RecoverResources(framework.id, agent.id, Resources.parse("cpus:0.5").allocate("*"))
    ]
    assert town.world.told_of(SCHEDULER, Failure) == [Failure(agent.id, "e", 9)]
    assert not agent.executors


def test_an_executor_that_ends_while_its_scheduler_is_away_gives_back_what_it_held() -> None:
    town = Town()
    agent = town.agent()
    framework = town.subscribe(framework_info(failover_timeout=60.0))
    town.executor(framework, agent)
    town.frameworks.exited(SCHEDULER)
    town.world.forget()
    town.executors.exited(agent, ExecutorExited(framework.id, agent.id, "e", 0))
    assert len(town.world.asked(RecoverResources)) == 1
    assert not town.world.sent
