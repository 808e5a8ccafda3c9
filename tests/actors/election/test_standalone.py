"""The detector of a cluster with one master."""

from __future__ import annotations

from actors.election.standalone import StandaloneDetector
from actors.simulation import Simulation
from transport.messages.detection import LeaderDetected, WatchLeader
from transport.pid import Pid

MASTER = Pid("master", "anna", 6050)


def test_whoever_asks_is_told_of_the_one_master() -> None:
    sim = Simulation(0)
    node = sim.node("here", lambda node: node.spawn(lambda: StandaloneDetector(MASTER), "detector"))
    probes = [node.probe("one"), node.probe("other")]
    for probe in probes:
        probe.send(node.pid_of("detector"), WatchLeader())
    sim.run_until(lambda: all(probe.received for probe in probes))
    assert [probe.received for probe in probes] == [[LeaderDetected(MASTER, 0)]] * 2
