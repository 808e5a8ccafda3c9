"""The test framework, on a whole simulated cluster."""

from __future__ import annotations

import pytest

from frameworks.examples.echo_executor import EchoExecutor
from frameworks.examples.experiment import ECHO, Experiment, main
from frameworks.examples.programs import executor_command
from frameworks.testing import SimulatedCluster

EXECUTORS = {executor_command(ECHO): EchoExecutor}


def test_all_tasks_finish_under_one_executor_for_each_agent() -> None:
    cluster = SimulatedCluster(1, agents=2, executors=EXECUTORS)
    node = cluster.start(lambda detector: Experiment(detector, tasks=20, user="root"))
    experiment = node.process("scheduler", Experiment)
    cluster.sim.run_until(lambda: cluster.ended(node))
    assert experiment.succeeded
    assert experiment.problem is None
    executors = [one.name for one in cluster.sim.nodes if "-executor-" in one.name]
    assert 1 <= len(executors) <= 2


def test_a_lost_executor_ends_the_experiment() -> None:
    class Stubborn(EchoExecutor):
        def launch_task(self, task: object) -> None:
            """Never say anything."""

    cluster = SimulatedCluster(1, executors={executor_command(ECHO): Stubborn})
    node = cluster.start(lambda detector: Experiment(detector, tasks=1, user="root"))
    experiment = node.process("scheduler", Experiment)
    executors = cluster.hosts[0].executors
    cluster.sim.run_until(lambda: executors.running)
    cluster.sim.run(5.0)
    executors.kill(executors.running[0])
    cluster.sim.run_until(lambda: cluster.ended(node))
    assert not experiment.succeeded
    assert "TASK_FAILED" in str(experiment.problem)


def test_a_role_that_cannot_be_is_refused() -> None:
    cluster = SimulatedCluster(1)
    node = cluster.start(lambda detector: Experiment(detector, role=".", user="root"))
    experiment = node.process("scheduler", Experiment)
    cluster.sim.run_until(lambda: cluster.ended(node))
    assert "role" in str(experiment.problem)


def test_flags_that_cannot_be_used_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--master=zk://anna:2181"]) == 2
    assert "experiment: --master: 'zk://anna:2181': must end with a path" in capsys.readouterr().err
    assert main([]) == 2
    assert "--master: must be given" in capsys.readouterr().err
    assert main(["--help"]) == 0
    assert "--tasks=NUMBER" in capsys.readouterr().out
