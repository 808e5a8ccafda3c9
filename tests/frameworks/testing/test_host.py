"""One simulated host of a cluster."""

from __future__ import annotations

import pytest

from frameworks.testing import SimulatedCluster
from transport.messages.operating import MarkAgentGoneRequest


def test_an_agent_registers_with_what_its_host_has() -> None:
    cluster = SimulatedCluster(1, agents=2, cpus=3.0, mem=512.0, agent_flags={"attributes": None})
    cluster.wait_until_registered()
    agents = cluster.master.cluster.agents.values()
    assert sorted(agent.info.hostname for agent in agents) == ["agent1", "agent2"]
    assert {agent.total.quantities["cpus"] for agent in agents} == {3000}


def test_a_restarted_agent_keeps_its_id_and_a_host_that_lost_its_power_too() -> None:
    cluster = SimulatedCluster(1)
    cluster.sim.run(5.0)
    (agent_id,) = cluster.master.cluster.agents
    host = cluster.hosts[0]
    for end in (host.node.kill_process, host.lose_power):
        end()
        with pytest.raises(LookupError):
            _ = host.agent
        cluster.sim.run(1.0)
        host.node.restart()
        cluster.sim.run(10.0)
        assert host.agent.books.agent_id == agent_id
        assert tuple(cluster.master.cluster.agents) == (agent_id,)
        assert cluster.all_registered()


def test_an_agent_that_is_gone_for_good_comes_back_as_another_one() -> None:
    cluster = SimulatedCluster(1)
    cluster.wait_until_registered()
    (agent_id,) = cluster.master.cluster.agents
    operator = cluster.sim.node("operator").probe()
    operator.send(cluster.master_pid, MarkAgentGoneRequest(1, agent_id))
    cluster.sim.run_until(lambda: agent_id in cluster.master.cluster.gone)
    cluster.wait_until_registered()
    assert agent_id not in cluster.master.cluster.agents
