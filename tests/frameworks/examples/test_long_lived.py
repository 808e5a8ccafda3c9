"""The long-lived framework, on a whole simulated cluster."""

from __future__ import annotations

from frameworks.examples.long_lived import LongLived
from frameworks.testing import SimulatedCluster
from transport.records.task_status import TaskState


def test_tasks_that_end_are_replaced_for_ever() -> None:
    cluster = SimulatedCluster(1)
    node = cluster.start(lambda detector: LongLived(detector, tasks=3, command="sleep 10", user="root"))
    framework = node.process("scheduler", LongLived)
    cluster.sim.run(100.0)
    assert len(framework.running) == 3
    assert framework.ended.keys() == {TaskState.TASK_FINISHED}
    assert framework.ended[TaskState.TASK_FINISHED] > 20


def test_tasks_that_are_lost_are_replaced_too() -> None:
    cluster = SimulatedCluster(1, agents=2)
    node = cluster.start(lambda detector: LongLived(detector, tasks=8, command="sleep 1000", user="root"))
    framework = node.process("scheduler", LongLived)
    cluster.sim.run(20.0)
    assert len(framework.running) == 8
    for host in cluster.hosts:
        host.lose_power()
        cluster.sim.run(1.0)
        host.node.restart()
    cluster.sim.run(60.0)
    assert len(framework.running) == 8
    assert sum(framework.ended.values()) == 8
    assert sum(len(host.kernel.running) for host in cluster.hosts) == 8
