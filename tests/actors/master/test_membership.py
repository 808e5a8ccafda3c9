from __future__ import annotations

from tests.actors.master.county import ELSEWHERE, HERE, RESTARTED, County
from tests.actors.master.town import SCHEDULER, SUCCESSOR, framework_info
from transport.messages.scheduling import Failure
from transport.pid import Pid


def test_an_agent_is_found_by_its_actor_and_by_its_address() -> None:
    county = County(prompt=True)
    agent = county.join()
    members = county.agents.members
    assert members.by_pid(HERE) is agent
    assert members.by_pid(RESTARTED) is None
    assert members.at(RESTARTED) is agent
    assert members.at(ELSEWHERE) is None


def test_an_agent_that_left_is_found_no_more() -> None:
    county = County(prompt=True)
    agent = county.join()
    county.agents.unregister(agent)
    assert county.agents.members.by_pid(HERE) is None
    assert county.agents.members.at(HERE) is None
    assert HERE not in county.world.links


def test_who_takes_an_address_is_found_there_though_the_one_before_leaves_later() -> None:
    county = County(prompt=True)
    old = county.join()
    members = county.agents.members
    members.under_way[old.id] = "marked unreachable"
    county.join(RESTARTED)
    new = county.agent_at(RESTARTED)
    assert members.at(HERE) is new
    members.leave(old)
    assert members.at(HERE) is new


def test_known_are_agents_that_are_there_expected_or_out_of_reach() -> None:
    county = County(prompt=True)
    agent = county.join()
    members, cluster = county.agents.members, county.cluster
    assert members.knows(agent.id)
    county.agents.removals.suspect(agent.id, "test")
    assert members.knows(agent.id)
    cluster.unreachable.clear()
    assert not members.knows(agent.id)
    cluster.recovered[agent.id] = agent.info
    assert members.knows(agent.id)


def test_every_connected_framework_hears_of_a_loss() -> None:
    """DisconnectedFramework."""
    county = County(prompt=True)
    county.subscribe(framework_info(failover_timeout=100.0))
    county.subscribe(framework_info(failover_timeout=100.0), SUCCESSOR)
    county.frameworks.exited(SUCCESSOR)
    county.agents.members.announce_loss("m1-S0")
    assert county.world.told_of(SCHEDULER, Failure) == [Failure("m1-S0")]
    assert not county.world.told_of(SUCCESSOR, Failure)


def test_nobody_is_watched_before_there_is_an_observer() -> None:
    county = County(prompt=True)
    county.join()
    assert not county.agents.members.is_observer(Pid("observer", "127.0.0.1", 5050, 1))
    assert [one.to for one in county.world.sent] == [HERE]
