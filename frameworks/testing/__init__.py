"""A cluster to test a framework on: master, agents and executors in virtual time, from one seed.

    from frameworks.testing import Course, SimulatedCluster

    def test_my_framework_finishes() -> None:
        cluster = SimulatedCluster(seed=1, agents=3, cpus=4.0, commands={"make": Course(seconds=30.0)})
        node = cluster.start(MyFramework)
        cluster.sim.run_until(lambda: cluster.ended(node), timeout_seconds=600)

All parts are the real ones, but for disks, networks and processes (`actors.simulation`,
`containerizers.fake`). So whatever befalls a cluster can befall it here: `hosts[0].node.kill_process()` is a
`kill -9` of an agent, `hosts[0].lose_power()` what it says, `sim.partition(["master"])` a broken switch.
"""

from containerizers.fake import Course
from frameworks.testing.cluster import SimulatedCluster
from frameworks.testing.host import SimulatedHost

__all__ = ["Course", "SimulatedCluster", "SimulatedHost"]
