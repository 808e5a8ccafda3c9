"""What an operator was told is done stays done, whatever becomes of the master that said so."""

from __future__ import annotations

import pytest

from actors.election.address import MASTER
from actors.master.master import Master
from actors.simulation import SimulatedNode
from frameworks.testing import SimulatedCluster
from tests.actors.master.county import quota
from tests.actors.master.http.office import Office
from tests.actors.master.http.wishes import (
    Type,
    deactivate,
    drain,
    mark_gone,
    plan,
    start,
    update_quota,
    weigh,
)
from transport.records.agent import DrainState
from transport.records.duration import Duration
from transport.records.ids import AgentID
from transport.records.master_call import Call

_DEADLINE_SECONDS = 900.0


def cluster_of_three(seed: int = 1) -> SimulatedCluster:
    cluster = SimulatedCluster(seed, masters=3, agents=3)
    cluster.wait_until_registered(_DEADLINE_SECONDS)
    return cluster


def agents(cluster: SimulatedCluster) -> dict[str, AgentID]:
    """By host name."""
    found = cluster.master.cluster.agents.values()
    return {one.info.hostname: AgentID(value=one.id) for one in found}


def another_leads(cluster: SimulatedCluster, than: SimulatedNode) -> bool:
    try:
        return cluster.master_node is not than and cluster.master.reigns
    except LookupError:
        return False


def test_all_that_was_done_is_so_under_the_next_master() -> None:
    cluster = cluster_of_three()
    office, ids = Office(cluster), agents(cluster)
    for wish in (
        drain(ids["agent1"], Duration(seconds=5)),
        deactivate(ids["agent2"]),
        mark_gone(ids["agent3"]),
        update_quota(quota("a", guarantees={"cpus": 1}, limits={"mem": 64})),
        weigh(("a", 2.0)),
        plan("elsewhere", "nowhere"),
        start("nowhere"),
    ):
        assert office.call(wish) == (200, "")
    kinds = (
        Type.GET_QUOTA,
        Type.GET_WEIGHTS,
        Type.GET_MAINTENANCE_SCHEDULE,
        Type.GET_MAINTENANCE_STATUS,
    )
    before = [office.read(kind) for kind in kinds]
    leader = cluster.master_node
    leader.crash()
    cluster.sim.run_until(lambda: another_leads(cluster, leader), _DEADLINE_SECONDS)
    assert [office.read(kind) for kind in kinds] == before
    registered = cluster.master.cluster.agents
    kept = [ids["agent1"].value, ids["agent2"].value]
    cluster.sim.run_until(lambda: all(one in registered for one in kept), _DEADLINE_SECONDS)
    assert registered[ids["agent1"].value].deactivated
    drained = registered[ids["agent1"].value].drain
    assert drained is not None
    assert drained.state is DrainState.DRAINED
    assert registered[ids["agent2"].value].deactivated
    assert ids["agent3"].value in cluster.master.cluster.gone
    assert office.call(mark_gone(ids["agent3"])) == (200, "")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_leader_that_cannot_save_never_says_that_it_is_done(seed: int) -> None:
    cluster = cluster_of_three(seed)
    leader = cluster.master_node
    office, agent_id = Office(cluster, master=lambda: leader), agents(cluster)["agent1"]
    cluster.sim.partition([leader.name])
    wishes: tuple[Call, ...] = (
        update_quota(quota("a", limits={"cpus": 1})),
        weigh(("a", 2.0)),
        mark_gone(agent_id),
        drain(agent_id),
        plan("elsewhere"),
    )
    for wish in wishes:
        status, text = office.call(wish)
        assert (status, "whether the request was granted is not known" in text) == (503, True)
    cluster.sim.run_until(lambda: another_leads(cluster, leader), _DEADLINE_SECONDS)
    master = cluster.master_node.process(MASTER, Master)
    assert agent_id.value not in master.cluster.gone


def test_what_is_just_being_done_to_an_agent_cannot_be_done_twice() -> None:
    cluster = cluster_of_three()
    leader = cluster.master_node
    office, agent_id = Office(cluster, master=lambda: leader), agents(cluster)["agent1"]
    cluster.sim.partition([leader.name])
    assert office.call(mark_gone(agent_id))[0] == 503
    response = office.put(office.encoding.encode(mark_gone(agent_id)))
    assert (response.status, "Retry-After" in response.headers) == (503, True)
    reason = f"agent {agent_id.value}: is just being marked gone"
    assert response.body == f"{reason}, try again\n".encode()
    assert office.call(drain(agent_id)) == (409, reason)


@pytest.mark.parametrize(
    "point",
    ["log.replica.after_append", "log.replica.after_sync", "log.store.after_chosen", "registrar.store.after"],
)
def test_a_wish_whose_answer_got_lost_can_be_repeated(point: str) -> None:
    cluster = cluster_of_three()
    leader = cluster.master_node
    office, agent_id = Office(cluster, master=lambda: leader), agents(cluster)["agent1"]
    cluster.sim.arm(point, node=leader, action="crash")
    assert office.call(mark_gone(agent_id))[0] == 503
    cluster.sim.run_until(lambda: another_leads(cluster, leader), _DEADLINE_SECONDS)
    office = Office(cluster)
    assert office.call(mark_gone(agent_id)) == (200, "")
    assert office.call(mark_gone(agent_id)) == (200, "")
    assert agent_id.value in cluster.master.cluster.gone
