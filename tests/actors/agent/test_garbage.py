from __future__ import annotations

import pytest

from actors.agent import paths
from actors.agent.archive import Archivist
from actors.agent.garbage import GarbageCollector, oldest_seconds
from actors.agent.imaginary import ImaginaryFolders, ImaginarySandboxes
from actors.metrics import Gauge
from actors.simulation import Probe, SimulatedNode, Simulation
from actors.simulation.simulation import Harm
from actors.units import Duration
from tests.actors.agent.kept import AGENT_ID, FRAMEWORK_ID, RUN, agent, executor, flags, framework, task
from transport.messages.checkpointing import (
    AgentRecovered,
    Archive,
    Archived,
    DiscardExecutor,
    DiscardFramework,
    KeepFramework,
    MakeSandbox,
    RecoverAgent,
    Save,
    SaveAgent,
    SaveCompletion,
    SaveExecutor,
    SaveFramework,
    SaveTask,
)

_HOUR = 3600.0
_SANDBOX = paths.sandboxes(AGENT_ID, FRAMEWORK_ID, "e1", RUN)
_KEPT = paths.meta(AGENT_ID, FRAMEWORK_ID)
_DISCARD = DiscardExecutor(FRAMEWORK_ID, "e1", RUN)


class Host:
    """A simulated agent's node with `archive` and `garbage`, and a probe that plays the agent."""

    def __init__(self, sim: Simulation, **others: object) -> None:
        self.sim = sim
        self.flags = flags(**{"gc_delay": Duration.of(_HOUR), "gc_disk_headroom": 0.0, **others})
        self.probe = Probe()
        self.node = sim.node("host", self._boot)

    def _boot(self, node: SimulatedNode) -> None:
        sandboxes = ImaginarySandboxes(node.disk)
        self.folders = ImaginaryFolders(node.disk)
        node.spawn(lambda: Archivist(self.flags, sandboxes, "boot-1"), "archive", vital=True)
        self.oldest = Gauge("oldest", "")
        collector = GarbageCollector(self.flags, self.folders, self.oldest)
        node.spawn(lambda: collector, "garbage", vital=True)
        self.probe = node.probe()

    def archive(self, *saves: Save) -> None:
        self.probe.send(self.node.pid_of("archive"), Archive(1, saves))
        assert self.sim.wait_for(Archived).error is None

    def tell(self, message: object) -> None:
        self.probe.send(self.node.pid_of("garbage"), message)

    def run(self, container_id: str = RUN, executor_id: str = "e1", *, checkpoint: bool = True) -> None:
        """Have an executor's folders made, and its end noted."""
        saves: list[Save] = [SaveAgent(agent()), MakeSandbox(FRAMEWORK_ID, executor_id, container_id)]
        if checkpoint:
            saves += [
                SaveFramework(framework()),
                SaveExecutor(executor(executor_id), container_id),
                SaveTask(executor_id, container_id, task()),
            ]
        self.archive(*saves)

    def complete(self, container_id: str = RUN) -> None:
        self.archive(SaveCompletion(FRAMEWORK_ID, "e1", container_id))

    def restart(self) -> None:
        self.node.kill_process()
        self.node.restart()
        self.probe.send(self.node.pid_of("archive"), RecoverAgent())
        self.sim.wait_for(AgentRecovered)

    def has(self, path: str) -> bool:
        """Whether there is a file below."""
        return self.folders.touched(path) is not None


def host(**others: object) -> Host:
    return Host(Simulation(1), **others)


@pytest.mark.parametrize(("usage", "oldest"), [(0.0, 900.0), (0.4, 500.0), (0.9, 0.0), (1.0, 0.0)])
def test_the_fuller_the_disk_the_earlier_what_is_old_goes(usage: float, oldest: float) -> None:
    assert oldest_seconds(1000.0, 0.1, usage) == pytest.approx(oldest)


def test_a_discarded_run_waits_and_then_goes_with_all_that_was_kept() -> None:
    at = host()
    at.run()
    at.complete()
    at.tell(_DISCARD)
    at.tell(DiscardFramework(FRAMEWORK_ID))
    at.sim.run(_HOUR - 10)
    assert at.has(_SANDBOX)
    assert at.has(_KEPT)
    at.sim.run(20)
    assert not at.has(_SANDBOX)
    assert not at.has(_KEPT)
    assert at.has(f"{paths.meta(AGENT_ID)}")  # the agent itself stays


def test_what_is_kept_of_a_run_stays_until_its_updates_are_acknowledged() -> None:
    at = host()
    at.run()
    at.tell(_DISCARD)
    at.sim.run(_HOUR + 10)
    assert not at.has(_SANDBOX)
    assert at.has(paths.meta(AGENT_ID, FRAMEWORK_ID, "e1", RUN, "t1"))
    at.complete()
    at.sim.run(1)
    assert not at.has(paths.meta(AGENT_ID, FRAMEWORK_ID, "e1"))


def test_how_long_sandboxes_are_kept_is_told() -> None:
    at = host()
    assert at.oldest.read() == _HOUR
    at.folders.used = 0.75
    at.sim.run(61)
    assert at.oldest.read() == _HOUR / 4


def test_a_run_without_checkpoints_goes() -> None:
    at = host()
    at.run(checkpoint=False)
    at.tell(_DISCARD)
    at.sim.run(_HOUR + 10)
    assert not at.has(_SANDBOX)


def test_a_newer_run_of_the_executor_stays() -> None:
    at = host()
    at.run()
    at.complete()
    at.tell(_DISCARD)
    at.run("second")
    at.sim.run(_HOUR + 10)
    assert not at.has(_SANDBOX)
    assert not at.has(paths.meta(AGENT_ID, FRAMEWORK_ID, "e1", RUN))
    at.restart()
    (recovered,) = (each for each in at.probe.received if isinstance(each, AgentRecovered))
    ((ran,),) = (each.executors for each in recovered.checkpoint.frameworks)
    assert ran.run is not None
    assert ran.run.container_id == "second"


def test_a_framework_that_comes_back_is_kept() -> None:
    at = host()
    at.run()
    at.complete()
    at.tell(_DISCARD)
    at.tell(DiscardFramework(FRAMEWORK_ID))
    at.tell(KeepFramework(FRAMEWORK_ID))
    at.sim.run(_HOUR + 10)
    assert not at.has(_SANDBOX)
    assert at.has(f"{_KEPT}/{paths.FRAMEWORK_INFO}")


def test_a_framework_with_executors_is_kept_even_when_its_time_comes() -> None:
    at = host()
    at.run()
    at.tell(DiscardFramework(FRAMEWORK_ID))
    at.sim.run(_HOUR + 10)
    assert at.has(f"{_KEPT}/{paths.FRAMEWORK_INFO}")


def test_a_full_disk_makes_what_is_discarded_go_at_the_next_look() -> None:
    at = host(disk_watch_interval=Duration.of(60))
    at.run()
    at.complete()
    at.tell(_DISCARD)
    at.sim.run(100)
    assert at.has(_SANDBOX)
    at.folders.used = 1.0
    at.sim.run(61)
    assert not at.has(_SANDBOX)


def test_a_disk_that_is_half_full_leaves_what_is_young() -> None:
    at = host(gc_disk_headroom=0.1)
    at.run()
    at.complete()
    at.tell(_DISCARD)
    at.folders.used = 0.5  # so 0.4 hours
    at.sim.run(0.4 * _HOUR - 10)
    assert at.has(_SANDBOX)
    at.sim.run(80)
    assert not at.has(_SANDBOX)


def test_a_restart_does_not_begin_the_waiting_anew() -> None:
    at = host()
    at.run()
    at.complete()
    at.tell(_DISCARD)
    at.sim.run(0.6 * _HOUR)
    at.restart()
    assert at.has(_SANDBOX)
    at.sim.run(0.4 * _HOUR + 10)
    assert not at.has(_SANDBOX)
    assert not at.has(_KEPT)


def test_what_other_agents_left_goes_in_time() -> None:
    at = host()
    at.run()
    at.archive(SaveAgent(agent("m2-S9")))
    at.sim.run(_HOUR + 10)
    assert not at.has(paths.sandboxes(AGENT_ID))
    assert not at.has(paths.meta(AGENT_ID))
    assert at.has(paths.meta("m2-S9"))


def test_a_sandbox_with_many_files_goes_bit_by_bit() -> None:
    at = host()
    at.run()
    for number in range(1000):
        at.node.disk.write(f"{_SANDBOX}/{number}", b"x")
    at.complete()
    at.tell(_DISCARD)
    at.sim.run(_HOUR - 5)
    turns = {status.pid.name: status.turns for status in at.node.actors()}["garbage"]
    at.sim.run(10)
    assert not at.has(_SANDBOX)
    assert {status.pid.name: status.turns for status in at.node.actors()}["garbage"] - turns > 5


def test_what_can_have_no_folder_is_passed_over() -> None:
    at = host()
    at.run()
    at.complete()
    at.tell(DiscardExecutor(FRAMEWORK_ID, "../../..", RUN))
    at.tell(DiscardFramework("a/b"))
    at.tell(_DISCARD)
    at.sim.run(_HOUR + 10)
    assert at.node.up
    assert not at.has(_SANDBOX)


def test_what_cannot_be_deleted_is_given_up_and_the_rest_goes() -> None:
    at = host()
    at.run("first", "e0")
    at.run()
    at.complete()
    at.tell(DiscardExecutor(FRAMEWORK_ID, "e0", "first"))
    at.tell(_DISCARD)
    at.node.disk.fail("remove", paths.sandboxes(AGENT_ID, FRAMEWORK_ID, "e0"))
    at.sim.run(_HOUR + 10)
    assert at.has(paths.sandboxes(AGENT_ID, FRAMEWORK_ID, "e0", "first"))
    assert not at.has(_SANDBOX)


def discarded() -> Host:
    """A host on which an executor and its framework are over, and about to be deleted."""
    at = host()
    at.run()
    at.complete()
    at.tell(_DISCARD)
    at.tell(DiscardFramework(FRAMEWORK_ID))
    at.sim.run(_HOUR - 10)
    return at


def clear(at: Host) -> None:
    """Let everything be deleted, and the host start again for as long as something fails."""
    at.sim.run(20)
    while not at.node.up:
        at.node.restart()
        at.probe.send(at.node.pid_of("archive"), RecoverAgent())
        at.sim.run(_HOUR + 10)
        for answer in at.probe.received:
            assert isinstance(answer, AgentRecovered)
            assert answer.checkpoint.frameworks == ()
    assert not at.has(_SANDBOX)
    assert not at.has(_KEPT)


@pytest.mark.parametrize("harm", ["crash", "kill"])
def test_no_fault_while_deleting_brings_a_task_back_or_leaves_anything(harm: Harm) -> None:
    at = discarded()
    before = {place.point: place.times for place in at.sim.fault_points()}
    clear(at)
    points = {place.point: place.times - before.get(place.point, 0) for place in at.sim.fault_points()}
    assert points["agent.garbage.deleted"] == 1
    assert points["disk.remove.after"] > 5
    for point, times in points.items():
        for nth in range(1, times + 1):
            at = discarded()
            at.sim.arm(point, nth=nth, action=harm)
            clear(at)
