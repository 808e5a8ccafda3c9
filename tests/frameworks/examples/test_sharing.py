"""What one framework does not take, the other is offered."""

from __future__ import annotations

from frameworks.examples.sharing import Sharing
from frameworks.testing import SimulatedCluster
from transport.records.resources import Resources


def test_the_second_framework_is_offered_what_the_first_one_left() -> None:
    cluster = SimulatedCluster(1, cpus=4.0, mem=4096.0, resources="")
    cluster.wait_until_registered()
    lines: list[str] = []
    node = cluster.start(lambda detector: Sharing(detector, user="root", say=lines.append))
    sharing = node.process("scheduler", Sharing)
    cluster.sim.run_until(lambda: cluster.ended(node))
    assert sharing.offered[0] == Resources.parse("cpus:4;mem:4096")
    assert sharing.second.offered == [Resources.parse("cpus:1;mem:1024")]
    assert "first launches first-2 with 1 CPUs and 2048 MB" in lines
    assert "second-1 is in state TASK_RUNNING" in lines
    cluster.sim.run(30.0)
    assert not cluster.hosts[0].kernel.running
    assert not cluster.master.cluster.frameworks
