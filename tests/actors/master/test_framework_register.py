from __future__ import annotations

from tests.actors.master.town import SCHEDULER, Town, framework_info
from transport.messages.operating import OperatorAnswer, TeardownRequest
from transport.messages.registry import (
    KnownFramework,
    MarkFrameworkRemoved,
    RegistryOperation,
    RememberFramework,
)
from transport.messages.scheduling import SchedulerError, Subscribe, Subscribed
from transport.pid import Pid

OPERATOR = Pid("operator", "10.0.0.1", 7000, 1)


def saved(town: Town) -> list[RegistryOperation]:
    return town.world.operations


def test_a_framework_that_subscribes_is_remembered_and_need_not_wait_for_that() -> None:
    town = Town()
    town.world.prompt = False
    framework = town.subscribe(framework_info(failover_timeout=60.0))
    assert town.world.told_of(SCHEDULER, Subscribed)
    assert saved(town) == [RememberFramework(framework.id, 60.0)]


def test_it_is_remembered_anew_only_when_its_timeout_changes() -> None:
    town = Town()
    framework = town.subscribe(framework_info(failover_timeout=60.0))
    town.subscribe(framework_info(framework.id, failover_timeout=60.0))
    town.subscribe(framework_info(framework.id, role="web", failover_timeout=60.0))
    assert len(saved(town)) == 1
    town.subscribe(framework_info(framework.id, failover_timeout=90.0))
    assert saved(town)[1:] == [RememberFramework(framework.id, 90.0)]


def test_a_framework_that_is_over_is_remembered_as_that() -> None:
    town = Town()
    framework = town.subscribe()
    town.frameworks.teardown(framework)
    assert saved(town)[1:] == [MarkFrameworkRemoved(framework.id)]


def test_an_operator_is_answered_once_a_teardown_is_durable() -> None:
    town = Town()
    town.world.prompt = False
    framework = town.subscribe()
    town.frameworks.teardown_request(OPERATOR, TeardownRequest(1, framework.id))
    assert not town.world.told_of(OPERATOR, OperatorAnswer)
    town.world.commit_all()
    assert town.world.told_of(OPERATOR, OperatorAnswer) == [OperatorAnswer(1)]


def test_what_the_master_before_knew_is_not_saved_again() -> None:
    town = Town()
    town.frameworks.register.recover([KnownFramework("old-0000", 60.0)], [])
    town.subscribe(framework_info("old-0000", failover_timeout=60.0))
    assert not saved(town)


def test_a_framework_of_which_no_agent_tells_is_given_up_too() -> None:
    town = Town()
    town.frameworks.register.recover([KnownFramework("old-0000", 3600.0)], [])
    town.world.advance(3599.0)
    assert not town.frameworks.is_completed("old-0000")
    town.world.advance(2.0)
    assert saved(town) == [MarkFrameworkRemoved("old-0000")]
    town.frameworks.subscribe(SCHEDULER, Subscribe(framework_info("old-0000")))
    assert town.world.told(SCHEDULER) == [SchedulerError("Framework has been removed")]


def test_a_framework_that_agents_tell_of_has_the_time_that_the_registry_gives_it() -> None:
    town = Town()
    town.frameworks.register.recover([KnownFramework("old-0000", 3600.0)], [])
    town.world.advance(3000.0)
    town.frameworks.recover(framework_info("old-0000", failover_timeout=3600.0))
    town.world.advance(700.0)
    assert town.frameworks.is_completed("old-0000")


def test_a_framework_that_was_removed_under_another_master_stays_so() -> None:
    """I27."""
    town = Town()
    town.frameworks.register.recover([], ["old-0000"])
    town.frameworks.subscribe(SCHEDULER, Subscribe(framework_info("old-0000")))
    assert town.world.told(SCHEDULER) == [SchedulerError("Framework has been removed")]


def test_who_came_back_and_is_away_again_has_only_its_own_timeout() -> None:
    town = Town()
    town.frameworks.register.recover([KnownFramework("old-0000", 10.0)], [])
    town.subscribe(framework_info("old-0000", failover_timeout=10.0))
    town.frameworks.exited(SCHEDULER)
    town.world.advance(11.0)
    assert town.frameworks.is_completed("old-0000")
    assert town.world.timers == 0
