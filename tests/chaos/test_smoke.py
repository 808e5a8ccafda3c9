"""A minute of the real thing: each main fault once, then what must never happen is looked for."""

from __future__ import annotations

import time

from tests.chaos import faults
from tests.chaos.course import converge, judge, suffer
from tests.chaos.network import Cut, Way
from tests.chaos.rig import Plan, Rig
from tests.chaos.scenarios import Blow, fail_over, raise_zombie

_PLAN = Plan(agents=3, session_seconds=3.0, tasks_per_second=2.0, long_tasks=4, seed="smoke")
_DEADLINE_SECONDS = 120.0


def test_a_cluster_survives_the_loss_of_leaders_links_and_agents_and_nobody_notices() -> None:
    with Rig(_PLAN) as rig:
        rig.start()
        fail_over(rig, Blow.LOST)
        converge(rig, "loss of the leader")
        _part_leader_from_zookeepers(rig)
        converge(rig, "partition")
        suffer(rig, [faults.kill_agent], rig.chance("agent"), 1.0)
        orders = raise_zombie(rig)
        converge(rig, "zombie")
        assert judge(rig) == []
        assert orders.kills, "the stopped leader was told to kill something"


def _part_leader_from_zookeepers(rig: Rig) -> None:
    """Cut the leader off from the ZooKeepers, until another one serves."""
    rig.wait_for(rig.leader, _DEADLINE_SECONDS, "a master leads")
    leader, life = rig.leader(), rig.life_of_leader()
    assert leader is not None
    zookeepers = [host for name, host in rig.hosts.items() if name.startswith("zk")]
    cut = Cut(leader.host, zookeepers, Way.DROP)
    cut.apply()
    parted = time.monotonic()
    try:
        rig.wait_for(lambda: rig.serving_since(parted, life), _DEADLINE_SECONDS, "another serves")
    finally:
        cut.heal()
