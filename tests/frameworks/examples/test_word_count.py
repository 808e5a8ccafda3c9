"""Map and reduce on a whole simulated cluster, whatever befalls it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from actors.simulation import Plan
from frameworks.examples.counting_executor import CountingExecutor
from frameworks.examples.programs import executor_command
from frameworks.examples.word_count import COUNTER, WordCount
from frameworks.testing import SimulatedCluster

EXECUTORS = {executor_command(COUNTER): CountingExecutor}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files, of which some are not to be read."""
    for number in range(12):
        (tmp_path / f"{number}.py").write_text("map reduce " * number + "end")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "more.md").write_text("reduce")
    (tmp_path / "binary.bin").write_text("no")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "cache.py").write_text("no")
    return tmp_path


WORDS = Counter({"map": 66, "reduce": 67, "end": 12})


class World:
    """A cluster that counts words."""

    def __init__(self, folder: Path, seed: int = 1) -> None:
        self.cluster = SimulatedCluster(seed, agents=2, cpus=1.0, executors=EXECUTORS)
        self.sim = self.cluster.sim
        self.node = self.cluster.start(
            lambda detector: WordCount(detector, folder, parts=12, seconds=20.0, user="root")
        )
        self.count = self.node.process("scheduler", WordCount)

    def finish(self) -> None:
        self.sim.run_until(lambda: self.cluster.ended(self.node), timeout_seconds=3000.0)
        assert self.count.problem is None
        assert self.count.files == 13
        assert self.count.job.words == WORDS


def test_every_word_is_counted_once(folder: Path) -> None:
    world = World(folder)
    world.finish()
    assert world.sim.now < 60.0
    world.sim.run(10.0)
    assert not [host.executors.running for host in world.cluster.hosts if host.executors.running]


def kill_everything(world: World) -> None:
    for host in world.cluster.hosts:
        host.node.kill_process()
    world.cluster.master_node.kill_process()
    world.sim.run(2.0)
    world.cluster.master_node.restart()
    for host in world.cluster.hosts:
        host.node.restart()


def kill_executors(world: World) -> None:
    for host in world.cluster.hosts:
        for container_id in host.executors.running:
            host.executors.kill(container_id)


def kill_executor_nodes(world: World) -> None:
    for host in world.cluster.hosts:
        host.executor_node.kill_process()


def lose_power(world: World) -> None:
    world.cluster.hosts[0].lose_power()
    world.sim.run(5.0)
    world.cluster.hosts[0].node.restart()


@pytest.mark.parametrize("befalls", [kill_everything, kill_executors, kill_executor_nodes, lose_power])
def test_every_word_is_counted_once_whatever_is_killed(
    folder: Path, befalls: Callable[[World], None]
) -> None:
    world = World(folder)
    world.sim.run(10.0)
    assert world.count.job.running
    befalls(world)
    world.finish()


def test_tasks_outlive_the_daemons(folder: Path) -> None:
    world = World(folder)
    world.sim.run(10.0)
    tasks = world.count.job.running
    kill_everything(world)
    world.sim.run(5.0)
    assert world.count.job.running == tasks
    world.finish()
    assert world.sim.now < 60.0


@pytest.mark.parametrize("seed", range(3))
def test_every_word_is_counted_once_in_any_chaos(folder: Path, seed: int) -> None:
    world = World(folder, seed)
    world.sim.chaos(Plan.swarm(random.Random(seed), spared=("framework",)))
    world.sim.run(60.0)
    world.sim.quiet()
    world.finish()


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no files that end in"):
        WordCount("anna:5050", tmp_path)
