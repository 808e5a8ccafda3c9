from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.master.flags import MasterFlags
from actors.master.framework import FrameworkState
from tests.actors.master.town import SCHEDULER, SUCCESSOR, State, Town, framework_info
from transport.messages import allocation
from transport.messages.launching import FrameworkChanged, ShutdownFramework
from transport.messages.operating import OperatorAnswer, TeardownRequest
from transport.messages.scheduling import (
    FrameworkInfoUpdated,
    Heartbeat,
    RescindOffer,
    SchedulerError,
    Subscribe,
    Subscribed,
    TaskUpdate,
    UpdateFrameworkInfo,
)
from transport.pid import Pid
from transport.records.offer_constraints import OfferConstraints

OPERATOR = Pid("operator", "10.0.0.1", 7000, 1)


def errors(town: Town, pid: Pid = SCHEDULER) -> list[str]:
    return [told.message for told in town.world.told_of(pid, SchedulerError)]


# --- subscribing ---


def test_a_new_framework_gets_an_id_of_this_reign_and_a_heartbeat() -> None:
    town = Town()
    town.subscribe()
    town.subscribe(pid=SUCCESSOR)
    assert town.world.told(SCHEDULER) == [Subscribed("m1-0000", 15.0, town.world.info), Heartbeat()]
    assert town.framework_of(SUCCESSOR).id == "m1-0001"
    assert [added.framework_id for added in town.world.asked(allocation.AddFramework)] == [
        "m1-0000",
        "m1-0001",
    ]
    assert town.world.links == [SCHEDULER, SUCCESSOR]


def test_an_empty_id_is_as_good_as_none() -> None:
    town = Town()
    assert town.subscribe(framework_info("")).id == "m1-0000"


def test_the_allocator_hears_of_suppressed_roles_and_constraints() -> None:
    town = Town()
    constraints = OfferConstraints()
    info = framework_info(roles=("a", "b"))
    town.frameworks.subscribe(SCHEDULER, Subscribe(info, ("b",), constraints))
    (added,) = town.world.asked(allocation.AddFramework)
    assert (added.active, added.suppressed_roles, added.constraints) == (True, ("b",), constraints)


def test_a_scheduler_that_asks_twice_is_one_framework_and_loses_nothing() -> None:
    town = Town()
    framework = town.subscribe()
    offer = town.offer(framework, town.agent())
    town.world.forget()
    assert town.subscribe() is framework
    assert town.world.told_of(SCHEDULER, Subscribed)[0].framework_id == framework.id
    assert list(framework.offers) == [offer.offer_id]
    assert not town.world.allocated


def test_what_is_not_valid_is_answered_by_an_error_and_leaves_no_trace() -> None:
    town = Town()
    town.frameworks.subscribe(SCHEDULER, Subscribe(framework_info(failover_timeout=1e300)))
    assert "failover_timeout" in errors(town)[0]
    assert not town.cluster.frameworks
    assert not town.world.allocated
    assert not town.world.links


def test_flags_say_who_may_subscribe() -> None:
    town = Town(MasterFlags(roles="web, db", root_submissions=False))
    town.frameworks.subscribe(SCHEDULER, Subscribe(framework_info(role="mail")))
    town.frameworks.subscribe(SCHEDULER, Subscribe(framework_info(user="root")))
    assert len(errors(town)) == 2
    assert town.subscribe(framework_info(role="db")).roles == ("db",)


def test_a_framework_that_the_master_does_not_know_is_made_from_what_it_says() -> None:
    town = Town()
    framework = town.subscribe(framework_info("old-0007"))
    assert framework.id == "old-0007"
    assert town.world.told_of(SCHEDULER, Subscribed)[0].framework_id == "old-0007"


def test_agents_hear_once_of_a_framework_that_they_may_know() -> None:
    town = Town()
    agent = town.agent()
    away = town.agent("m1-S1")
    away.connected = False
    town.subscribe()
    assert not town.world.told(agent.pid)
    framework = town.subscribe(framework_info("old-0007"), SUCCESSOR)
    town.subscribe(framework_info("old-0007"), SUCCESSOR)
    assert town.world.told(agent.pid) == [FrameworkChanged(framework.info)]
    assert not town.world.told(away.pid)


# --- failing over ---


def test_another_scheduler_takes_over_and_the_old_one_gets_an_error_and_nothing_else() -> None:
    town = Town()
    framework = town.subscribe()
    offer = town.offer(framework, town.agent())
    town.world.forget()
    town.subscribe(framework_info(framework.id), SUCCESSOR)
    assert town.world.told(SCHEDULER) == [SchedulerError("Framework failed over")]
    assert town.framework_of(SUCCESSOR) is framework
    assert town.world.links == [SUCCESSOR]
    assert not town.cluster.offers
    assert town.world.asked(allocation.RecoverResources) == [
        allocation.RecoverResources(framework.id, offer.agent_id, offer.resources)
    ]
    assert town.world.asked(allocation.ActivateFramework) == [allocation.ActivateFramework(framework.id)]
    assert framework.reregistered_at == town.world.wall()


def test_the_end_of_a_scheduler_that_was_taken_over_from_changes_nothing() -> None:
    town = Town()
    framework = town.subscribe()
    town.subscribe(framework_info(framework.id), SUCCESSOR)
    town.frameworks.exited(SCHEDULER)
    assert framework.connected


def test_without_force_a_connected_framework_is_not_taken_over() -> None:
    town = Town()
    framework = town.subscribe()
    town.frameworks.subscribe(SUCCESSOR, Subscribe(framework_info(framework.id), force=False))
    assert errors(town, SUCCESSOR) == ["Framework failed over"]
    assert framework.pid == SCHEDULER
    assert not town.world.told(SCHEDULER)[2:]


def test_without_force_a_framework_that_is_away_may_come_back() -> None:
    town = Town()
    framework = town.subscribe(framework_info(failover_timeout=60.0))
    town.frameworks.exited(SCHEDULER)
    assert town.subscribe(framework_info(framework.id), SUCCESSOR, force=False) is framework


def test_a_changed_principal_is_refused() -> None:
    town = Town()
    framework = town.subscribe(framework_info(principal="alice"))
    town.frameworks.subscribe(SUCCESSOR, Subscribe(framework_info(framework.id, principal="mallory")))
    assert "principal" in errors(town, SUCCESSOR)[0]
    assert framework.pid == SCHEDULER


def test_who_comes_back_may_say_new_things_about_itself_but_not_who_it_runs_as() -> None:
    town = Town()
    framework = town.subscribe(framework_info(role="a"))
    info = replace(framework_info(framework.id, role="b", user="other"), name="renamed", checkpoint=True)
    town.subscribe(info, SUCCESSOR)
    assert (framework.info.name, framework.roles) == ("renamed", ("b",))
    assert (framework.info.user, framework.info.checkpoint) == ("nobody", None)
    (updated,) = town.world.asked(allocation.UpdateFramework)
    assert updated.info == framework.info


def test_a_scheduler_speaks_for_one_framework_only() -> None:
    town = Town()
    first = town.subscribe(framework_info("one", failover_timeout=60.0))
    second = town.subscribe(framework_info("two"))
    assert (first.connected, second.connected) == (False, True)


# --- being away ---


def test_a_framework_that_is_away_keeps_its_tasks_until_its_failover_timeout() -> None:
    town = Town()
    agent = town.agent()
    framework = town.subscribe(framework_info(failover_timeout=60.0))
    town.task(framework, agent)
    offer = town.offer(framework, agent)
    town.world.forget()
    town.frameworks.exited(SCHEDULER)
    assert framework.state is FrameworkState.DISCONNECTED
    assert town.world.told(SCHEDULER) == []
    assert town.world.allocated == [
        allocation.DeactivateFramework(framework.id),
        allocation.RecoverResources(framework.id, agent.id, offer.resources),
    ]
    town.world.advance(59.9)
    assert framework.tasks
    town.world.advance(0.2)
    assert framework.id not in town.cluster.frameworks
    assert town.frameworks.is_completed(framework.id)
    assert ShutdownFramework(framework.id) in town.world.told(agent.pid)


def test_a_framework_that_is_back_in_time_is_not_given_up() -> None:
    town = Town()
    framework = town.subscribe(framework_info(failover_timeout=60.0))
    town.frameworks.exited(SCHEDULER)
    town.world.advance(59.0)
    town.subscribe(framework_info(framework.id, failover_timeout=60.0), SUCCESSOR)
    town.world.advance(120.0)
    assert framework.connected


def test_a_framework_without_failover_timeout_ends_with_its_scheduler() -> None:
    town = Town()
    framework = town.subscribe(framework_info(failover_timeout=-3.0))
    town.frameworks.exited(SCHEDULER)
    town.world.advance(0.0)
    assert town.frameworks.is_completed(framework.id)


def test_every_scheduler_that_is_there_hears_the_heart_beat() -> None:
    town = Town()
    town.subscribe(framework_info(failover_timeout=60.0))
    town.subscribe(pid=SUCCESSOR)
    town.frameworks.exited(SCHEDULER)
    town.world.forget()
    town.frameworks.beat()
    assert [(sent.to, sent.message) for sent in town.world.sent] == [(SUCCESSOR, Heartbeat())]


# --- ending ---


def test_teardown_kills_all_tasks_in_the_books_and_tells_every_agent() -> None:
    town = Town()
    agent, idle = town.agent(), town.agent("m1-S1")
    framework = town.subscribe()
    town.task(framework, agent)
    lost = town.task(framework, agent, "lost")
    town.cluster.remove_task(lost, unreachable=True)
    town.executor(framework, agent)
    town.offer(framework, agent)
    town.world.forget()
    town.frameworks.teardown(framework)
    assert [task.state for task in framework.completed_tasks] == [State.TASK_KILLED] * 2
    assert not agent.tasks
    assert not agent.executors
    assert not town.cluster.offers
    assert town.world.told(agent.pid) == town.world.told(idle.pid) == [ShutdownFramework(framework.id)]
    assert town.world.allocated[-1] == allocation.RemoveFramework(framework.id)
    assert not town.world.told_of(SCHEDULER, TaskUpdate)
    assert town.metrics.tasks_killed.value == 2
    town.cluster.check_invariants()


def test_when_a_framework_is_removed_its_agents_may_be_empty() -> None:
    town = Town()
    agent, framework, emptied = town.agent(), town.subscribe(), list[tuple[str, bool]]()
    town.task(framework, agent)
    town.frameworks.when_ended = lambda agent_id: emptied.append((agent_id, bool(agent.tasks)))
    town.frameworks.teardown(framework)
    assert emptied == [(agent.id, False)]


def test_a_framework_that_was_removed_cannot_subscribe_again() -> None:
    town = Town()
    framework = town.subscribe()
    town.frameworks.teardown(framework)
    town.frameworks.subscribe(SCHEDULER, Subscribe(framework_info(framework.id)))
    assert errors(town) == ["Framework has been removed"]
    assert town.subscribe().id == "m1-0001"


def test_an_operator_may_tear_a_framework_down() -> None:
    town = Town()
    framework = town.subscribe()
    town.frameworks.teardown_request(OPERATOR, TeardownRequest(1, framework.id))
    town.frameworks.teardown_request(OPERATOR, TeardownRequest(2, framework.id))
    answers = town.world.told_of(OPERATOR, OperatorAnswer)
    assert [(answer.request_id, answer.status) for answer in answers] == [(1, 200), (2, 400)]
    assert errors(town) == ["Framework has been removed"]


def test_only_so_many_removed_frameworks_are_remembered() -> None:
    town = Town(MasterFlags(max_completed_frameworks=1))
    first = town.subscribe()
    town.frameworks.teardown(first)
    town.frameworks.teardown(town.subscribe())
    assert not town.frameworks.is_completed(first.id)


# --- after a master's failover ---


def test_a_framework_that_only_agents_know_waits_for_its_scheduler() -> None:
    town = Town()
    framework = town.frameworks.recover(framework_info("old-0000"))
    assert town.frameworks.recover(framework_info("old-0000")) is framework
    assert town.world.asked(allocation.AddFramework) == [
        allocation.AddFramework("old-0000", framework.info, active=False)
    ]
    town.world.advance(599.0)
    assert framework.state is FrameworkState.RECOVERED
    assert town.subscribe(framework_info("old-0000")) is framework
    assert framework.connected
    assert town.world.asked(allocation.ActivateFramework)
    town.world.advance(1e6)
    assert framework.connected


@pytest.mark.parametrize(("timeout", "patience"), [(None, 600.0), (60.0, 600.0), (604800.0, 604800.0)])
def test_a_framework_that_does_not_come_back_after_a_failover_is_given_up(
    timeout: float | None, patience: float
) -> None:
    """Not before its failover timeout, nor before agents had the time to come back."""
    town = Town()
    framework = town.frameworks.recover(framework_info("old-0000", failover_timeout=timeout))
    agent = town.agent()
    town.task(framework, agent, state=State.TASK_RUNNING)
    town.world.advance(patience - 1.0)
    assert "old-0000" in town.cluster.frameworks
    town.world.advance(2.0)
    assert town.world.told(agent.pid) == [ShutdownFramework("old-0000")]
    assert town.frameworks.is_completed("old-0000")
    assert [task.state for task in framework.completed_tasks] == [State.TASK_KILLED]


# --- what a framework says about itself ---


def test_a_framework_may_leave_roles_and_their_offers_are_rescinded() -> None:
    town = Town()
    agent = town.agent()
    framework = town.subscribe(framework_info(roles=("a", "b")))
    kept, left = town.offer(framework, agent, "cpus:1", "a"), town.offer(framework, agent, "cpus:1", "b")
    info = framework_info(framework.id, roles=("a", "c"))
    town.frameworks.update_info(framework, UpdateFrameworkInfo(framework.id, info, ("c",)))
    assert list(framework.offers) == [kept.offer_id]
    assert town.world.told_of(SCHEDULER, RescindOffer) == [RescindOffer(left.offer_id)]
    assert town.world.told(SCHEDULER)[-1] == FrameworkInfoUpdated()
    (updated,) = town.world.asked(allocation.UpdateFramework)
    assert (updated.info, updated.suppressed_roles) == (info, ("c",))
    assert town.world.told(agent.pid)[-1] == FrameworkChanged(info)


def test_an_update_that_cannot_be_is_answered_with_the_reason_and_changes_nothing() -> None:
    town = Town()
    framework = town.subscribe()
    before = framework.info
    for info, field in (
        (framework_info(framework.id, role="a//b"), "role"),
        (framework_info(framework.id, user="root"), "user"),
        (framework_info("another"), "id"),
    ):
        town.frameworks.update_info(framework, UpdateFrameworkInfo(framework.id, info))
        answer = town.world.told_of(SCHEDULER, FrameworkInfoUpdated)[-1]
        assert answer.error is not None
        assert field in answer.error
    assert framework.info is before
    assert not town.world.asked(allocation.UpdateFramework)


def test_roles_are_suppressed_and_revived_one_by_one_or_all_at_once() -> None:
    town = Town()
    framework = town.subscribe(framework_info(roles=("a", "b")))
    seen = []
    for call, roles in (
        (town.frameworks.suppress, ("a",)),
        (town.frameworks.suppress, ()),
        (town.frameworks.revive, ("b",)),
        (town.frameworks.revive, ()),
    ):
        call(framework, roles)
        seen.append(framework.suppressed_roles)
    assert seen == [("a",), ("a", "b"), ("a",), ()]
    assert town.world.allocated[1:] == [
        allocation.SuppressOffers(framework.id, ("a",)),
        allocation.SuppressOffers(framework.id),
        allocation.ReviveOffers(framework.id, ("b",)),
        allocation.ReviveOffers(framework.id),
    ]


def test_a_call_for_a_foreign_role_is_dropped_as_a_whole() -> None:
    town = Town()
    framework = town.subscribe(framework_info(roles=("a",)))
    town.world.forget()
    town.frameworks.suppress(framework, ("a", "x"))
    town.frameworks.revive(framework, ("x",))
    assert not town.world.allocated
    assert framework.suppressed_roles == ()
